"""One thread that writes for all calls: callers only put things in a queue.

A batch is what arrived within `BATCH_S`; it is one transaction. When the database cannot be
written (locked, disk full) the batch is kept and tried again, the calls go on, and the log
has one line when the trouble begins and one when it ends.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from voicebot.records.database import one_line

BATCH_S = 0.05
RETRY_S = 0.5
HEARTBEAT_S = 5.0
MAX_PENDING = 20_000
CLOSE_S = 5.0
_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}

Write = Callable[[sa.Connection], None]
_log = structlog.get_logger("voicebot.records")


class Writer:
    """Runs writes in order on its own thread.

    Args:
        engine: where to.
        heartbeat: run about every `HEARTBEAT_S`, to show that this process lives.
    """

    def __init__(self, engine: sa.Engine, heartbeat: Write) -> None:
        self._engine = engine
        self._heartbeat = heartbeat
        self._queue: queue.SimpleQueue[Write | Future[bool] | None] = queue.SimpleQueue()
        self._pending: deque[Write | Future[bool]] = deque()
        self._in_trouble = False
        self._dropped = 0
        self._closing = False
        self._next_beat_s = time.monotonic() + HEARTBEAT_S
        self._thread = threading.Thread(target=self._run, name="records-writer", daemon=True)
        self._thread.start()

    def put(self, write: Write) -> None:
        """Queue a write; returns at once, never raises."""
        self._queue.put(write)

    def barrier(self) -> Future[bool]:
        """A future that turns True when all that was queued before it is committed."""
        future: Future[bool] = Future()
        if self._closing:
            future.set_result(False)
        else:
            self._queue.put(future)
        return future

    def close(self) -> int:
        """Write what is left (at most `CLOSE_S`); returns how many writes were lost."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        self._thread.join(CLOSE_S + 1)
        lost = self._dropped + sum(not isinstance(item, Future) for item in self._pending)
        if lost:
            _log.error("records_lost", writes=lost)
        return lost

    def _run(self) -> None:
        while not self._collect():
            self._flush()
            self._beat()
        deadline = time.monotonic() + CLOSE_S
        while self._pending and not self._flush() and time.monotonic() < deadline:
            time.sleep(min(RETRY_S, 0.1))
        for item in self._pending:
            if isinstance(item, Future):
                _resolve(item, False)

    def _collect(self) -> bool:
        """Wait for work and gather a batch; True when the writer was closed."""
        wait_s = RETRY_S if self._pending else max(0.0, self._next_beat_s - time.monotonic())
        batch_end = None
        while True:
            try:
                item = self._queue.get(timeout=max(0.0, wait_s))
            except queue.Empty:
                return False
            if item is None:
                return True
            self._keep(item)
            if isinstance(item, Future):  # someone waits for this: no more gathering
                return False
            now = time.monotonic()
            batch_end = batch_end or now + BATCH_S
            wait_s = batch_end - now
            if wait_s <= 0:
                return False

    def _keep(self, item: Write | Future[bool]) -> None:
        if len(self._pending) >= MAX_PENDING:
            oldest = self._pending.popleft()
            if isinstance(oldest, Future):
                _resolve(oldest, False)
            else:
                self._dropped += 1
        self._pending.append(item)

    def _flush(self) -> bool:
        """Commit all that is pending; False if the database would not take it now."""
        if not self._pending:
            return True
        try:
            with self._engine.begin() as connection:
                for item in self._pending:
                    if not isinstance(item, Future):
                        item(connection)
        except Exception as error:  # this thread serves every call: it must not die
            if _may_pass(error):
                self._trouble(error)
                return False
            self._flush_one_by_one()
        if self._in_trouble:
            self._in_trouble = False
            _log.info("records_written_again")
        for item in self._pending:
            if isinstance(item, Future):
                _resolve(item, True)
        self._pending.clear()
        return True

    def _flush_one_by_one(self) -> None:
        """A write that can never succeed must not hold up the others."""
        for item in self._pending:
            if isinstance(item, Future):
                continue
            try:
                with self._engine.begin() as connection:
                    item(connection)
            except Exception as error:
                self._dropped += 1
                _log.error("records_write_refused", error=one_line(error))

    def _trouble(self, error: Exception) -> None:
        if not self._in_trouble:
            self._in_trouble = True
            _log.error(
                "records_not_written", error=one_line(error), do="calls go on; will try again"
            )

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._next_beat_s:
            return
        self._next_beat_s = now + HEARTBEAT_S
        try:
            with self._engine.begin() as connection:
                self._heartbeat(connection)
        except SQLAlchemyError as error:
            self._trouble(error)


def _resolve(future: Future[bool], done: bool) -> None:
    if future.set_running_or_notify_cancel():  # its waiter may have given up
        future.set_result(done)


def _may_pass(error: Exception) -> bool:
    """Whether trying again later makes sense: lock, full disk, lost connection.

    SQLite calls a faulty statement an OperationalError too; its code tells them apart.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _SQLITE_PASSING
