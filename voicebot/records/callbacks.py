"""Calls that callers were promised: booked in a call, taken and closed by a seat.

The number is masked in the table, and sealed beside it (records/keys.py); who reads it is noted.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.keys import CallerKeys, normal_number
from voicebot.records.masking import mask, mask_number
from voicebot.records.retention import CALL_BACK, CALLER
from voicebot.records.tables import AUDIT, CALL_BACKS, SEALED

OPEN, TAKEN, CLOSED = "open", "taken", "closed"
STATES = (OPEN, TAKEN, CLOSED)
_ID_CHARS = 4
_FEWEST_DIGITS = 3  # an extension of the company's own


@dataclass(frozen=True)
class CallBack:
    """One promised call. `number` is masked; it is due between `due_from` and `due_to` (UTC).

    `wish` are the caller's words for when; `reason`, `skill` and `product` are the hand-off's, and
    the call's summary tells the rest. `state` is ``open``, ``taken`` (by `seat`) or ``closed``
    (with its `result`).
    """

    id: str
    call_id: str
    created_at: datetime
    number: str
    wish: str
    due_from: datetime
    due_to: datetime
    reason: str
    skill: str
    product: str
    state: str = OPEN
    seat: str = ""
    taken_at: datetime | None = None
    closed_at: datetime | None = None
    result: str = ""


@dataclass(frozen=True)
class Booking:
    """What is booked: the whole `number`, and when to ring it."""

    number: str
    wish: str
    due_from: datetime
    due_to: datetime
    reason: str = ""
    skill: str = ""
    product: str = ""


def can_be_rung(number: str) -> bool:
    """Whether a calling number is one that can be rung: not withheld, and no name."""
    plain = normal_number(number)
    return plain.isdigit() and len(plain) >= _FEWEST_DIGITS


def insert(
    connection: sa.Connection, call_id: str, booking: Booking, keys: CallerKeys, now: datetime
) -> str:
    """Book it as part of the connection's transaction; the id. A call has one open at most."""
    booked = str(uuid.uuid4())
    of_call = (CALL_BACKS.c.call_id == call_id, CALL_BACKS.c.state == OPEN)
    connection.execute(CALL_BACKS.delete().where(*of_call))
    sealed = (SEALED.c.call_id == call_id, SEALED.c.name == CALL_BACK)
    connection.execute(SEALED.delete().where(*sealed))
    box = keys.seal(booking.number, call_id)
    connection.execute(SEALED.insert().values(call_id=call_id, name=CALL_BACK, box=box))
    connection.execute(
        CALL_BACKS.insert().values(
            id=booked,
            call_id=call_id,
            created_at=now,
            number=mask_number(booking.number)[:128],
            number_key=keys.pseudonym(booking.number) or None,
            wish=mask(booking.wish)[:64],
            due_from=booking.due_from,
            due_to=booking.due_to,
            reason=booking.reason[:64],
            skill=booking.skill[:64],
            product=booking.product[:64],
            state=OPEN,
            seat="",
            result="",
        )
    )
    return booked


