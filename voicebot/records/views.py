"""A stored call as people read it. Frozen; built from rows, nothing computed twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from voicebot.records import kinds

IN_PROGRESS = "in_progress"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class CallRow:
    """One line of ``calls list``. `outcome` is `IN_PROGRESS` while the call lasts and
    `INTERRUPTED` if the process that wrote it died. Times are UTC. `quality` are the line's
    figures (`kinds.CALL_QUALITY`); None while the call lasts and where there was no network."""

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
    quality: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class EventView:
    """One stored event; `at_ms` counts from the start of the call."""

    seq: int
    at_ms: int
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class TurnView:
    """Something said: `who` is ``caller``, ``bot`` or ``seat``.

    `since_caller_ms` (bot) is from the caller's last sound to the bot's first; `stages` is the
    waterfall of that time; `kind` says why the bot spoke; `unheard` is what the caller cut off.
    `seq` is the number of its event; `start_ms` is when its first sound is on the recording.
    """

    who: str
    at_ms: int
    text: str
    confidence: float | None
    since_caller_ms: int | None = None
    kind: str = ""
    citations: tuple[Mapping[str, str], ...] = ()
    stages: tuple[Mapping[str, Any], ...] = ()
    barged_in: bool = False
    unheard: str = ""
    seq: int = -1
    start_ms: int = 0


@dataclass(frozen=True)
class HandoffView:
    """How the last hand-off went: why, each seat tried, the typed outcome, the talk's length."""

    reason: str
    outcome: str
    seat: str
    summary_id: str
    attempts: tuple[Mapping[str, Any], ...]
    talk_ms: int | None


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
        turns=_turns(listed),
        handoff=_handoff(listed, call.outcome),
        summary=summary,
        events=listed,
    )


def _turns(events: tuple[EventView, ...]) -> tuple[TurnView, ...]:
    turns: list[TurnView] = []
    bot: int | None = None  # where the bot's last utterance is: what follows may belong to it
    for event in events:
        data = event.data
        if event.kind == kinds.CALLER_SPOKE:
            turns.append(
                TurnView(
                    "caller",
                    event.at_ms,
                    _text(data, "text"),
                    data.get("confidence"),
                    barged_in=bool(data.get("barged_in")),
                    seq=event.seq,
                    start_ms=_start_ms(event),
                )
            )
        elif event.kind == kinds.BOT_SPOKE:
            bot = len(turns)
            turns.append(
                TurnView(
                    "bot",
                    event.at_ms,
                    _text(data, "text"),
                    data.get("confidence"),
                    since_caller_ms=data.get("since_caller_ms"),
                    kind=_text(data, "kind"),
                    citations=tuple(data.get("citations") or ()),
                    stages=tuple(data.get("stages") or ()),
                    seq=event.seq,
                    start_ms=event.at_ms,
                )
            )
        elif event.kind == kinds.SEAT_SPOKE:
            turns.append(
                TurnView(
                    "seat",
                    event.at_ms,
                    _text(data, "text"),
                    data.get("confidence"),
                    seq=event.seq,
                    start_ms=_start_ms(event),
                )
            )
        elif event.kind == kinds.BOT_INTERRUPTED and bot is not None:
            turns[bot] = replace(turns[bot], unheard=_text(data, "unheard"))
    return tuple(turns)


def _start_ms(event: EventView) -> int:
    start = event.data.get("speech_start_ms")
    return int(start) if isinstance(start, int | float) else event.at_ms


def _handoff(events: tuple[EventView, ...], call_outcome: str) -> HandoffView | None:
    """The last one. Where the call was cut by a dead process, so was a hand-off without an end."""
    starts = [nth for nth, event in enumerate(events) if event.kind == kinds.HANDOFF_STARTED]
    if not starts:
        return None
    last = events[starts[-1] :]
    ended = next((event.data for event in last if event.kind == kinds.HANDOFF_FINISHED), {})
    talk = next((event.data for event in last if event.kind == kinds.BRIDGE_ENDED), {})
    return HandoffView(
        reason=_text(last[0].data, "reason"),
        outcome=_text(ended, "outcome")
        or (INTERRUPTED if call_outcome == INTERRUPTED else IN_PROGRESS),
        seat=_text(ended, "seat"),
        summary_id=_text(last[0].data, "summary_id"),
        attempts=tuple(event.data for event in last if event.kind == kinds.SEAT_RANG),
        talk_ms=talk.get("talk_ms"),
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    return str(data.get(key) or "")
