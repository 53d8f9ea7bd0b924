"""Turns judged right or wrong by people, with a note: training pairs and a measure of quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.masking import mask
from voicebot.records.people_tables import TURN_LABELS
from voicebot.records.tables import CALLS, EVENTS

VERDICTS = ("right", "wrong")
SPOKEN = ("caller_spoke", "bot_spoke", "seat_spoke")
_MOST_NOTE = 500


@dataclass(frozen=True)
class TurnLabel:
    """One judgement; `seq` is the event's number in its call."""

    call_id: str
    seq: int
    verdict: str
    note: str
    who: str
    at: datetime


class TurnLabels:
    """The store of judgements."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of_call(self, call_id: str) -> dict[int, TurnLabel]:
        """A call's judgements by the number of their event."""
        query = sa.select(TURN_LABELS).where(TURN_LABELS.c.call_id == call_id)
        return {row["seq"]: _label(row) for row in self._fetch(query)}

    def put(self, call_id: str, seq: int, verdict: str, note: str, who: str, at: datetime) -> None:
        """Judge a turn; a judgement of before is replaced. An empty `verdict` takes it back.

        Raises RecordsError: unknown verdict, or no such turn.
        """
        if verdict not in ("", *VERDICTS):
            raise RecordsError(f"labels: expected right or wrong, got {verdict[:20]!r}")
        this = (TURN_LABELS.c.call_id == call_id) & (TURN_LABELS.c.seq == seq)
        turn = sa.select(EVENTS.c.kind).where(
            EVENTS.c.call_id == call_id, EVENTS.c.seq == seq, EVENTS.c.kind.in_(SPOKEN)
        )
        if not self._fetch(turn):
            raise RecordsError(f"labels: call {call_id[:8]} has no turn {seq}")
        row = {"call_id": call_id, "seq": seq, "verdict": verdict, "who": who[:32], "at": at}
        row["note"] = mask(" ".join(note.split()))[:_MOST_NOTE]
        statements: list[sa.Executable] = [TURN_LABELS.delete().where(this)]
        if verdict:
            statements.append(TURN_LABELS.insert().values(**row))
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be written: {one_line(error)}") from None

    def export(self) -> list[dict[str, Any]]:
        """All judgements with what was judged, oldest call first; JSON-ready, texts masked."""
        query = (
            sa.select(TURN_LABELS, EVENTS.c.kind, EVENTS.c.data, EVENTS.c.at_ms, CALLS.c.started_at)
            .join(
                EVENTS,
                (EVENTS.c.call_id == TURN_LABELS.c.call_id) & (EVENTS.c.seq == TURN_LABELS.c.seq),
            )
            .join(CALLS, CALLS.c.id == TURN_LABELS.c.call_id)
            .order_by(CALLS.c.started_at, TURN_LABELS.c.call_id, TURN_LABELS.c.seq)
        )
        return [
            {
                "call": row["call_id"],
                "seq": row["seq"],
                "at_ms": row["at_ms"],
                "who_spoke": row["kind"].removesuffix("_spoke"),
                "text": row["data"].get("text", ""),
                "confidence": row["data"].get("confidence"),
                "verdict": row["verdict"],
                "note": row["note"],
                "labelled_by": row["who"],
                "labelled_at": _utc(row["at"]).isoformat(),
            }
            for row in self._fetch(query)
        ]

    def _fetch(self, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None


def _label(row: Mapping[str, Any]) -> TurnLabel:
    return TurnLabel(
        row["call_id"], row["seq"], row["verdict"], row["note"], row["who"], _utc(row["at"])
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