class CallBacks:
    """The call-backs of one store. Every method raises RecordsError."""

    def __init__(self, engine: sa.Engine, keys: CallerKeys | None) -> None:
        self._engine = engine
        self._keys = keys

    def list(self, state: str = "", limit: int = 200) -> tuple[CallBack, ...]:
        """Call-backs of one state, or all that are not closed; what is due first, first."""
        query = sa.select(CALL_BACKS).order_by(CALL_BACKS.c.due_from, CALL_BACKS.c.created_at)
        wanted = CALL_BACKS.c.state == state if state else CALL_BACKS.c.state != CLOSED
        return self._rows(query.where(wanted).limit(limit))

    def of_call(self, call_id: str) -> tuple[CallBack, ...]:
        """The call-backs of one call, oldest first."""
        query = sa.select(CALL_BACKS).where(CALL_BACKS.c.call_id == call_id)
        return self._rows(query.order_by(CALL_BACKS.c.created_at))

    def get(self, id_or_prefix: str) -> CallBack:
        """One by its id, or its first characters (at least 4)."""
        wanted = id_or_prefix.strip().lower()
        if len(wanted) < _ID_CHARS:
            raise RecordsError(
                f"callbacks: expected an id or its first {_ID_CHARS} or more characters, "
                f"got {wanted!r}; voicebot callbacks list shows them"
            )
        query = sa.select(CALL_BACKS).where(CALL_BACKS.c.id.startswith(wanted, autoescape=True))
        found = self._rows(query.limit(2))
        if len(found) != 1:
            what = "several call-backs begin" if found else "no call-back begins"
            raise RecordsError(
                f"callbacks: {what} with {wanted[:36]!r}; voicebot callbacks list shows them"
            )
        return found[0]

    def book_for(
        self, call_id: str, due_from: datetime, due_to: datetime, reason: str, now: datetime
    ) -> str:
        """Promise a call to the caller of a call that is over, on the number they rang from."""
        query = sa.select(SEALED.c.box).where(SEALED.c.call_id == call_id, SEALED.c.name == CALLER)
        box = self._fetch(query)
        if self._keys is None or not box:
            raise RecordsError(f"callbacks: the number of call {call_id[:8]} is not kept")
        number = self._keys.open(box[0][0], call_id)
        if not can_be_rung(number):
            raise RecordsError(f"callbacks: the number of call {call_id[:8]} cannot be rung")
        booking = Booking(number, "", due_from, due_to, reason)
        try:
            with self._engine.begin() as connection:
                return insert(connection, call_id, booking, self._keys, now)
        except SQLAlchemyError as error:
            raise RecordsError(f"callbacks: cannot be written: {one_line(error)}") from None

    def take(self, callback_id: str, seat: str) -> CallBack:
        """It is this seat's to make from now on; who comes second is told by whom it was taken."""
        found = self.get(callback_id)
        values = {"state": TAKEN, "seat": seat[:64], "taken_at": datetime.now(UTC)}
        if not self._change(found.id, (OPEN,), values):
            raise self._refused(found.id, "taken")
        return self.get(found.id)

    def give_back(self, callback_id: str, seat: str) -> CallBack:
        """The seat could not reach the caller: somebody may take it again."""
        found = self._own(callback_id, seat)
        values = {"state": OPEN, "seat": "", "taken_at": None}
        if not self._change(found.id, (TAKEN,), values, seat):
            raise self._refused(found.id, "given back")
        return self.get(found.id)

    def close(self, callback_id: str, seat: str, result: str) -> CallBack:
        """It is done, with this result in a few words; also one that nobody had taken."""
        found = self._own(callback_id, seat)
        text = mask(" ".join(result.split()))[:400]
        if not text:
            raise RecordsError("callbacks: a result in a few words is expected, e.g. 已回电解决")
        closed_at = datetime.now(UTC)
        values = {"state": CLOSED, "seat": seat[:64], "closed_at": closed_at, "result": text}
        if not self._change(found.id, (OPEN, TAKEN), values, seat):
            raise self._refused(found.id, "closed")
        return self.get(found.id)

    def number(self, callback_id: str, *, who: str, why: str = "call back") -> str:
        """The whole number to ring. Who asked is noted first."""
        found = self.get(callback_id)
        query = sa.select(SEALED.c.box).where(
            SEALED.c.call_id == found.call_id, SEALED.c.name == CALL_BACK
        )
        box = self._fetch(query)
        if self._keys is None or not box:
            raise RecordsError(
                f"callbacks: the number of {found.id[:8]} cannot be read: it is no longer kept, or "
                "this store was opened without its key (records.key_file)"
            )
        noted = {"at": datetime.now(UTC), "who": who[:64], "what": "reveal"}
        self._run(AUDIT.insert().values(**noted, call_id=found.call_id, why=mask(why)[:200]))
        return self._keys.open(box[0][0], found.call_id)

    def _own(self, callback_id: str, seat: str) -> CallBack:
        found = self.get(callback_id)
        if found.state == TAKEN and found.seat != seat:
            raise RecordsError(f"callbacks: {found.id[:8]} is {found.seat}'s, not {seat}'s")
        return found

    def _refused(self, callback_id: str, done: str) -> RecordsError:
        now = self.get(callback_id)
        by = f" by {now.seat}" if now.seat else ""
        return RecordsError(
            f"callbacks: {now.id[:8]} cannot be {done}: it is {now.state}{by} already"
        )

    def _change(
        self,
        callback_id: str,
        states: Sequence[str],
        values: Mapping[str, Any],
        owner: str | None = None,
    ) -> bool:
        """False if it was in another state, or not `owner`'s: whoever was quicker has it."""
        wanted = [CALL_BACKS.c.id == callback_id, CALL_BACKS.c.state.in_(states)]
        if owner is not None:
            wanted.append((CALL_BACKS.c.state == OPEN) | (CALL_BACKS.c.seat == owner[:64]))
        return self._run(CALL_BACKS.update().where(*wanted).values(**values)) == 1

    def _rows(self, query: sa.Select[Any]) -> tuple[CallBack, ...]:
        return tuple(_callback(dict(row._mapping)) for row in self._fetch(query))

    def _fetch(self, query: sa.Select[Any]) -> Sequence[Any]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except SQLAlchemyError as error:
            raise RecordsError(f"callbacks: cannot be read: {one_line(error)}") from None

    def _run(self, statement: sa.Executable) -> int:
        try:
            with self._engine.begin() as connection:
                return int(connection.execute(statement).rowcount)
        except SQLAlchemyError as error:
            raise RecordsError(f"callbacks: cannot be written: {one_line(error)}") from None


def _callback(row: dict[str, Any]) -> CallBack:
    row.pop("number_key")
    for key in ("created_at", "due_from", "due_to", "taken_at", "closed_at"):
        if row[key] is not None and row[key].tzinfo is None:  # SQLite forgets the zone
            row[key] = row[key].replace(tzinfo=UTC)
    return CallBack(**row)
