"""Finding kept calls by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from voicebot.records.call_facts import SEAT
from voicebot.records.people_tables import TURN_LABELS
from voicebot.records.tables import CALL_FACTS, CALLS, EVENTS
from voicebot.records.turn_labels import SPOKEN, VERDICTS
from voicebot.records.views import IN_PROGRESS, INTERRUPTED, CallRow

if TYPE_CHECKING:
    from voicebot.records.store import Records

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What a call must be like; what is empty does not matter.

    `since` and `until` bound its beginning, `seat` took it, `words` were said in it (as they are
    kept: masked), `labelled` is ``right``, ``wrong``, ``any`` or ``none``.
    """

    since: datetime | None = None
    until: datetime | None = None
    outcome: str = ""
    seat: str = ""
    words: str = ""
    labelled: str = ""


def search(records: Records, wanted: Wanted, page: int = 0) -> list[CallRow]:
    """Up to `PAGE` calls and one more (then there is a next page), newest first.

    Raises RecordsError.
    """
    query = sa.select(CALLS.c.id).order_by(CALLS.c.started_at.desc(), CALLS.c.id)
    for condition in _conditions(wanted):
        query = query.where(condition)
    some = query.limit(PAGE + 1).offset(max(0, min(page, 10_000)) * PAGE)
    return records.rows_of(some)


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(CALLS.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(CALLS.c.started_at < wanted.until)
    if wanted.outcome in (IN_PROGRESS, INTERRUPTED):
        found.append(CALLS.c.ended_at.is_(None))
    elif wanted.outcome:
        found.append(CALLS.c.outcome == wanted.outcome)
    if wanted.seat:
        taken = sa.select(CALL_FACTS.c.call_id).where(CALL_FACTS.c.what == SEAT)
        found.append(CALLS.c.id.in_(taken.where(CALL_FACTS.c.text == wanted.seat)))
    if wanted.words:
        said = _text("text").icontains(wanted.words, autoescape=True)
        found.append(_has(EVENTS.c.kind.in_(SPOKEN), said))
    labels = sa.select(TURN_LABELS.c.seq).where(TURN_LABELS.c.call_id == CALLS.c.id)
    if wanted.labelled in VERDICTS:
        found.append(labels.where(TURN_LABELS.c.verdict == wanted.labelled).exists())
    elif wanted.labelled in ("any", "none"):
        found.append(labels.exists() if wanted.labelled == "any" else ~labels.exists())
    return found


def _has(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.select(EVENTS.c.seq).where(EVENTS.c.call_id == CALLS.c.id, *conditions).exists()


def _text(key: str) -> Any:
    return EVENTS.c.data[key].as_string()
