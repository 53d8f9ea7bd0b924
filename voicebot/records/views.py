"""A stored call as people read it. Frozen; built from rows, nothing computed twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from voicebot.records import kinds

IN_PROGRESS = "in_progress"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class CallRow:
    """One line of ``calls list``. `outcome` is `IN_PROGRESS` while the call lasts and
    `INTERRUPTED` if the process that wrote it died. Times are UTC."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    caller: str
    callee: str
    pack: str
    codec: str
    outcome: str
    hangup_by: str
    recording: str
    duration_ms: int


@dataclass(frozen=True)
class EventView:
    """One stored event; `at_ms` counts from the start of the call."""

    seq: int
    at_ms: int
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class TurnView:
    """Something said: `who` is ``caller`` or ``bot``.

    `latency_ms` (bot) is from the caller's last sound to the bot's first; `stages` is the
    waterfall of that time; `say_kind` says why the bot spoke.
    """

    who: str
    at_ms: int
    text: str
    confidence: float | None
    latency_ms: float | None
    say_kind: str
    citations: tuple[Mapping[str, str], ...]
    stages: tuple[Mapping[str, Any], ...]
    interrupted: bool


@dataclass(frozen=True)
class HandoffView:
    """How the last hand-off went: its reason, each seat tried, and the typed outcome."""

    reason: str
    outcome: str
    seat: str
    attempts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class CallView:
    """A whole call."""

    call: CallRow
    turns: tuple[TurnView, ...]
    handoff: HandoffView | None
    summary: Mapping[str, Any] | None
    events: tuple[EventView, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: times in ISO 8601."""
        plain = asdict(self)
        for key in ("started_at", "ended_at"):
            moment = plain["call"][key]
            plain["call"][key] = moment.isoformat() if moment else None
        return plain


def build_view(
    call: CallRow, summary: Mapping[str, Any] | None, events: Iterable[EventView]
) -> CallView:
    """Arrange a call's events, in order of `seq`."""
    listed = tuple(events)
    return CallView(
        call=call,
        turns=tuple(_turn(event) for event in listed if event.kind in (kinds.HEARD, kinds.SAY)),
        handoff=_handoff([event.data for event in listed if event.kind == kinds.HANDOFF]),
        summary=summary,
        events=listed,
    )


def _turn(event: EventView) -> TurnView:
    data = event.data
    return TurnView(
        who="caller" if event.kind == kinds.HEARD else "bot",
        at_ms=event.at_ms,
        text=str(data.get("text", "")),
        confidence=data.get("confidence"),
        latency_ms=data.get("latency_ms"),
        say_kind=str(data.get("say_kind", "")),
        citations=tuple(data.get("citations") or ()),
        stages=tuple(data.get("stages") or ()),
        interrupted=bool(data.get("interrupted", False)),
    )


def _handoff(steps: list[Mapping[str, Any]]) -> HandoffView | None:
    starts = [nth for nth, step in enumerate(steps) if step.get("step") == "started"]
    if not starts:
        return None
    last = steps[starts[-1] :]
    ended = next((step for step in last if step.get("step") == "ended"), {})
    return HandoffView(
        reason=str(last[0].get("reason", "")),
        outcome=str(ended.get("outcome", IN_PROGRESS)),
        seat=str(ended.get("seat", "")),
        attempts=tuple(step for step in last if step.get("step") == "result"),
    )
