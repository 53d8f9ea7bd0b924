"""What callers asked in kept calls that the bot did not answer well, and what a seat said then."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from voicebot.knowledge.query_kind import QueryKind, classify, to_be_answered
from voicebot.records import kinds
from voicebot.records.views import CallView, EventView
from voicebot.workshop.wording import question_of

UNSURE = 0.5  # an answer given with less confidence is one to look at
HEARD = 0.35  # what the ears were less sure of is noise
_SEARCHED = "searched"
_SEAT_SPOKE = "seat_spoke"
_GAVE_UP = frozenset({"low_confidence", "limit", "unknown_product"})


class Trouble(enum.StrEnum):
    """Why a question counts as unanswered."""

    REFUSED = "refused"
    HANDED_OFF = "handed_off"
    UNSURE = "unsure"
    LEFT = "left"  # it was answered, and the caller's next words asked for a human


@dataclass(frozen=True)
class SeatLine:
    """A sentence of the seat after it took over."""

    at_ms: int
    text: str


@dataclass(frozen=True)
class Asked:
    """A question of a caller: its words as kept (masked) and as drafted, how sure the ears were,
    what came of it, and what the seat said later in that call."""

    call_id: str
    at_ms: int
    words: str
    question: str
    confidence: float
    trouble: Trouble
    seat: tuple[SeatLine, ...] = ()


@dataclass
class _Turn:
    at_ms: int
    text: str
    confidence: float
    searched: bool = False
    says: list[tuple[str, float]] = field(default_factory=list)
    handoff: str = ""


def asked_in(view: CallView) -> tuple[Asked, ...]:
    """The unanswered questions of a call, in order; what is shaped otherwise is passed over."""
    turns = list(_turns(view.events))
    seat = tuple(_seat_lines(view.events))
    found = []
    for nth, turn in enumerate(turns):
        trouble = _trouble(turn, turns[nth + 1] if nth + 1 < len(turns) else None)
        question = question_of(turn.text) if trouble else ""
        if trouble and question and to_be_answered(question):
            later = tuple(line for line in seat if line.at_ms > turn.at_ms)
            found.append(
                Asked(
                    view.call.id, turn.at_ms, turn.text, question, turn.confidence, trouble, later
                )
            )
    return tuple(found)


def _turns(events: Iterable[EventView]) -> Iterator[_Turn]:
    """The caller's turns while the bot served them."""
    turn: _Turn | None = None
    for event in events:
        data = event.data
        if event.kind == kinds.CALLER_SPOKE:
            if turn is not None:
                yield turn
            turn = _Turn(event.at_ms, _text(data.get("text")), _number(data.get("confidence")))
        elif event.kind == _SEAT_SPOKE:
            break  # from here a human answers
        elif turn is None:
            continue
        elif event.kind == _SEARCHED:
            turn.searched = True
        elif event.kind == kinds.BOT_SPOKE:
            sure = data.get("turn_confidence")
            sure = data.get("confidence") if sure is None else sure
            turn.says.append((_text(data.get("kind")), _number(sure)))
        elif event.kind == kinds.HANDOFF_STARTED:
            turn.handoff = _text(data.get("reason"))
    if turn is not None:
        yield turn


def _trouble(turn: _Turn, following: _Turn | None) -> Trouble | None:
    if turn.confidence < HEARD or not turn.searched:
        return None
    said = [kind for kind, _ in turn.says]
    if "refuse" in said:
        return Trouble.REFUSED
    if turn.handoff in _GAVE_UP:
        return Trouble.HANDED_OFF
    answers = [sure for kind, sure in turn.says if kind == "answer"]
    if answers and answers[0] < UNSURE:
        return Trouble.UNSURE
    if answers and following is not None and classify(following.text) is QueryKind.HUMAN:
        return Trouble.LEFT
    return None


def _seat_lines(events: Iterable[EventView]) -> Iterator[SeatLine]:
    for event in events:
        text = _text(event.data.get("text"))
        if event.kind == _SEAT_SPOKE and text:
            yield SeatLine(event.at_ms, text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    """What a record says of confidence; nothing said counts as sure."""
    return float(value) if isinstance(value, int | float) else 1.0
