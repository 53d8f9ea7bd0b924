"""A call's events as spans, in OpenTelemetry's own in-memory exporter."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tests.metrics.calls import CALL, CALLER, WORDS
from voicebot.metrics.spans import NS_A_MS, CallSpans
from voicebot.session import events as facts

NOW_NS = 1_800_000_000 * 10**9


def spans_of(*events: facts.SessionEvent) -> tuple[ReadableSpan, ...]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observe = CallSpans(provider.get_tracer("test"), lambda: NOW_NS)
    for event in events:
        observe("0190-call", event)
    provider.shutdown()
    return tuple(exporter.get_finished_spans())


def named(spans: tuple[ReadableSpan, ...], name: str) -> ReadableSpan:
    (found,) = (span for span in spans if span.name == name)
    return found


def ms(span: ReadableSpan) -> tuple[float, float]:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.start_time - NOW_NS) / NS_A_MS, (span.end_time - NOW_NS) / NS_A_MS


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def test_a_call_holds_its_turns_and_a_turn_its_stages_at_the_events_times() -> None:
    spans = spans_of(*CALL)
    call = named(spans, "call")
    filler, answer = (span for span in spans if span.name == "turn")
    asr = named(spans, "stage quick_asr")
    assert ms(call) == (0, 20_000)
    assert ms(filler) == (4500, 5300)
    assert ms(answer) == (4500, 6300)
    assert ms(asr) == (4590, 4840)
    assert call.context is not None
    assert answer.context is not None
    assert call.parent is None
    assert parent(answer) == parent(filler) == call.context.span_id
    assert parent(asr) == answer.context.span_id
    assert answer.attributes is not None
    assert answer.attributes["voicebot.response_latency_ms"] == 1800
    assert answer.attributes["voicebot.scene"] == "storage.disk"
    assert [event.name for event in answer.events] == ["skipped"]


def test_a_hand_off_is_a_span_with_every_seat_that_rang() -> None:
    spans = spans_of(*CALL)
    handoff = named(spans, "handoff")
    assert ms(handoff) == (10_000, 12_000)
    assert handoff.attributes is not None
    assert handoff.attributes["voicebot.outcome"] == "accepted"
    (rang,) = handoff.events
    assert dict(rang.attributes or {}) == {"outcome": "busy", "sip_code": 486}


def test_the_calls_span_tells_its_end_and_its_counts() -> None:
    call = named(spans_of(*CALL), "call")
    assert call.attributes is not None
    assert call.attributes["voicebot.outcome"] == "handed_off"
    assert call.attributes["voicebot.caller_turns"] == 2
    assert call.attributes["voicebot.call_id"] == "0190-call"
    assert call.status.status_code is StatusCode.UNSET


def test_a_call_that_fails_before_it_is_answered_is_an_error() -> None:
    (call,) = spans_of(facts.CallEnded(0, "error", "KeyError", "failed"))
    assert call.status.status_code is StatusCode.ERROR


def test_a_caller_who_goes_while_the_seats_ring_leaves_no_span_open() -> None:
    spans = spans_of(CALL[0], CALL[10], facts.CallEnded(12_000, "remote", "BYE", "caller_gone"))
    assert {span.name for span in spans} == {"call", "handoff"}


@pytest.mark.parametrize("secret", [CALLER, WORDS, "21023599", "二线01", "嗯嗯", "先看"])
def test_nothing_of_a_caller_is_in_a_span(secret: str) -> None:
    assert all(secret not in span.to_json() for span in spans_of(*CALL))
