"""`Records`: where calls are kept and found again."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from telephony.api import CallInfo
from voicebot.errors import NoSuchCallError, RecordsError
from voicebot.records.callbacks import CallBacks
from voicebot.records.database import one_line, open_engine
from voicebot.records.drafts import Drafts
from voicebot.records.forms import Forms
from voicebot.records.keys import CallerKeys
from voicebot.records.masking import mask_number
from voicebot.records.outbox import Outbox
from voicebot.records.people import People
from voicebot.records.recorder import CallRecorder
from voicebot.records.retention import CALLER, Custody
from voicebot.records.rows import call_row
from voicebot.records.seat_log import SeatLog
from voicebot.records.suggestions import Suggestions
from voicebot.records.tables import CALLS, EVENTS, SEALED
from voicebot.records.turn_labels import TurnLabels
from voicebot.records.views import CallRow, CallView, EventView, build_view
from voicebot.records.writer import Writer
from voicebot.settings import RecordsSettings

KEY_FILE = "caller.key"
_log = structlog.get_logger("voicebot.records")
_ROW = tuple(column for column in CALLS.c if column.name != "summary")  # a row shows none
_ID_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{3,35}")


class Records:
    """A store of calls; one a process. Use `open`."""

    def __init__(self, engine: sa.Engine, keys: CallerKeys | None = None) -> None:
        self._engine = engine
        self._keys = keys
        self._writer: Writer | None = None
        self._me = f"{socket.gethostname()}:{os.getpid()}"[:128]
        self._open_calls: set[str] = set()

    @classmethod
    def open(cls, where: str | Path | RecordsSettings, *, create: bool = True) -> Records:
        """Open a folder (SQLite) or a SQLAlchemy URL, bringing its schema up to date.

        A folder holds its key (`caller.key`); for a URL the settings name it, and without one
        callers' numbers cannot be found again. With `create` false a folder without calls is an
        error, and no key is made: who only reads a store may be another user than the bot. Raises
        RecordsError.
        """
        key_file = None if "://" in str(where) else Path(str(where)) / KEY_FILE
        if isinstance(where, RecordsSettings):
            key_file = where.key_file or where.directory / KEY_FILE
            where = where.url or where.directory
        engine = open_engine(where, create=create)
        if key_file is None or not (create or key_file.exists()):
            return cls(engine)
        store = cls(engine, CallerKeys.load(key_file))
        if store.custody.sealed_by_others(most=1):
            _log.error(
                "records_key_differs",
                key_file=str(key_file),
                do="give every machine that writes to this database the same key file, else "
                "calls forget and calls reveal miss calls",
            )
        return store

    def start_call(
        self, info: CallInfo, *, pack: str = "", recording: Path | str = ""
    ) -> CallRecorder:
        """Begin a record. Returns at once; the caller's number is stored masked."""
        writer = self._started_writer()
        now = datetime.now(UTC)
        call_id = str(uuid.uuid4())
        row: dict[str, Any] = {
            "id": call_id,
            "started_at": now,
            "caller": mask_number(_printable(info.caller)),
            "callee": _printable(info.callee),
            "pack": pack[:128],
            "codec": info.codec[:32],
            "outcome": "",
            "hangup_by": "",
            "recording": str(recording),
            "writer": self._me,
            "alive_at": now,
            "caller_key": self._keys.pseudonym(info.caller) or None if self._keys else None,
        }
        self._open_calls.add(call_id)
        writer.put(lambda connection: _insert(connection, row))
        if self._keys is not None and row["caller_key"]:
            box = self._keys.seal(_printable(info.caller), call_id)
            writer.put(lambda connection: _seal(connection, call_id, box))
        return CallRecorder(call_id, writer, self._open_calls.discard, self._keys)

    def _started_writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(self._engine, self._beat)
        return self._writer

    @property
    def seats(self) -> SeatLog:
        """What seats were doing when."""
        return SeatLog(self._engine, lambda write: self._started_writer().put(write), self._me)

    @property
    def callbacks(self) -> CallBacks:
        """The calls that callers were promised."""
        return CallBacks(self._engine, self._keys)

    @property
    def custody(self) -> Custody:
        """Retention, deletion on request, and reading a number again."""
        return Custody(self._engine, self._keys)

    @property
    def outbox(self) -> Outbox:
        """What is still to be told to other systems."""
        return Outbox(self._engine)

    @property
    def people(self) -> People:
        """Who may sit before the console."""
        return People(self._engine)

    @property
    def turn_labels(self) -> TurnLabels:
        """Turns judged by people."""
        return TurnLabels(self._engine)

    @property
    def forms(self) -> Forms:
        """The wrap-up forms."""
        return Forms(self._engine)

    @property
    def suggestions(self) -> Suggestions:
        """What seats were shown, and what they did with it."""
        return Suggestions(self._engine)

    @property
    def drafts(self) -> Drafts:
        """What programs propose to add to packs."""
        return Drafts(self._engine)

    async def settled(self, timeout_s: float = 2.0) -> bool:
        """Wait until all that was given to this store is on disk; False after `timeout_s`."""
        if self._writer is None:
            return True
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._writer.barrier()), timeout_s)
        except TimeoutError:
            return False

    def close(self) -> int:
        """Write what is queued and close; returns how many writes were lost (0 in health)."""
        lost = self._writer.close() if self._writer else 0
        self._engine.dispose()
        return lost

    def list_calls(self, limit: int = 50) -> list[CallRow]:
        """The latest calls, newest first."""
        return self.rows_of(sa.select(CALLS.c.id).order_by(CALLS.c.started_at.desc()).limit(limit))

    def rows_of(self, ids: sa.Select[Any]) -> list[CallRow]:
        """The calls that a query of ids finds, newest first."""
        last = sa.select(sa.func.max(EVENTS.c.at_ms)).where(EVENTS.c.call_id == CALLS.c.id)
        # A call that has ended says itself how long it was.
        open_ms = sa.case((CALLS.c.ended_at.is_(None), last.scalar_subquery()), else_=0)
        wanted = ids.subquery()
        query = (
            sa.select(*_ROW, open_ms.label("last_ms"))
            .join(wanted, wanted.c.id == CALLS.c.id)
            .order_by(CALLS.c.started_at.desc())
        )
        return [call_row(found) for found in self.fetch(query)]

    def has_ended(self, call_id: str) -> bool:
        """Whether the end of a call is on disk. Raises RecordsError."""
        ended = CALLS.c.ended_at.is_not(None)
        return bool(self.fetch(sa.select(CALLS.c.id).where(CALLS.c.id == call_id, ended)))

    def ids_between(self, since: datetime | None, until: datetime | None) -> tuple[str, ...]:
        """The ids of calls that began at or after `since` and before `until`, oldest first."""
        query = sa.select(CALLS.c.id).order_by(CALLS.c.started_at)
        if since is not None:
            query = query.where(CALLS.c.started_at >= since)
        if until is not None:
            query = query.where(CALLS.c.started_at < until)
        return tuple(row["id"] for row in self.fetch(query))

    def get_call(self, id_or_prefix: str) -> CallView:
        """One call by its id or the first characters of it (at least 4).

        Raises RecordsError if there is none, or more than one.
        """
        wanted = id_or_prefix.strip().lower()
        if not _ID_PREFIX.fullmatch(wanted):
            raise RecordsError(
                f"calls: expected a call's id or its first 4 or more characters (0-9 a-f -), "
                f"got {id_or_prefix[:40]!r}; voicebot calls list shows them"
            )
        query = sa.select(CALLS).where(CALLS.c.id.startswith(wanted, autoescape=True)).limit(9)
        found = self.fetch(query)
        if not found:
            raise NoSuchCallError(
                f"calls: no call begins with {wanted}; voicebot calls list shows them"
            )
        if len(found) > 1:
            ids = ", ".join(sorted(str(row["id"])[: len(wanted) + 4] for row in found))
            raise RecordsError(f"calls: {wanted} is the beginning of several calls: {ids}")
        events = self.fetch(
            sa.select(EVENTS).where(EVENTS.c.call_id == found[0]["id"]).order_by(EVENTS.c.seq)
        )
        last_ms = events[-1]["at_ms"] if events else 0
        return build_view(
            call_row({**found[0], "last_ms": last_ms}),
            found[0]["summary"],
            (EventView(row["seq"], row["at_ms"], row["kind"], row["data"]) for row in events),
        )

    def fetch(self, query: sa.Select[Any]) -> list[Mapping[str, Any]]:
        """The rows of a query. Raises RecordsError."""
        return self.fetch_each((query,))[0]

    def fetch_each(self, queries: Sequence[sa.Select[Any]]) -> list[list[Mapping[str, Any]]]:
        """The rows of each query, all read over one connection. Raises RecordsError."""
        try:
            with self._engine.connect() as connection:
                return [
                    [dict(row) for row in connection.execute(query).mappings()] for query in queries
                ]
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None

    def _beat(self, connection: sa.Connection) -> None:
        ids = list(self._open_calls)
        if ids:
            connection.execute(
                CALLS.update().where(CALLS.c.id.in_(ids)).values(alive_at=datetime.now(UTC))
            )


def _insert(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    connection.execute(CALLS.insert().values(**row))


def _seal(connection: sa.Connection, call_id: str, box: bytes) -> None:
    connection.execute(SEALED.insert().values(call_id=call_id, name=CALLER, box=box))


def _printable(header: str) -> str:
    """What a SIP header said, without what could steer a terminal or break a column."""
    return "".join(char for char in header if char.isprintable())[:128]
