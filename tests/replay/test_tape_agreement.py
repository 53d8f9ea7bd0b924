"""The tape held against events: pairing what both know, and telling what only one knows."""

from __future__ import annotations

import pytest

from tests.bench.tapes.agreement import differences, spread
from tests.bench.tapes.made import make
from voicebot.replay.tape_analyzer import analyze
from voicebot.session import events as facts


def test_a_bot_whose_clock_is_40_ms_off_is_found_out() -> None:
    tape, truth, _ = make(1001, exchanges=3)
    events: list[facts.SessionEvent] = [facts.BotSpoke(100, "您好", "greeting", 1.0, None)]
    for end_ms, latency_ms in truth.latencies:
        at_ms = end_ms + latency_ms - 40  # it believes that its sound has left by then
        # The words take longer than the patience: the filler is told first.
        events.append(facts.BotSpoke(at_ms, "嗯", "filler", 1.0, latency_ms - 40))
        events.append(facts.CallerSpoke(at_ms + 300, "问题", 1.0, end_ms - 500, end_ms))
        events.append(facts.BotSpoke(at_ms + 900, "答案", "answer", 1.0, latency_ms + 860))
    latencies, starts, unmatched = differences(analyze(tape), events)
    assert unmatched == 0
    assert len(latencies) == len(truth.latencies) >= 2
    assert latencies == pytest.approx([40] * len(latencies), abs=20)
    assert starts == pytest.approx([40] * len(starts), abs=20)


def test_a_reply_that_never_sounded_is_not_on_the_tape() -> None:
    tape, truth, _ = make(1001, exchanges=3)
    end_ms = truth.caller[0].start_ms - 1000  # before anybody had asked
    events = [
        facts.CallerSpoke(end_ms, "问题", 1.0, end_ms - 500, end_ms),
        facts.BotSpoke(end_ms + 200, "答案", "answer", 1.0, 200),
    ]
    assert differences(analyze(tape), events) == ([], [], 1)


def test_a_spread_of_nothing_says_so() -> None:
    assert spread([]) == {"n": 0}
    assert spread([-10, 0, 10])["p50_ms"] == 0
