"""Session events as OpenTelemetry spans: a call, its turns, the stages of each turn.

The spans are made after the fact, with the events' own times. Their attributes are counts, kinds
and ids of the pack's content; no number, name or word of a caller. The call's id is the record's,
so that who may read records finds the talk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context

from voicebot.metrics import labels
from voicebot.session import events as facts

NS_A_MS = 1_000_000


@dataclass
class _Open:
    """A call in progress. `answered_ns` is the wall-clock time of the events' zero."""

    span: Span
    context: Context
    answered_ns: int
    counts: dict[str, int] = field(default_factory=dict)
    handoff: Span | None = None

    def at_ns(self, at_ms: float) -> int:
        return self.answered_ns + round(at_ms * NS_A_MS)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1


class CallSpans:
    """A `CallObserver` that makes spans.

    Args:
        tracer: whose spans they are.
        clock_ns: wall clock, nanoseconds since 1970.
    """

    def __init__(self, tracer: Tracer, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._tracer = tracer
        self._clock_ns = clock_ns
        self._open: dict[str, _Open] = {}

    def __call__(self, call_id: str, event: facts.SessionEvent) -> None:
        call = self._open.get(call_id) or self._begin(call_id, event)
        match event:
            case facts.CallAnswered():
                call.span.set_attributes(
                    {"voicebot.pack": event.pack, "voicebot.codec": event.codec.lower()}
                )
            case facts.CallerSpoke():
                call.count("caller_turns")
            case facts.BotSpoke():
                self._spoke(call, event)
            case facts.BotInterrupted():
                call.count("interruptions")
                stop = {"stopped_after_ms": event.stopped_after_ms}
                call.span.add_event("interrupted", stop, call.at_ns(event.at_ms))
            case facts.HandoffStarted():
                self._handoff_started(call, event)
            case facts.SeatRang() if call.handoff is not None:
                outcome = labels.HANDOFFS.of(event.outcome)
                rang: dict[str, str | int] = {"outcome": outcome, "sip_code": event.sip_code or 0}
                call.handoff.add_event("seat rang", rang, call.at_ns(event.at_ms))
            case facts.HandoffFinished():
                self._handoff_finished(call, event)
            case facts.Trouble():
                call.count("troubles")
                call.span.add_event("trouble", timestamp=call.at_ns(event.at_ms))
            case facts.CallEnded():
                self._ended(call_id, call, event)

    def _begin(self, call_id: str, event: facts.SessionEvent) -> _Open:
        answered_ns = self._clock_ns() - event.at_ms * NS_A_MS
        span = self._tracer.start_span(
            "call", Context(), attributes={"voicebot.call_id": call_id}, start_time=answered_ns
        )
        call = _Open(span, set_span_in_context(span, Context()), answered_ns)
        self._open[call_id] = call
        return call

    def _spoke(self, call: _Open, event: facts.BotSpoke) -> None:
        call.count("utterances")
        if event.since_caller_ms is None:
            return
        heard_ms = event.at_ms - event.since_caller_ms
        attributes: dict[str, Any] = {
            "voicebot.kind": labels.KINDS.of(event.kind),
            "voicebot.rung": labels.RUNGS.of(event.rung),
            "voicebot.scene": event.scene,
            "voicebot.response_latency_ms": event.since_caller_ms,
            "voicebot.confidence": event.confidence,
        }
        turn = self._tracer.start_span(
            "turn", call.context, attributes=attributes, start_time=call.at_ns(heard_ms)
        )
        context = set_span_in_context(turn, call.context)
        for stage in event.stages:
            name = labels.STAGES.of(stage["stage"])
            start_ns = call.at_ns(heard_ms + stage["start_ms"])
            if str(stage["note"]).startswith("skipped"):
                turn.add_event("skipped", {"stage": name}, start_ns)
                continue
            span = self._tracer.start_span(f"stage {name}", context, start_time=start_ns)
            span.end(call.at_ns(heard_ms + stage["end_ms"]))
        turn.end(call.at_ns(event.at_ms))

    def _handoff_started(self, call: _Open, event: facts.HandoffStarted) -> None:
        call.handoff = self._tracer.start_span(
            "handoff",
            call.context,
            attributes={"voicebot.reason": labels.REASONS.of(event.reason)},
            start_time=call.at_ns(event.at_ms),
        )

    def _handoff_finished(self, call: _Open, event: facts.HandoffFinished) -> None:
        if call.handoff is None:
            return
        call.handoff.set_attribute("voicebot.outcome", labels.HANDOFFS.of(event.outcome))
        call.handoff.end(call.at_ns(event.at_ms))
        call.handoff = None

    def _ended(self, call_id: str, call: _Open, event: facts.CallEnded) -> None:
        del self._open[call_id]
        outcome = labels.OUTCOMES.of(event.outcome)
        call.span.set_attributes({f"voicebot.{name}": n for name, n in call.counts.items()})
        call.span.set_attributes(
            {"voicebot.outcome": outcome, "voicebot.ended_by": labels.ENDED_BY.of(event.by)}
        )
        if outcome == "failed":
            call.span.set_status(Status(StatusCode.ERROR))
        if call.handoff is not None:  # the caller went while the seats rang
            call.handoff.end(call.at_ns(event.at_ms))
        call.span.end(max(call.answered_ns, call.at_ns(event.at_ms)))
