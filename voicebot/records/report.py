"""Figures of a range of days, counted by the database. Each says what it counts.

Of events only what the report needs is read, from rows of its own (call_facts.py); and what comes
back from the database is counts, so that the bot's own process has little to do.

Calls that ended without a human are no success by themselves: a caller may have given up. So what
callers confirmed as solved and how many rang again within a week stand beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from voicebot.records.call_facts import REASON, REMARK, UNANSWERED, WAIT
from voicebot.records.people_tables import TURN_LABELS
from voicebot.records.tables import CALL_FACTS, CALLS

if TYPE_CHECKING:
    from voicebot.records.store import Records

REPEAT_WITHIN = timedelta(days=7)
AT_WORK_GAP = timedelta(minutes=5)
TOP = 15
_DAYS_AT_ONCE = 300  # a database takes so many values in one query
HANDED_OFF = "handed_off"


@dataclass(frozen=True)
class Labelling:
    """What people judged: `hours` are the times between two judgements of one person that lie no
    more than five minutes apart; `heard_hours` the length of the calls that were judged."""

    turns: int
    wrong: int
    hours: float
    heard_hours: float


@dataclass(frozen=True)
class Report:
    """`start` and `end` (not with it) in UTC. `solved`: the caller said that it works, and no human
    was needed. `handed_off`: calls that were brought to a human and taken. `known_callers`: calls
    whose caller showed a number; `repeated` of them were followed by another call of the same
    number within seven days (`solved_repeated`: of the solved ones). Waits are in ms, from the
    caller's last sound to the bot's first; None where there was no such turn. `by_day` holds
    (day, calls, of them handed off), days in the server's zone."""

    start: datetime
    end: datetime
    calls: int
    solved: int
    handed_off: int
    outcomes: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    known_callers: int
    repeated: int
    solved_known: int
    solved_repeated: int
    answers: int
    p50_ms: int | None
    p95_ms: int | None
    unanswered: tuple[tuple[str, int], ...]
    labelling: Labelling
    by_day: tuple[tuple[str, int, int], ...]


def report(
    records: Records, start: datetime, end: datetime, solved_texts: Sequence[str] = ()
) -> Report:
    """Count the calls that began in a range. Raises RecordsError.

    `solved_texts` is what the bot says when a caller says that it works again.
    """
    in_range = (CALLS.c.started_at >= start) & (CALLS.c.started_at < end)
    solved = _is_solved(solved_texts)
    queries = {
        "totals": _totals(in_range),
        "solved": _totals(in_range & solved),
        "outcomes": _outcomes(in_range),
        "reasons": _facts(in_range, REASON, CALL_FACTS.c.text, distinct=True),
        "waits": _facts(in_range, WAIT, CALL_FACTS.c.ms),
        "unanswered": _facts(in_range, UNANSWERED, CALL_FACTS.c.text),
        "next": _next_calls(in_range, solved),
    }
    found = dict(zip(queries, records.fetch_each(tuple(queries.values())), strict=True))
    (totals,), (good,) = found["totals"], found["solved"]
    again = [row for row in found["next"] if row["next_at"] - row["started_at"] <= REPEAT_WITHIN]
    waits = sorted((row["value"], row["count"]) for row in found["waits"])
    return Report(
        start=start,
        end=end,
        calls=totals["calls"],
        solved=good["calls"],
        handed_off=totals["taken"] or 0,
        outcomes=_most(found["outcomes"]),
        reasons=_most(found["reasons"]),
        known_callers=totals["known"],
        repeated=len(again),
        solved_known=good["known"],
        solved_repeated=sum(bool(row["solved"]) for row in again),
        answers=sum(count for _, count in waits),
        p50_ms=percentile(waits, 0.5),
        p95_ms=percentile(waits, 0.95),
        unanswered=_most(found["unanswered"])[:TOP],
        labelling=_labelling(records, start, end),
        by_day=_by_day(records, start, end),
    )


def percentile(counts: Sequence[tuple[int, int]], share: float) -> int | None:
    """The nearest-rank percentile of values that are given, sorted, with how often each occurs."""
    rank = max(1, math.ceil(share * sum(count for _, count in counts)))
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    return None


_TAKEN = sa.func.sum(sa.case((CALLS.c.outcome == HANDED_OFF, 1), else_=0)).label("taken")


