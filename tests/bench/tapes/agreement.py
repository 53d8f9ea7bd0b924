"""Does the tape say what the bot's own events say? A real session in virtual time, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.bench.bench_turn import FIXTURES, LINES, PatientCaller, one_call
from voicebot.app import App
from voicebot.replay.run import load_caller
from voicebot.replay.tape_analyzer import TapeReport, analyze
from voicebot.replay.tape_speech import SpeechDetector
from voicebot.session import events as facts
from voicebot.settings import Settings
from voicebot.turns.virtual_time import run_virtual

# The event is told when a sound is handed to the line; the line plays it some frames later.
SAME_MS = 400


def differences(
    report: TapeReport, events: Sequence[facts.SessionEvent]
) -> tuple[list[int], list[int], int]:
    """The tape's latency less the bot's own, in ms, and the bot's first sound less the event, for
    each reply that both know; and how many replies of the bot's own the tape does not have.

    The bot's own clock is its belief of the caller's last sound and of its first one.
    """
    latencies: list[int] = []
    starts: list[int] = []
    unmatched = 0
    replied_ms = -SAME_MS
    for event in events:
        if not isinstance(event, facts.BotSpoke) or event.since_caller_ms is None:
            continue
        # Not by the order of events: a filler may be told before the words that it replies to.
        end_ms = event.at_ms - event.since_caller_ms
        if abs(end_ms - replied_ms) < SAME_MS:
            continue
        replied_ms = end_ms
        near = [r for r in report.turns.responses if abs(r.bot_start_ms - event.at_ms) < SAME_MS]
        if not near:
            unmatched += 1
            continue
        latencies.append(near[0].latency_ms - event.since_caller_ms)
        starts.append(near[0].bot_start_ms - event.at_ms)
    return latencies, starts, unmatched


def spread(values: Sequence[int]) -> dict[str, Any]:
    """Quartiles and extremes of signed differences."""
    if not values:
        return {"n": 0}
    low, middle, high = (round(float(np.percentile(values, at))) for at in (5, 50, 95))
    return {"n": len(values), "p5_ms": low, "p50_ms": middle, "p95_ms": high}


def agreement(settings: Settings, detect: SpeechDetector, calls: int, lines: int) -> dict[str, Any]:
    """`calls` calls of `lines` questions through the whole bot, in virtual time."""
    app = App.build(settings, with_records=False)
    clips = [load_caller(FIXTURES / f"{name}.wav") for name in LINES]
    latencies: list[int] = []
    starts: list[int] = []
    unmatched = 0
    try:
        for number in range(calls):
            first = 7 * number % len(clips)
            said = (clips[first:] + clips[:first])[:lines]

            async def call(said: Any = said, number: int = number) -> Any:
                return await one_call(app, PatientCaller(said, number))

            outcome = run_virtual(call, busy=lambda: app.scheduler.busy > 0)
            one = differences(analyze(outcome.tape, second=detect), outcome.events)
            latencies += one[0]
            starts += one[1]
            unmatched += one[2]
    finally:
        app.close()
    return {
        "replies of the bot's own events": len(latencies) + unmatched,
        "not on the tape": unmatched,
        "tape less own latency": spread(latencies),
        "tape less own first sound": spread(starts),
    }
