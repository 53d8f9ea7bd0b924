"""The bot's own clock against the tape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.replay.conftest import Play
from voicebot.replay.own_clock import differences_ms

CALLS: list[dict[str, Any]] = [
    {"name": "a", "turns": ["看不到硬盘", "没做阵列"]},
    {"name": "b", "turns": ["看不到硬盘", {"dtmf": "1"}]},
]


def test_a_bot_that_believes_itself_40_ms_quicker_is_found_out(play: Play) -> None:
    run = play(CALLS)
    honest = differences_ms(run)
    assert len(honest) == 3  # a key has no last sound
    quicker = [
        replace(call, events=tuple(_less(event, 40) for event in call.events)) for call in run.calls
    ]
    assert differences_ms(replace(run, calls=tuple(quicker))) == [ms + 40 for ms in honest]


def test_turns_that_the_bot_did_not_answer_are_left_out(play: Play) -> None:
    run = play(CALLS)
    deaf = [replace(call, events=()) for call in run.calls]
    assert differences_ms(replace(run, calls=tuple(deaf))) == []


def test_a_call_that_could_not_be_played_has_no_clock(play: Play) -> None:
    run = play(CALLS)
    none = [replace(call, turns=(), events=(), error="the bot has ended") for call in run.calls]
    assert differences_ms(replace(run, calls=tuple(none))) == []


def _less(event: dict[str, Any], ms: int) -> dict[str, Any]:
    own_ms = event.get("since_caller_ms")
    return event if own_ms is None else {**event, "since_caller_ms": own_ms - ms}
