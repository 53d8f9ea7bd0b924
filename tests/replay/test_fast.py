"""Whole calls in virtual time, on a bot of stand-ins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.replay.conftest import Play
from voicebot.dialog.events import Handoff, HangUp, Say, SayKind
from voicebot.replay.costs import load_costs
from voicebot.replay.results import read_run

CALL: dict[str, Any] = {
    "name": "硬盘",
    "turns": [
        "看不到硬盘 => has:好的",
        {"say": "等一下", "over_bot_ms": 400},
        "没做阵列",
    ],
}
LONG = "这是一个很长的回答，" * 6


def test_two_runs_give_the_same_bytes_on_a_machine_of_moods(play: Play, tmp_path: Path) -> None:
    calls = [{**CALL, "name": f"{n}", "line": {"snr_db": 12, "loss": 0.05}} for n in range(2)]
    replies = {"看不到硬盘": (Say(LONG, SayKind.ANSWER),)}
    play(calls, "one", replies=replies, memory="m1", slow_s=0.02)
    play(calls, "two", replies=replies, memory="m2")
    first, second = (tmp_path / name / "run.json" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    for tape in sorted((tmp_path / "one" / "calls").iterdir()):
        assert tape.read_bytes() == (tmp_path / "two" / "calls" / tape.name).read_bytes()


def test_what_the_ears_heard_once_they_need_not_hear_again(play: Play, tmp_path: Path) -> None:
    play([CALL], "one", replies={"看不到硬盘": (Say(LONG, SayKind.ANSWER),)})
    kept = {file.name for file in (tmp_path / "memory").iterdir()}
    assert kept
    play([CALL], "two", replies={"看不到硬盘": (Say(LONG, SayKind.ANSWER),)})
    assert {file.name for file in (tmp_path / "memory").iterdir()} == kept
    assert (tmp_path / "one/run.json").read_bytes() == (tmp_path / "two/run.json").read_bytes()


def test_a_reply_takes_what_the_table_says(play: Play) -> None:
    call = {"name": "a", "turns": ["看不到硬盘"]}
    slower = replace(load_costs(), voice_first_ms=load_costs().voice_first_ms + 400)
    waits = [
        turn.latency_ms
        for run in (play([call]), play([call], "slower", costs=slower))
        for turn in run.calls[0].turns
    ]
    assert waits[0] is not None
    assert waits[1] == pytest.approx(waits[0] + 400, abs=20)


def test_a_caller_interrupts_where_the_script_says(play: Play) -> None:
    run = play([CALL], replies={"看不到硬盘": (Say(LONG, SayKind.ANSWER),)})
    first, over, last = run.calls[0].turns
    assert over.start_ms - (first.end_ms + (first.latency_ms or 0)) == pytest.approx(400, abs=60)
    assert any(event["event"] == "bot_interrupted" for event in run.calls[0].events)
    assert last.heard == "没做阵列"


def test_calls_do_not_depend_on_those_before_them(play: Play) -> None:
    other = {**CALL, "name": "别的"}
    alone = play([CALL], "alone", memory="m1")
    after = play([other, CALL], "after", memory="m2")
    assert alone.calls[0] == after.calls[1]


def test_a_bot_that_fails_ends_its_call_only(play: Play, tmp_path: Path) -> None:
    run = play([CALL, {**CALL, "name": "二"}], breaks=True)
    assert run.complete
    assert all("KeyError" in call.error and not call.ok for call in run.calls)
    assert read_run(tmp_path / "run") == run


def test_a_hand_off_and_a_goodbye_are_told(play: Play) -> None:
    replies = {
        "找人": (Say("好的请稍等", SayKind.HANDOFF), Handoff("requested")),
        "再见": (Say("再见感谢来电", SayKind.GOODBYE), HangUp()),
    }
    calls = [
        {"name": "a", "end": "handoff requested", "turns": ["找人 => handoff:requested"]},
        {"name": "b", "end": "solved", "turns": ["再见 => bye"]},
        {"name": "c", "end": "solved", "turns": ["找人"]},
    ]
    first, second, third = play(calls, replies=replies).calls
    assert first.ok, first.checks
    assert second.ok, second.checks
    wrong = [(check.what, check.found) for check in third.checks if not check.ok]
    assert wrong == [("end:solved", "handoff requested")]


def test_a_script_that_never_ends_is_cut_and_told(play: Play) -> None:
    call = {"name": "a", "longest_s": 8, "turns": ["看不到硬盘", {"silence_ms": 7900}, "没做阵列"]}
    (result,) = play([call], turns={"endpoint": "fixed", "no_input_ms": 1500}).calls
    assert result.hung_up == "too long"
    assert result.length_ms < 10_000
    assert "ends" in [check.what for check in result.checks if not check.ok]


def test_keys_are_pressed_and_a_hang_up_hangs_up(play: Play) -> None:
    call = {"name": "a", "turns": [{"dtmf": "12#"}, {"hang_up": True, "at_ms": 6000}]}
    (result,) = play([call]).calls
    keys = [event["digit"] for event in result.events if event["event"] == "digit_pressed"]
    assert keys == ["1", "2", "#"]
    assert result.hung_up == "as scripted"
    assert 5900 <= result.length_ms <= 6200
