"""Figures of a range of days, counted from the records. Each says what it counts.

Calls that ended without a human are no success by themselves: a caller may have given up. So what
callers confirmed as solved and how many rang again within a week stand beside them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from voicebot.records import kinds
from voicebot.records.people_tables import TURN_LABELS
from voicebot.records.tables import CALLS, EVENTS

if TYPE_CHECKING:
    from voicebot.records.store import Records

REPEAT_WITHIN = timedelta(days=7)
AT_WORK_GAP = timedelta(minutes=5)
TOP = 15
_MOST_TURNS = 50_000
REFUSED = "refuse"  # the bot's words for: that is not in the documents
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
    columns = ("id", "started_at", "ended_at", "outcome", "caller_key")
    calls = records.fetch(
        sa.select(*(CALLS.c[name] for name in columns)).where(in_range).order_by(CALLS.c.started_at)
    )
    taken = {row["id"] for row in calls if row["outcome"] == HANDED_OFF}
    solved = _solved(records, in_range, solved_texts) - taken
    known = [row for row in calls if row["caller_key"]]
    again = _followed(records, known, start, end)
    waits = _waits(records, in_range)
    return Report(
        start=start,
        end=end,
        calls=len(calls),
        solved=len(solved),
        handed_off=len(taken),
        outcomes=_most(row["outcome"] for row in calls if row["ended_at"] is not None),
        reasons=_reasons(records, in_range),
        known_callers=len(known),
        repeated=len(again),
        solved_known=sum(row["id"] in solved for row in known),
        solved_repeated=len(again & solved),
        answers=len(waits),
        p50_ms=percentile(waits, 0.5),
        p95_ms=percentile(waits, 0.95),
        unanswered=_unanswered(records, in_range),
        labelling=_labelling(records, start, end),
        by_day=_by_day(calls, taken, start, end),
    )


def percentile(values: Sequence[float], share: float) -> int | None:
    """The nearest-rank percentile of sorted values."""
    if not values:
        return None
    return round(values[max(0, math.ceil(share * len(values)) - 1)])


def _solved(records: Records, in_range: Any, texts: Sequence[str]) -> set[str]:
    if not texts:
        return set()
    said = EVENTS.c.data["text"].as_string()
    query = (
        sa.select(EVENTS.c.call_id)
        .distinct()
        .join(CALLS, CALLS.c.id == EVENTS.c.call_id)
        .where(in_range, EVENTS.c.kind == kinds.BOT_SPOKE)
        .where(sa.or_(*(said.startswith(text, autoescape=True) for text in texts)))
    )
    return {row["call_id"] for row in records.fetch(query)}


def _followed(
    records: Records, known: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> set[str]:
    """The calls after which the same number rang again within `REPEAT_WITHIN`."""
    query = (
        sa.select(CALLS.c.caller_key, CALLS.c.started_at)
        .where(CALLS.c.caller_key.is_not(None))
        .where(CALLS.c.started_at >= start, CALLS.c.started_at < end + REPEAT_WITHIN)
        .order_by(CALLS.c.started_at)
    )
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in records.fetch(query):
        times[row["caller_key"]].append(row["started_at"])
    found = set()
    for row in known:
        at = row["started_at"]
        later = (each - at for each in times[row["caller_key"]] if each > at)
        if any(gap <= REPEAT_WITHIN for gap in later):
            found.add(str(row["id"]))
    return found


def _reasons(records: Records, in_range: Any) -> tuple[tuple[str, int], ...]:
    reason = EVENTS.c.data["reason"].as_string().label("reason")
    count = sa.func.count(sa.distinct(EVENTS.c.call_id)).label("count")
    query = (
        sa.select(reason, count)
        .join(CALLS, CALLS.c.id == EVENTS.c.call_id)
        .where(in_range, EVENTS.c.kind == kinds.HANDOFF_STARTED)
        .group_by(sa.text("1"))
    )
    rows = [(row["reason"] or "", row["count"]) for row in records.fetch(query)]
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))


def _waits(records: Records, in_range: Any) -> list[float]:
    wait = EVENTS.c.data["since_caller_ms"].as_float().label("wait")
    query = (
        sa.select(wait)
        .join(CALLS, CALLS.c.id == EVENTS.c.call_id)
        .where(in_range, EVENTS.c.kind == kinds.BOT_SPOKE, wait.is_not(None))
    )
    return sorted(float(row["wait"]) for row in records.fetch(query))


def _unanswered(records: Records, in_range: Any) -> tuple[tuple[str, int], ...]:
    """What callers said right before the bot said that it does not have it."""
    refused = (
        sa.select(EVENTS.c.call_id)
        .join(CALLS, CALLS.c.id == EVENTS.c.call_id)
        .where(in_range, EVENTS.c.kind == kinds.BOT_SPOKE)
        .where(EVENTS.c.data["kind"].as_string() == REFUSED)
    )
    query = (
        sa.select(EVENTS.c.call_id, EVENTS.c.kind, EVENTS.c.data)
        .where(EVENTS.c.call_id.in_(refused))
        .where(EVENTS.c.kind.in_((kinds.CALLER_SPOKE, kinds.BOT_SPOKE)))
        .order_by(EVENTS.c.call_id, EVENTS.c.seq)
        .limit(_MOST_TURNS)
    )
    asked: list[str] = []
    last = ("", "")
    for row in records.fetch(query):
        data = row["data"]
        if row["kind"] == kinds.CALLER_SPOKE:
            last = (row["call_id"], str(data.get("text") or "").strip("。，？！,.?! "))
        elif data.get("kind") == REFUSED and last[0] == row["call_id"] and last[1]:
            asked.append(last[1])
            last = ("", "")
    return _most(asked)[:TOP]


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


def _by_day(
    calls: Sequence[Mapping[str, Any]], taken: set[str], start: datetime, end: datetime
) -> tuple[tuple[str, int, int], ...]:
    days: dict[str, list[int]] = {}
    at = start
    while at < end:
        days[_day(at)] = [0, 0]
        at += timedelta(days=1)
    for row in calls:
        counts = days.setdefault(_day(row["started_at"]), [0, 0])
        counts[0] += 1
        counts[1] += row["id"] in taken
    return tuple((day, counts[0], counts[1]) for day, counts in days.items())


def _day(moment: datetime) -> str:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return f"{aware.astimezone():%m-%d}"


def _most(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda each: (-each[1], each[0])))