def _totals(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    calls, known = sa.func.count().label("calls"), sa.func.count(CALLS.c.caller_key).label("known")
    counts: tuple[Any, ...] = (calls, known, _TAKEN)
    return sa.select(*counts).select_from(CALLS).where(which)


def _is_solved(texts: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether the bot said one of these in a call that no human took."""
    if not texts:
        return sa.false()
    said = sa.or_(*(CALL_FACTS.c.text.startswith(text, autoescape=True) for text in texts))
    ids = sa.select(CALL_FACTS.c.call_id).where(CALL_FACTS.c.what == REMARK, said)
    return (CALLS.c.outcome != HANDED_OFF) & CALLS.c.id.in_(ids)


def _outcomes(in_range: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(CALLS.c.outcome.label("value"), sa.func.count().label("count"))
        .where(in_range, CALLS.c.ended_at.is_not(None))
        .group_by(CALLS.c.outcome)
    )


def _facts(
    in_range: sa.ColumnElement[bool],
    what: str,
    value: sa.ColumnElement[Any],
    *,
    distinct: bool = False,
) -> sa.Select[Any]:
    """How often each value occurs in the calls of a range, or (`distinct`) in how many of them."""
    call_id = CALL_FACTS.c.call_id
    counted = sa.func.count(sa.distinct(call_id) if distinct else call_id)
    return (
        sa.select(value.label("value"), counted.label("count"))
        .where(CALL_FACTS.c.what == what)
        # Not a join: SQLite would begin with all facts there are, however short the range.
        .where(call_id.in_(sa.select(CALLS.c.id).where(in_range)))
        .group_by(value)
    )


def _next_calls(in_range: sa.ColumnElement[bool], solved: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The calls whose number rang again later, and when it first did."""
    later = CALLS.alias()
    first = (
        sa.select(sa.func.min(later.c.started_at))
        .where(later.c.caller_key == CALLS.c.caller_key)
        .where(later.c.started_at > CALLS.c.started_at)
        .correlate(CALLS)
        .scalar_subquery()
    )
    rows = (
        sa.select(CALLS.c.started_at, first.label("next_at"), solved.label("solved"))
        .where(in_range, CALLS.c.caller_key.is_not(None))
        .subquery()
    )
    return sa.select(rows).where(rows.c.next_at.is_not(None))


def _labelling(records: Records, start: datetime, end: datetime) -> Labelling:
    in_time = (TURN_LABELS.c.at >= start) & (TURN_LABELS.c.at < end)
    rows = records.fetch(sa.select(TURN_LABELS).where(in_time).order_by(TURN_LABELS.c.at))
    last: dict[str, datetime] = {}
    spent = timedelta()
    for row in rows:
        gap = row["at"] - last.get(row["who"], row["at"])
        spent += gap if gap <= AT_WORK_GAP else timedelta()
        last[row["who"]] = row["at"]
    judged = sa.select(TURN_LABELS.c.call_id).where(in_time)
    ends = records.fetch(
        sa.select(CALLS.c.started_at, CALLS.c.ended_at).where(
            CALLS.c.id.in_(judged), CALLS.c.ended_at.is_not(None)
        )
    )
    heard = sum(((row["ended_at"] - row["started_at"]) for row in ends), timedelta())
    hour = timedelta(hours=1)
    wrong = sum(row["verdict"] == "wrong" for row in rows)
    return Labelling(len(rows), wrong, spent / hour, heard / hour)


def _by_day(records: Records, start: datetime, end: datetime) -> tuple[tuple[str, int, int], ...]:
    days = _days(start, end)
    counts: dict[int, tuple[int, int]] = {}
    for first in range(0, len(days), _DAYS_AT_ONCE):
        bounds = [(first + nth, *days[first + nth][1:]) for nth in range(len(days[first:]))]
        for row in records.fetch(_per_day(bounds[:_DAYS_AT_ONCE])):
            counts[row["nth"]] = (row["calls"], row["taken"] or 0)
    return tuple((day, *counts.get(nth, (0, 0))) for nth, (day, _, _) in enumerate(days))


def _days(start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """Each day of a range in the server's zone, with where it begins and ends."""
    found = []
    while start < end:
        here = start.astimezone()
        midnight = datetime.combine(here.date() + timedelta(days=1), time.min).astimezone()
        after = min(midnight.astimezone(UTC), end)
        found.append((f"{here:%m-%d}", start, after))
        start = after
    return found


def _per_day(bounds: Sequence[tuple[int, datetime, datetime]]) -> sa.Select[Any]:
    moment = sa.DateTime(timezone=True)
    columns = sa.column("nth", sa.Integer), sa.column("since", moment), sa.column("until", moment)
    days = sa.values(*columns, name="days").data(bounds).cte("days")
    inside = (CALLS.c.started_at >= days.c.since) & (CALLS.c.started_at < days.c.until)
    return (
        sa.select(days.c.nth, sa.func.count().label("calls"), _TAKEN)
        .join(CALLS, inside)
        .group_by(days.c.nth)
    )


def _most(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    pairs = ((str(row["value"]), int(row["count"])) for row in rows)
    return tuple(sorted(pairs, key=lambda each: (-each[1], each[0])))
