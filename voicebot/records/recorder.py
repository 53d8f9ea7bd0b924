"""The pen of one call: every method returns at once; the writer thread does the rest."""

from __future__ import annotations

import asyncio
import enum
import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from voicebot.errors import RecordsError
from voicebot.records import callbacks
from voicebot.records.call_facts import Sifter
from voicebot.records.callbacks import Booking
from voicebot.records.keys import CallerKeys
from voicebot.records.masking import mask_data
from voicebot.records.outbox import insert, new_message
from voicebot.records.tables import CALL_FACTS, CALLS, EVENTS
from voicebot.records.writer import Writer


class Summary(Protocol):
    """What `CallRecorder.summary` stores (``handoff.SummaryPackage`` is one)."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""


class CallRecorder:
    """Writes one call. Personal data is masked before it leaves the caller's thread."""

    def __init__(
        self,
        call_id: str,
        writer: Writer,
        on_finish: Callable[[str], None] = lambda _id: None,
        keys: CallerKeys | None = None,
    ) -> None:
        self.call_id = call_id
        self._writer = writer
        self._on_finish = on_finish
        self._keys = keys
        self._seq = itertools.count()
        self._sift = Sifter(call_id)

    def event(self, kind: str, at_ms: int, /, **data: Any) -> None:
        """Store one event; `at_ms` counts from the start of the call, on the call's clock.

        `data` is anything JSON-like; dataclasses, enums and paths are made plain.
        """
        row = {
            "call_id": self.call_id,
            "seq": next(self._seq),
            "at_ms": int(at_ms),
            "kind": kind[:64],
            "data": mask_data(_plain(data)),
        }
        facts = self._sift(row["seq"], row["kind"], row["data"])
        self._writer.put(lambda connection: _insert_event(connection, row, facts))

    def update(
        self,
        *,
        codec: str | None = None,
        recording: Path | str | None = None,
        quality: Mapping[str, float] | None = None,
    ) -> None:
        """Fill in what was not known when the call began; `quality` are the line's figures."""
        values: dict[str, Any] = {}
        if codec is not None:
            values["codec"] = codec[:32]
        if recording is not None:
            values["recording"] = str(recording)
        if quality is not None:
            values["quality"] = _plain(quality)
        if values:
            self._put(values)

    def summary(self, package: Summary) -> None:
        """Store the story told to the seat; a later one replaces it."""
        self._put({"summary": mask_data(_plain(package.to_dict()))})

    async def store_summary(self, package: Summary, timeout_s: float = 0.5) -> bool:
        """`summary`, and wait until it is on disk; False if that took longer than allowed."""
        self.summary(package)
        return await self.stored(timeout_s)

    async def stored(self, timeout_s: float = 0.5) -> bool:
        """Wait until all events so far are committed; False after `timeout_s`."""
        future = asyncio.wrap_future(self._writer.barrier())
        try:
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            return False

    async def book_call_back(self, booking: Booking, timeout_s: float = 1.0) -> bool:
        """Promise the caller a call; True once it is on disk, False after `timeout_s`.

        Raises RecordsError where the store has no key: a number that nobody can read is no promise.
        """
        keys, now = self._keys, datetime.now(UTC)
        if keys is None:
            raise RecordsError("callbacks: the store has no key; set records.key_file")

        def write(connection: sa.Connection) -> None:
            callbacks.insert(connection, self.call_id, booking, keys, now)

        self._writer.put(write)
        return await self.stored(timeout_s)

    def publish(self, endpoint: str, kind: str, body: str) -> str:
        """Put a message for another system into the outbox, after the events so far; its id.

        `body` is the JSON to send; it must be masked already, because it is signed as it is.
        """
        message = new_message(endpoint, kind, self.call_id, body, datetime.now(UTC))
        self._writer.put(lambda connection: insert(connection, message))
        return message.id

    def written(self) -> Future[bool]:
        """Turns True when all so far is committed; its callbacks run on the writer's thread."""
        return self._writer.barrier()

    def finish(self, outcome: str, hangup_by: str) -> None:
        """The call is over. `outcome` is the dialog's word for it, `hangup_by` the line's."""
        ended = datetime.now(UTC)
        self._put({"ended_at": ended, "outcome": outcome[:64], "hangup_by": hangup_by[:32]})
        self._on_finish(self.call_id)

    def _put(self, values: Mapping[str, Any]) -> None:
        statement = CALLS.update().where(CALLS.c.id == self.call_id).values(**values)
        self._writer.put(lambda connection: _execute(connection, statement))


def _execute(connection: sa.Connection, statement: sa.Executable) -> None:
    connection.execute(statement)


def _insert_event(
    connection: sa.Connection, row: Mapping[str, Any], facts: Sequence[Mapping[str, Any]]
) -> None:
    """One write: an event that is refused leaves no facts behind."""
    connection.execute(EVENTS.insert(), row)
    if facts:
        connection.execute(CALL_FACTS.insert(), facts)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "__float__"):  # NumPy's numbers too; JSON has no NaN
        number = float(value)
        return number if number == number and abs(number) != float("inf") else None
    return str(value)
