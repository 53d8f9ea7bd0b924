"""What Prometheus reads of a call, through its own text format."""

from __future__ import annotations

import math

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.metrics.calls import CALL, CALLER, WORDS
from voicebot.metrics.meters import Meters
from voicebot.session import events as facts


def read(registry: CollectorRegistry) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples by name and labels, as a scraper parses them."""
    text = generate_latest(registry).decode("utf-8")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def metered(*events: facts.SessionEvent, calls: int = 1) -> CollectorRegistry:
    registry = CollectorRegistry()
    meters = Meters(registry)
    for number in range(calls):
        for event in events:
            meters(f"call-{number}", event)
    return registry


def test_a_calls_events_become_counts_and_times() -> None:
    found = read(metered(*CALL))

    def value(name: str, **labels: str) -> float:
        return found[f"voicebot_{name}", frozenset(labels.items())]

    assert value("calls_total", outcome="handed_off", ended_by="remote") == 1
    assert value("calls_active") == 0
    assert value("call_duration_seconds_sum") == 20
    assert value("caller_turns_total", understood="yes") == 1
    assert value("caller_turns_total", understood="no") == 1
    assert value("utterances_total", kind="filler") == 1
    assert value("response_latency_seconds_count") == 1  # the filler is what the caller heard
    assert math.isclose(value("response_latency_seconds_sum"), 0.8)
    assert math.isclose(value("answer_latency_seconds_sum", rung="extractive"), 1.8)
    assert math.isclose(value("stage_seconds_sum", stage="quick_asr"), 0.25)
    assert value("stages_skipped_total", stage="phrase") == 1
    assert value("interruptions_total") == value("listener_signals_total") == 1
    assert value("resumed_total") == 1
    assert math.isclose(value("interruption_stop_seconds_sum"), 0.25)
    assert math.isclose(value("search_seconds_sum"), 0.03)
    assert value("handoffs_started_total", reason="requested") == 1
    assert value("handoffs_total", outcome="accepted") == 1
    assert value("seat_rings_total", outcome="busy") == 1
    assert value("troubles_total") == 1
    assert math.isclose(value("call_mos_sum"), 4.1)
    assert math.isclose(value("call_loss_ratio_sum"), 0.01)


def test_calls_in_progress_are_counted_until_they_end() -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    active = ("voicebot_calls_active", frozenset[tuple[str, str]]())
    meters("a", CALL[0])
    meters("b", CALL[0])
    assert read(registry)[active] == 2
    meters("a", CALL[-1])
    assert read(registry)[active] == 1


def test_nothing_of_a_caller_is_in_the_metrics() -> None:
    text = generate_latest(metered(*CALL)).decode("utf-8")
    for secret in (CALLER, CALLER[-4:], WORDS, "21023599", "二线", "call-0", "faq.1", "summary-1"):
        assert secret not in text


def test_strange_values_make_no_new_series() -> None:
    strange = [
        event
        for n in range(300)
        for event in (
            facts.CallAnswered(0, f"{n}", "400", f"codec{n}", "server", f"trunk{n}"),
            facts.CallerSpoke(1, "好", 1.0, 0, 1),
            facts.BotSpoke(
                2, "好", f"kind{n}", 1.0, 5, rung=f"rung{n}",
                stages=({"stage": f"s{n}", "start_ms": 0, "end_ms": 1, "note": ""},),
            ),
            facts.HandoffStarted(3, f"reason{n}", f"skill{n}", ""),
            facts.SeatRang(3, f"seat{n}", f"outcome{n}", 400 + n),
            facts.HandoffFinished(3, f"outcome{n}"),
            facts.CallEnded(4, f"by{n}", f"why{n}", f"outcome{n}"),
        )
    ]  # fmt: skip
    few, many = read(metered(*strange[:7])), read(metered(*strange))
    assert few.keys() == many.keys()
    assert (
        many["voicebot_calls_total", frozenset({("outcome", "other"), ("ended_by", "other")})]
        == 300
    )


def test_a_gauge_is_asked_when_somebody_reads() -> None:
    registry = CollectorRegistry()
    waits = iter([0.5, 2.0])
    Meters(registry).watch("inference_wait_seconds", "…", lambda: next(waits))
    name = ("voicebot_inference_wait_seconds", frozenset[tuple[str, str]]())
    assert [read(registry)[name], read(registry)[name]] == [0.5, 2.0]
