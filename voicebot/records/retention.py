"""What is kept for how long, deletion on request, reading a number again; each leaves a trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.keys import CallerKeys
from voicebot.records.outbox import WAITING
from voicebot.records.tables import AUDIT, CALLS, EVENTS, OUTBOX, SEALED
from voicebot.settings import RetentionSettings

_AT_ONCE = 200  # calls a transaction: others write in between
_OUTBOX_DAYS = 7  # what was delivered
CALLER = "caller"


@dataclass(frozen=True)
class Purged:
    """How many calls lost what."""

    recordings: int = 0
    texts: int = 0
    calls: int = 0


class Custody:
    """The store's duties towards callers. Every method raises RecordsError."""

    def __init__(self, engine: sa.Engine, keys: CallerKeys | None) -> None:
        self._engine = engine
        self._keys = keys

    # --- retention ------------------------------------------------------------------------
    def purge(self, keep: RetentionSettings, now: datetime, *, dry_run: bool = False) -> Purged:
        """Delete what is older than `keep` says. `dry_run` only counts."""
        recorded = self._older(keep.audio_days, now, CALLS.c.recording != "")
        with_texts = sa.exists().where(EVENTS.c.call_id == CALLS.c.id)
        worded = self._older(keep.texts_days, now, sa.or_(with_texts, CALLS.c.summary.is_not(None)))
        whole = self._older(keep.calls_days, now, sa.true())
        if not dry_run:
            self._delete_recordings(recorded + whole)
            self._delete_texts(worded + whole)
            self._in_batches(whole, lambda ids: [CALLS.delete().where(CALLS.c.id.in_(ids))])
            self._delete_told(now)
        return Purged(len(recorded), len(worded), len(whole))

    # --- one caller -----------------------------------------------------------------------
    def calls_of(self, number: str) -> tuple[str, ...]:
        """The ids of a caller's calls, oldest first, however the number is written."""
        pseudonym = self._required_keys().pseudonym(number)
        if not pseudonym:
            raise RecordsError(f"calls: expected a telephone number, got {number[:32]!r}")
        query = sa.select(CALLS.c.id).where(CALLS.c.caller_key == pseudonym)
        return tuple(row[0] for row in self._fetch(query.order_by(CALLS.c.started_at)))

    def forget(self, number: str, *, who: str, why: str) -> int:
        """Delete all calls of a caller, with recordings and messages; returns how many."""
        ids = self.calls_of(number)
        self._delete_recordings(ids)
        self._delete_texts(ids)
        self._in_batches(ids, lambda some: [CALLS.delete().where(CALLS.c.id.in_(some))])
        for each in ids or ("",):
            self._note(who, "forget", each, why)
        return len(ids)

    def reveal(self, call_id: str, *, who: str, why: str) -> str:
        """The whole number of a call's caller. Who asked, and why, is noted first."""
        keys = self._required_keys()
        query = sa.select(SEALED.c.box).where(SEALED.c.call_id == call_id, SEALED.c.name == CALLER)
        found = self._fetch(query)
        if not found:
            raise RecordsError(
                f"calls: the number of {call_id[:8]} is not kept (withheld, purged, or from before "
                "this store had a key)"
            )
        if not why.strip():
            raise RecordsError("calls: a reason is expected: who reads a number says what for")
        self._note(who, "reveal", call_id, why)
        return keys.open(found[0][0], call_id)

    def audit(self, limit: int = 100) -> tuple[dict[str, Any], ...]:
        """Who did what, newest first."""
        query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        return tuple(dict(row._mapping) for row in self._fetch(query))

    # --- how ------------------------------------------------------------------------------
    def _older(self, days: int, now: datetime, what: Any) -> tuple[str, ...]:
        if not days:
            return ()
        query = sa.select(CALLS.c.id).where(CALLS.c.started_at < now - timedelta(days=days), what)
        # A call that still goes on is nobody's to delete.
        return tuple(row[0] for row in self._fetch(query.where(CALLS.c.ended_at.is_not(None))))

    def _delete_recordings(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            query = sa.select(CALLS.c.id, CALLS.c.recording).where(CALLS.c.id.in_(some))
            for call_id, recording in self._fetch(query):
                _unlink(call_id, recording)
            self._run(CALLS.update().where(CALLS.c.id.in_(some)).values(recording=""))

    def _delete_texts(self, ids: Sequence[str]) -> None:
        self._in_batches(
            ids,
            lambda some: [
                EVENTS.delete().where(EVENTS.c.call_id.in_(some)),
                OUTBOX.delete().where(OUTBOX.c.call_id.in_(some)),
                SEALED.delete().where(SEALED.c.call_id.in_(some)),
                CALLS.update().where(CALLS.c.id.in_(some)).values(summary=sa.null()),
            ],
        )

    def _delete_told(self, now: datetime) -> None:
        old = OUTBOX.c.created_at < now - timedelta(days=_OUTBOX_DAYS)
        self._run(OUTBOX.delete().where(old, OUTBOX.c.state != WAITING))

    def _in_batches(self, ids: Sequence[str], statements: Any) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            self._run(*statements(ids[start : start + _AT_ONCE]))

    def _note(self, who: str, what: str, call_id: str, why: str) -> None:
        row = {"at": datetime.now(UTC), "who": who[:64], "what": what, "call_id": call_id}
        self._run(AUDIT.insert().values(**row, why=" ".join(why.split())[:200]))

    def _required_keys(self) -> CallerKeys:
        if self._keys is None:
            raise RecordsError(
                "records: this store was opened without its key; set records.key_file"
            )
        return self._keys

    def _fetch(self, query: sa.Select[Any]) -> Sequence[Any]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None

    def _run(self, *statements: sa.Executable) -> None:
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be written: {one_line(error)}") from None


def _unlink(call_id: str, recording: str) -> None:
    """Delete a recording, and nothing else: the file is named after its call."""
    path = Path(recording)
    if recording and path.stem == call_id and path.suffix == ".wav":
        path.unlink(missing_ok=True)
