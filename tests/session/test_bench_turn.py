"""The turn bench counts what a caller hears: waits, dead air, and who answered."""

from __future__ import annotations

import numpy as np

from tests.bench.bench_turn import Outcome, PatientCaller
from tests.session.fakes import quiet, tone
from voicebot.session import events as facts
from voicebot.turns.virtual_time import run_virtual


def outcome(wait_ms: int, after_filler_ms: int) -> Outcome:
    """A caller's second of speech, a filler, and the answer."""
    caller = np.concatenate([quiet(1000), tone(1000), quiet(wait_ms + 2000 + after_filler_ms)])
    bot = np.concatenate([quiet(2000 + wait_ms), tone(1000), quiet(after_filler_ms), tone(1000)])
    tape = np.stack([caller, bot], axis=1)
    filler_ms = 2000 + wait_ms
    events = [
        facts.CallerSpoke(filler_ms, "问", 0.9, 1000, 2000),
        facts.BotSpoke(filler_ms, "我查一下", "filler", 1.0, wait_ms, rung="prepared"),
        facts.BotSpoke(
            filler_ms + 1000 + after_filler_ms, "答", "answer", 1.0, None, rung="extractive"
        ),
    ]
    return Outcome(tape, events)


def test_waits_and_rungs() -> None:
    made = outcome(700, 500)
    assert made.waits_ms() == [700]
    assert made.rungs() == {"extractive": 1}
    assert (made.fillers(), made.dead_air()) == (1, 0)


def test_dead_air_before_and_after_a_filler() -> None:
    assert outcome(1600, 500).dead_air() == 1
    assert outcome(700, 1800).dead_air() == 1
    assert outcome(1600, 1800).dead_air() == 2


def test_the_caller_waits_for_the_bot_and_hangs_up_after_the_last_line() -> None:
    async def call() -> int:
        caller = PatientCaller([tone(400), tone(400)], 1)
        await caller.answer()
        async for _ in caller.frames():
            pass
        return caller.said

    assert run_virtual(call) == 2
