"""Farewells, presence checks and requests to say it again, told from words about the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.framed import farewell
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.textforms import clean
from voicebot.dialog.waiting import told_besides
from voicebot.knowledge.query_kind import QueryKind, classify, to_be_answered

TOLD = (Intent.GOODBYE, Intent.HEAR_ME, Intent.REPEAT)
LINES = (Path(__file__).parent / "cases" / "moves.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" ", 1) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("move", "text"), CASES)
def test_moves(move: str, text: str) -> None:
    found = intent(text)
    assert (found.value if found in TOLD and found else "-") == move


@pytest.mark.parametrize("text", [text for move, text in CASES if move == "goodbye"])
def test_a_farewell_is_never_looked_up(text: str) -> None:
    assert not to_be_answered(text)


@pytest.mark.parametrize("text", ["那我挂了", "我先挂了", "没事了挂了吧"])
def test_farewells_by_rule(text: str) -> None:
    assert classify(text) is QueryKind.FAREWELL


@pytest.mark.parametrize(
    "text", ["服务器挂了", "硬盘挂了一块", "机器还在不在保", "这台在不在保修期", "卷标是什么来着"]
)
def test_the_machine_is_looked_up(caller: Caller, text: str) -> None:
    assert to_be_answered(text)
    caller.say(text)
    assert caller.searched and not caller.hung_up


def test_a_farewell_ends_the_call(caller: Caller) -> None:
    caller.say("没事了挂了吧")
    assert caller.hung_up


@pytest.mark.parametrize("word", ["喂", "嗯", "好的", "那我", "没事了", "你好", "不是", "没有"])
def test_a_long_stutter_takes_no_time(word: str) -> None:
    """Nothing here may go through every way to cut a stutter: that would never end."""
    text = clean(word * 200 + "在吗" + word * 200 + "等一下")
    assert intent(text) in (*Intent, None) and told_besides(text)
    assert not farewell(word * 8 + "服务器")
