"""Users of the console and their sessions, in the records' database.

Passwords come in and go out as hashes; what hashes them is the console's affair. Times are given
in, so that expiry is decided by one clock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.people_tables import SESSIONS, USERS

_NAME = re.compile(r"[\w.-]{1,32}")
_FRESHNESS = timedelta(seconds=60)  # a session's use is written this often, not at each request


@dataclass(frozen=True)
class Person:
    """Someone with an account. `role` is the console's word; `seat` the seat's name, or empty."""

    id: int
    name: str
    role: str
    seat: str
    must_change: bool
    disabled: bool
    created_at: datetime
    seen_at: datetime | None


class NoSuchPersonError(RecordsError):
    """Nobody has an account of this name."""


def token_hash(token: str) -> str:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


class People:
    """Accounts and sessions. Every method raises RecordsError when the database cannot."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # --- accounts -------------------------------------------------------------------------
    def add(
        self,
        name: str,
        role: str,
        password: str,
        *,
        seat: str = "",
        must_change: bool,
        at: datetime,
    ) -> None:
        """Make an account; `password` is a hash. Raises RecordsError if the name is taken."""
        if not _NAME.fullmatch(name):
            raise RecordsError(
                "users: a name has 1 to 32 letters, digits, dots, dashes or underscores, "
                f"got {name[:40]!r}"
            )
        row: dict[str, Any] = {"name": name, "role": role, "seat": seat[:64]}
        row["password"] = password
        row |= {"must_change": must_change, "disabled": False, "created_at": at}
        try:
            with self._engine.begin() as connection:
                connection.execute(USERS.insert().values(**row))
        except IntegrityError:
            raise RecordsError(f"users: {name} has an account already") from None
        except SQLAlchemyError as error:
            raise _unwritten(error) from None

    def add_first(self, name: str, role: str, password: str, *, at: datetime) -> bool:
        """Make the first account of an empty store; False if there is one already."""
        if self.everyone():
            return False
        try:
            self.add(name, role, password, must_change=True, at=at)
        except RecordsError:
            if self.everyone():  # another process was quicker
                return False
            raise
        return True

    def everyone(self) -> tuple[Person, ...]:
        """All accounts, by name."""
        return tuple(map(_person, self._fetch(sa.select(USERS).order_by(USERS.c.name))))

    def get(self, name: str) -> Person:
        """Raises NoSuchPersonError."""
        return self.find(name)[0]

    def find(self, name: str) -> tuple[Person, str]:
        """An account and its password's hash. Raises NoSuchPersonError."""
        rows = self._fetch(sa.select(USERS).where(USERS.c.name == name[:64]))
        if not rows:
            raise NoSuchPersonError(
                f"users: nobody is called {name[:40]!r}; voicebot users list shows who is"
            )
        return _person(rows[0]), str(rows[0]["password"])

    def set_password(self, name: str, password: str, *, must_change: bool) -> None:
        """A new hash; signs the person out everywhere."""
        self._change(name, {"password": password, "must_change": must_change})

    def set_role(self, name: str, role: str, seat: str) -> None:
        """Another role or seat; signs the person out everywhere."""
        self._change(name, {"role": role, "seat": seat[:64]})

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Shut an account, or open it again; signs the person out everywhere."""
        self._change(name, {"disabled": disabled})

    # --- sessions -------------------------------------------------------------------------
    def sign_in(self, token: str, person_id: int, at: datetime) -> None:
        """Begin a session."""
        row = {"token_hash": token_hash(token), "user_id": person_id}
        self._run(
            SESSIONS.insert().values(**row, started_at=at, used_at=at),
            USERS.update().where(USERS.c.id == person_id).values(seen_at=at),
        )

    def sign_out(self, token: str) -> None:
        """End a session; nothing happens where there is none."""
        self._run(SESSIONS.delete().where(SESSIONS.c.token_hash == token_hash(token)))

    def signed_in(
        self, token: str, at: datetime, *, idle: timedelta, whole: timedelta, used: bool
    ) -> Person | None:
        """Whose session this is; None if there is none, it is over, or its person may not come in.

        `used` says that the person did something, so that it is not idle from here.
        """
        key = token_hash(token)
        columns = (SESSIONS.c.started_at, SESSIONS.c.used_at)
        query = (
            sa.select(USERS, *columns)
            .join(SESSIONS, SESSIONS.c.user_id == USERS.c.id)
            .where(SESSIONS.c.token_hash == key)
        )
        rows = self._fetch(query)
        if not rows or rows[0]["disabled"]:
            return None
        started, last = _utc(rows[0]["started_at"]), _utc(rows[0]["used_at"])
        if at - last > idle or at - started > whole:
            self.sign_out(token)
            return None
        if used and at - last > _FRESHNESS:
            self._run(SESSIONS.update().where(SESSIONS.c.token_hash == key).values(used_at=at))
        return _person(rows[0])

    def sweep(self, at: datetime, *, idle: timedelta, whole: timedelta) -> None:
        """Drop sessions that are over."""
        over = sa.or_(SESSIONS.c.used_at < at - idle, SESSIONS.c.started_at < at - whole)
        self._run(SESSIONS.delete().where(over))

    # --- how ------------------------------------------------------------------------------
    def _change(self, name: str, values: Mapping[str, Any]) -> None:
        person = self.get(name)
        self._run(
            USERS.update().where(USERS.c.id == person.id).values(**values),
            SESSIONS.delete().where(SESSIONS.c.user_id == person.id),
        )

    def _fetch(self, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None

    def _run(self, *statements: sa.Executable) -> None:
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        except SQLAlchemyError as error:
            raise _unwritten(error) from None


def _unwritten(error: SQLAlchemyError) -> RecordsError:
    return RecordsError(f"records: cannot be written: {one_line(error)}")


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        seat=row["seat"],
        must_change=bool(row["must_change"]),
        disabled=bool(row["disabled"]),
        created_at=_utc(row["created_at"]),
        seen_at=_utc(row["seen_at"]) if row["seen_at"] else None,
    )


def _utc(moment: datetime) -> datetime:
    """SQLite forgets the zone; what is stored is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
