"""Messages for other systems, kept until they are delivered (the transactional outbox).

A message is written in the same order, by the same thread, as the events it tells of, so a crash
loses neither or both. A sender claims what is due by moving its time into the future: if the
sender dies, its claim runs out and another takes the message. A message may thus arrive twice,
never not at all; its id tells the receiver.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.tables import OUTBOX

WAITING = "waiting"
DELIVERED = "delivered"
GIVEN_UP = "given_up"
_ERROR_CHARS = 200


@dataclass(frozen=True)
class Message:
    """One message. `body` is the JSON that is sent; `attempts` counts those made before."""

    id: str
    endpoint: str
    kind: str
    call_id: str
    body: str
    created_at: datetime
    attempts: int
    next_at: datetime
    state: str
    error: str


def new_message(endpoint: str, kind: str, call_id: str, body: str, now: datetime) -> Message:
    """A message that is due at once."""
    return Message(str(uuid.uuid4()), endpoint, kind[:64], call_id, body, now, 0, now, WAITING, "")


def insert(connection: sa.Connection, message: Message) -> None:
    """Put it in the outbox, as part of the connection's transaction."""
    connection.execute(OUTBOX.insert().values(**vars(message)))


class Outbox:
    """What waits to be delivered. Every method raises RecordsError when the database is away."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def claim(
        self, endpoint: str, now: datetime, *, most: int, claim_s: float
    ) -> tuple[Message, ...]:
        """The due messages of an endpoint, oldest first; nobody else gets them for `claim_s`."""
        due = (
            sa.select(OUTBOX.c.id)
            .where(OUTBOX.c.endpoint == endpoint, OUTBOX.c.state == WAITING)
            .where(OUTBOX.c.next_at <= now)
            .order_by(OUTBOX.c.created_at)
            .limit(most)
            .with_for_update(skip_locked=True)  # SQLite has one writer at a time anyway
        )
        taken = (
            OUTBOX.update()
            .where(OUTBOX.c.id.in_(due.scalar_subquery()))
            .values(next_at=now + timedelta(seconds=claim_s))
            .returning(*OUTBOX.c)
        )
        return tuple(sorted(self._rows(taken), key=lambda message: message.created_at))

    def delivered(self, message_id: str) -> None:
        """It has arrived."""
        self._set(message_id, state=DELIVERED, error="", attempts=OUTBOX.c.attempts + 1)

    def failed(self, message_id: str, error: str, next_at: datetime | None) -> None:
        """It has not; try again at `next_at`, or never (None)."""
        self._set(
            message_id,
            error=" ".join(error.split())[:_ERROR_CHARS],
            attempts=OUTBOX.c.attempts + 1,
            **({"next_at": next_at} if next_at else {"state": GIVEN_UP}),
        )

    def messages(self, state: str = "", limit: int = 50) -> tuple[Message, ...]:
        """The latest messages, newest first; of one state or of all."""
        query = sa.select(OUTBOX).order_by(OUTBOX.c.created_at.desc()).limit(limit)
        return self._rows(query.where(OUTBOX.c.state == state) if state else query)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many messages there are by (endpoint, state)."""
        query = sa.select(OUTBOX.c.endpoint, OUTBOX.c.state, sa.func.count()).group_by(
            OUTBOX.c.endpoint, OUTBOX.c.state
        )
        return {(row[0], row[1]): row[2] for row in self._execute(query)}

    def retry(self, now: datetime, endpoint: str = "") -> int:
        """Let what was given up be tried again, and what waits be tried now; returns how many."""
        again = OUTBOX.update().where(OUTBOX.c.state.in_((WAITING, GIVEN_UP)))
        if endpoint:
            again = again.where(OUTBOX.c.endpoint == endpoint)
        values = {"state": WAITING, "next_at": now}
        return len(self._execute(again.values(**values).returning(OUTBOX.c.id)))

    def _set(self, message_id: str, **values: Any) -> None:
        self._execute(OUTBOX.update().where(OUTBOX.c.id == message_id).values(**values))

    def _rows(self, statement: sa.Executable) -> tuple[Message, ...]:
        return tuple(_message(row._mapping) for row in self._execute(statement))

    def _execute(self, statement: sa.Executable) -> Sequence[Any]:
        try:
            with self._engine.begin() as connection:
                result = connection.execute(statement)
                return result.all() if result.returns_rows else ()
        except SQLAlchemyError as error:
            raise RecordsError(f"outbox: {one_line(error)}") from None


def _message(row: Mapping[Any, Any]) -> Message:
    plain = dict(row)
    for key in ("created_at", "next_at"):  # SQLite forgets the zone
        if plain[key].tzinfo is None:
            plain[key] = plain[key].replace(tzinfo=UTC)
    return Message(**plain)
