"""The report once more, the slow and plain way: every event of every call, counted in Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from voicebot.records import Records
from voicebot.records.tables import CALLS, EVENTS

WEEK = timedelta(days=7)


def raw_report(
    store: Records, start: datetime, end: datetime, solved_texts: Sequence[str]
) -> dict[str, Any]:
    """The fields of `Report` that are counted from calls and events, by their names."""
    everything = [dict(row, at=utc(row["started_at"])) for row in store.fetch(sa.select(CALLS))]
    calls = [row for row in everything if start <= row["at"] < end]
    events: dict[str, list[Mapping[str, Any]]] = {row["id"]: [] for row in everything}
    for event in store.fetch(sa.select(EVENTS).order_by(EVENTS.c.call_id, EVENTS.c.seq)):
        events[event["call_id"]].append(event)
    spoken = [event["data"] for row in calls for event in _kind(events[row["id"]], "bot_spoke")]
    waits = sorted(data["since_caller_ms"] for data in spoken if "since_caller_ms" in data)
    solved = {
        row["id"]
        for row in calls
        if row["outcome"] != "handed_off" and _was_solved(events[row["id"]], solved_texts)
    }
    known = [row for row in calls if row["caller_key"]]
    again = {row["id"] for row in known if _came_back(row, everything)}
    taken = [row for row in calls if row["outcome"] == "handed_off"]
    reasons = [
        reason
        for row in calls
        for reason in {e["data"]["reason"] for e in _kind(events[row["id"]], "handoff_started")}
    ]
    asked = [text for row in calls for text in _unanswered(events[row["id"]])]
    return {
        "calls": len(calls),
        "solved": len(solved),
        "handed_off": len(taken),
        "outcomes": _most(row["outcome"] for row in calls if row["ended_at"]),
        "reasons": _most(reasons),
        "known_callers": len(known),
        "repeated": len(again),
        "solved_known": sum(row["id"] in solved for row in known),
        "solved_repeated": len(again & solved),
        "answers": len(waits),
        "p50_ms": _rank(waits, 0.5),
        "p95_ms": _rank(waits, 0.95),
        "unanswered": _most(asked)[:15],
        "by_day": _by_day(calls, start, end),
    }


def raw_taken(store: Records, seat: str) -> set[str]:
    """The ids of the calls that a seat was brought."""
    ended = EVENTS.c.kind == "handoff_finished"
    rows = store.fetch(sa.select(EVENTS.c.call_id, EVENTS.c.data).where(ended))
    return {row["call_id"] for row in rows if row["data"]["seat"] == seat}


def utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _kind(events: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [event for event in events if event["kind"] == kind]


def _was_solved(events: Iterable[Mapping[str, Any]], texts: Sequence[str]) -> bool:
    said = [event["data"] for event in _kind(events, "bot_spoke")]
    return any(
        data["text"].startswith(tuple(texts)) for data in said if data.get("kind") == "clarify"
    )


def _came_back(row: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    same = (other["at"] for other in others if other["caller_key"] == row["caller_key"])
    return any(row["at"] < at <= row["at"] + WEEK for at in same)


def _unanswered(events: Iterable[Mapping[str, Any]]) -> list[str]:
    found, last = [], ""
    for event in events:
        if event["kind"] == "caller_spoke":
            last = event["data"]["text"].strip("。，？！,.?! ")
        elif event["kind"] == "bot_spoke" and event["data"].get("kind") == "refuse" and last:
            found.append(last)
            last = ""
    return found


def _rank(values: Sequence[float], share: float) -> int | None:
    return round(values[max(1, math.ceil(share * len(values))) - 1]) if values else None


def _by_day(
    calls: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> tuple[tuple[str, int, int], ...]:
    day, last = start.astimezone().date(), (end - timedelta(microseconds=1)).astimezone().date()
    found = []
    while day <= last:
        here = [row for row in calls if row["at"].astimezone().date() == day]
        taken = sum(row["outcome"] == "handed_off" for row in here)
        found.append((f"{day:%m-%d}", len(here), taken))
        day += timedelta(days=1)
    return tuple(found)


def _most(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda each: (-each[1], each[0])))
