"""A wait that is followed by the answer is the answer; one alone stays a wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialog.conftest import Caller
from tests.dialog.scene_of import scene_of
from voicebot.dialog.fill import Filler
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.state import Awaiting
from voicebot.dialog.waiting import told_besides

LINES = (Path(__file__).parent / "cases" / "waits.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" ", 2) for line in LINES if line and not line.startswith("#")]
SCENE = scene_of(
    """
  lamp: {type: enum, label: 灯, ask: 什么颜色？, values: {green: [绿灯, 绿的, 绿色],
    yellow: [黄灯, 黄的], red: [红灯, 红的], "off": [不亮, 没亮]}}
  done: {type: bool, label: 做过, affirm: [做了], deny: [没做], ask: 做了吗？}
  next: {type: bool, label: 备份, about: [备份], ask: 备份了吗？}
"""
)


@pytest.mark.parametrize(("slot", "value", "text"), CASES)
def test_waits(slot: str, value: str, text: str) -> None:
    assert intent(text) in (Intent.WAIT, None)
    found = Filler(Canonicalizer([])).fill(SCENE, told_besides(text), slot)
    assert {each.slot: each.value for each in found} == ({} if value == "wait" else {slot: value})


def test_the_answer_is_taken(caller: Caller) -> None:
    caller.say("装系统看不到硬盘")
    assert caller.state.scene is not None and caller.state.scene.asking == "raid_done"
    caller.say("等一下，我去看看")
    assert caller.state.waiting and not caller.state.scene.values.get("raid_done")
    caller.say("等一下啊，没做")
    assert not caller.state.waiting
    run = caller.state.scene or caller.state.closed
    assert run is not None and run.values["raid_done"] == "no"


@pytest.mark.parametrize("text", ["先别挂", "先不要挂", "先别急", "没有，等一下"])
def test_who_says_not_to_hang_up_yet_is_waited_for(caller: Caller, text: str) -> None:
    caller.say("谢谢")
    assert caller.state.awaiting is Awaiting.ELSE
    caller.say(text)
    assert not caller.hung_up and caller.state.waiting and not caller.searched


def test_a_wait_outside_a_scene_stays_one(caller: Caller) -> None:
    caller.say("我看看，是绿的")
    assert caller.state.waiting and not caller.searched
