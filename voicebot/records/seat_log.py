"""What seats were doing when: append-only, so that a restart knows them and reports can count.

The last row of a seat is its state. Who writes one from outside a running bot (``voicebot seats
set``) is heard by the bot, which reads the last rows every few seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.tables import SEAT_LOG
from voicebot.records.writer import Write


@dataclass(frozen=True)
class SeatChange:
    """A seat's `state` from `at` (UTC) on, as `by` (a person, ``bot``, ``limit``) has set it.

    `call_id` is the call that it rings for or talks with; `then` the state that it wished for
    after that. `writer` is the process that wrote it, empty before it is stored.
    """

    seat: str
    state: str
    at: datetime
    by: str
    call_id: str = ""
    then: str = ""
    writer: str = ""


class SeatLog:
    """The log of one store; `put` hands a write to its writer thread."""

    def __init__(self, engine: sa.Engine, put: Callable[[Write], None], writer: str) -> None:
        self._engine = engine
        self._put = put
        self._writer = writer

    @property
    def writer(self) -> str:
        """What this process signs its rows with: ``host:pid``."""
        return self._writer

    def note(self, change: SeatChange) -> None:
        """Store a change; returns at once."""
        row = self._row(change)
        self._put(lambda connection: _insert(connection, row))

    def note_now(self, change: SeatChange) -> None:
        """Store a change, and return when it is stored. Raises RecordsError."""
        try:
            with self._engine.begin() as connection:
                _insert(connection, self._row(change))
        except SQLAlchemyError as error:
            raise RecordsError(f"seats: cannot be written: {one_line(error)}") from None

    def latest(self) -> tuple[SeatChange, ...]:
        """The last change of each seat, by name. Raises RecordsError."""
        last = sa.select(sa.func.max(SEAT_LOG.c.id)).group_by(SEAT_LOG.c.seat)
        query = sa.select(SEAT_LOG).where(SEAT_LOG.c.id.in_(last)).order_by(SEAT_LOG.c.seat)
        return self._changes(query)

    def recent(self, limit: int = 1000) -> tuple[SeatChange, ...]:
        """The last changes of all seats, oldest first. Raises RecordsError."""
        query = sa.select(SEAT_LOG).order_by(SEAT_LOG.c.id.desc()).limit(limit)
        return tuple(reversed(self._changes(query)))

    def _row(self, change: SeatChange) -> dict[str, Any]:
        row = {**asdict(change), "writer": self._writer}
        row["set_by"], row["next_state"] = row.pop("by"), row.pop("then")  # SQL's own words
        return row

    def _changes(self, query: sa.Select[Any]) -> tuple[SeatChange, ...]:
        try:
            with self._engine.connect() as connection:
                rows: Sequence[Mapping[str, Any]] = [
                    dict(row) for row in connection.execute(query).mappings()
                ]
        except SQLAlchemyError as error:
            raise RecordsError(f"seats: cannot be read: {one_line(error)}") from None
        return tuple(_change(row) for row in rows)


def _insert(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    connection.execute(SEAT_LOG.insert().values(**row))


def _change(row: Mapping[str, Any]) -> SeatChange:
    at: datetime = row["at"]
    if at.tzinfo is None:  # SQLite forgets the zone
        at = at.replace(tzinfo=UTC)
    return SeatChange(
        row["seat"],
        row["state"],
        at,
        row["set_by"],
        row["call_id"],
        row["next_state"],
        row["writer"],
    )
