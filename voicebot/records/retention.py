"""What is kept for how long, deletion on request, reading a number again; each leaves a trace."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.drafts import forget_calls
from voicebot.records.keys import CallerKeys
from voicebot.records.masking import mask
from voicebot.records.outbox import DELIVERED
from voicebot.records.people_tables import TURN_LABELS
from voicebot.records.tables import (
    AUDIT,
    CALL_BACKS,
    CALLS,
    EVENTS,
    FORMS,
    OUTBOX,
    SEALED,
    SEAT_LOG,
    SUGGESTIONS,
)
from voicebot.settings import RetentionSettings

_AT_ONCE = 200  # calls a transaction: others write in between
_OUTBOX_DAYS = 7  # what was delivered; what was given up waits for a person
_SILENT_H = 1  # a call without an end whose writer was silent for so long has been interrupted
CALLER = "caller"
CALL_BACK = "call_back"


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
        """Delete what is older than `keep` says. `dry_run` only counts.

        A recording that cannot be deleted keeps its call; the rest goes, then it is an error. One
        that another host has made, and only that host has, is left for its own purge.
        """
        recorded = self._older(keep.audio_days, now, CALLS.c.recording != "")
        away = {call_id for call_id, _, _ in self.recordings_elsewhere(recorded)}
        recorded = tuple(each for each in recorded if each not in away)
        kinds = (EVENTS, SEALED, OUTBOX, FORMS, SUGGESTIONS, CALL_BACKS, TURN_LABELS)
        texts = [sa.exists().where(each.c.call_id == CALLS.c.id) for each in kinds]
        worded = self._older(keep.texts_days, now, sa.or_(*texts, CALLS.c.summary.is_not(None)))
        whole = self._older(keep.calls_days, now, sa.true())
        if dry_run:
            return Purged(len(recorded), len(worded), len(whole))
        stuck = self._delete_recordings(recorded + whole)
        self._delete_texts(worded + whole)
        gone = tuple(each for each in whole if each not in stuck)
        self._in_batches(gone, lambda ids: [CALLS.delete().where(CALLS.c.id.in_(ids))])
        self._delete_told(now)
        self._delete_seat_log(keep.calls_days, now)
        _refuse(stuck)
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
        """Delete all calls of a caller, with recordings, messages and call-backs; returns how many.

        Who asked, and why, is noted first. See `recordings_elsewhere` and `sealed_by_others` for
        what is out of reach from here.
        """
        ids = self.calls_of(number)
        _expect_reason(why)
        for each in ids or ("",):
            self._note(who, "forget", each, why)
        stuck = self._delete_recordings(ids)
        self._delete_texts(ids)
        self._delete_call_backs(number)
        gone = [each for each in ids if each not in stuck]
        self._in_batches(gone, lambda some: [CALLS.delete().where(CALLS.c.id.in_(some))])
        _refuse(stuck)
        return len(ids)

    def recordings_elsewhere(self, ids: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
        """(call, host, path) of the recordings among these that only another host can delete."""
        found: list[tuple[str, str, str]] = []
        columns = (CALLS.c.id, CALLS.c.writer, CALLS.c.recording)
        for start in range(0, len(ids), _AT_ONCE):
            query = sa.select(*columns).where(CALLS.c.id.in_(ids[start : start + _AT_ONCE]))
            for call_id, writer, recording in self._fetch(query):
                host = str(writer).rpartition(":")[0]
                if recording and host != socket.gethostname() and not Path(recording).exists():
                    found.append((call_id, host, recording))
        return tuple(found)

    def sealed_by_others(self, most: int = 1_000_000) -> int:
        """How many of the latest `most` numbers were sealed with another key than this one.

        Their calls have other pseudonyms too: `calls_of` does not find them.
        """
        keys = self._required_keys()
        query = sa.select(SEALED.c.box, SEALED.c.call_id).join(
            CALLS, CALLS.c.id == SEALED.c.call_id
        )
        rows = self._fetch(query.order_by(CALLS.c.started_at.desc()).limit(most))
        return sum(not keys.opens(box, call_id) for box, call_id in rows)

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
        _expect_reason(why)
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
        # A call that still goes on is nobody's to delete; one whose writer died has no end.
        silent = CALLS.c.alive_at < now - timedelta(hours=_SILENT_H)
        over = sa.or_(CALLS.c.ended_at.is_not(None), silent)
        return tuple(row[0] for row in self._fetch(query.where(over)))

    def _delete_recordings(self, ids: Sequence[str]) -> dict[str, str]:
        """Returns what could not be deleted, and why, by its call."""
        stuck: dict[str, str] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            query = sa.select(CALLS.c.id, CALLS.c.recording).where(CALLS.c.id.in_(some))
            for call_id, recording in self._fetch(query):
                try:
                    _unlink(call_id, recording)
                except OSError as error:
                    stuck[call_id] = f"{recording}: {error.strerror}"
            done = [each for each in some if each not in stuck]
            self._run(CALLS.update().where(CALLS.c.id.in_(done)).values(recording=""))
        return stuck

    def _delete_texts(self, ids: Sequence[str]) -> None:
        self._in_batches(
            ids,
            lambda some: [
                EVENTS.delete().where(EVENTS.c.call_id.in_(some)),  # their CALL_FACTS too
                OUTBOX.delete().where(OUTBOX.c.call_id.in_(some)),
                SEALED.delete().where(SEALED.c.call_id.in_(some)),
                TURN_LABELS.delete().where(TURN_LABELS.c.call_id.in_(some)),
                FORMS.delete().where(FORMS.c.call_id.in_(some)),
                SUGGESTIONS.delete().where(SUGGESTIONS.c.call_id.in_(some)),
                CALL_BACKS.delete().where(CALL_BACKS.c.call_id.in_(some)),
                CALLS.update().where(CALLS.c.id.in_(some)).values(summary=sa.null()),
                *forget_calls(some),
            ],
        )

    def _delete_told(self, now: datetime) -> None:
        old = OUTBOX.c.created_at < now - timedelta(days=_OUTBOX_DAYS)
        self._run(OUTBOX.delete().where(old, OUTBOX.c.state == DELIVERED))

    def _delete_seat_log(self, days: int, now: datetime) -> None:
        """All that is older, but each seat's last row: that is its state."""
        if days:
            last = sa.select(sa.func.max(SEAT_LOG.c.id)).group_by(SEAT_LOG.c.seat)
            old = SEAT_LOG.c.at < now - timedelta(days=days)
            self._run(SEAT_LOG.delete().where(old, SEAT_LOG.c.id.not_in(last)))

    def _delete_call_backs(self, number: str) -> None:
        """Those on this number that others have asked for."""
        mine = CALL_BACKS.c.number_key == self._required_keys().pseudonym(number)
        ids = sa.select(CALL_BACKS.c.call_id).where(mine)
        sealed = (SEALED.c.call_id.in_(ids), SEALED.c.name == CALL_BACK)
        self._run(SEALED.delete().where(*sealed), CALL_BACKS.delete().where(mine))

    def _in_batches(self, ids: Sequence[str], statements: Any) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            self._run(*statements(ids[start : start + _AT_ONCE]))

    def note(self, who: str, what: str, *, call_id: str = "", why: str = "") -> None:
        """Keep that someone did something; `why` is masked, as all that stays for ever."""
        self._note(who, what[:32], call_id[:36], why)

    def _note(self, who: str, what: str, call_id: str, why: str) -> None:
        row = {"at": datetime.now(UTC), "who": who[:64], "what": what, "call_id": call_id}
        # Kept for ever, so it must hold no number: 客户138…要求删除.
        self._run(AUDIT.insert().values(**row, why=mask(" ".join(why.split()))[:200]))

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


def _expect_reason(why: str) -> None:
    if not why.strip():
        raise RecordsError("calls: a reason is expected: who reads or deletes says what for")


def _refuse(stuck: Mapping[str, str]) -> None:
    if stuck:
        raise RecordsError(
            f"records: {len(stuck)} recordings cannot be deleted (all else is): "
            f"{next(iter(stuck.values()))}; delete them by hand, or give the bot the right to"
        )


def _unlink(call_id: str, recording: str) -> None:
    """Delete a recording, and nothing else: the file is named after its call."""
    path = Path(recording)
    if recording and path.stem == call_id and path.suffix == ".wav":
        path.unlink(missing_ok=True)
