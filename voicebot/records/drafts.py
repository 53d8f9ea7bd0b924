"""Drafts of what a pack might say: proposed by programs, decided by people, with who and when."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.draft import (
    ANSWER_CHARS,
    QUESTION_CHARS,
    Draft,
    DraftKind,
    DraftState,
    Heard,
    Origin,
)
from voicebot.records.masking import mask
from voicebot.records.tables import AUDIT, DRAFT_CALLS, DRAFTS

_ID_CHARS = 4
_AT_ONCE = 500  # drafts whose calls are fetched by one statement


class Drafts:
    """The drafts of a store, by pack. Every method raises RecordsError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def list(
        self,
        state: DraftState | str | None = DraftState.PROPOSED,
        *,
        pack: str = "",
        kind: DraftKind | str | None = None,
        limit: int = 1000,
    ) -> tuple[Draft, ...]:
        """The drafts of a state (None: of all), what callers asked most often first."""
        query = sa.select(DRAFTS).limit(limit)
        for column, wanted in (("state", state), ("kind", kind), ("pack", pack)):
            if wanted:
                query = query.where(DRAFTS.c[column] == str(wanted))
        order = (DRAFTS.c["count"].desc(), DRAFTS.c.confidence.desc(), DRAFTS.c.question)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(*order)).mappings().all()
            return _with_calls(connection, [dict(row) for row in rows])

    def get(self, id_or_prefix: str) -> Draft:
        """One draft by its id or the first 4 or more characters of it."""
        wanted = id_or_prefix.strip().lower()
        if len(wanted) < _ID_CHARS or not set(wanted) <= set("0123456789abcdef-"):
            raise RecordsError(
                f"drafts: expected a draft's id or its first {_ID_CHARS} or more characters, got "
                f"{id_or_prefix[:40]!r}; voicebot drafts list shows them"
            )
        query = sa.select(DRAFTS).where(DRAFTS.c.id.startswith(wanted, autoescape=True)).limit(2)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
            found = _with_calls(connection, [dict(row) for row in rows])
        if len(found) != 1:
            many = "several drafts begin" if found else "no draft begins"
            raise RecordsError(f"drafts: {many} with {wanted}; voicebot drafts list shows them")
        return found[0]

    def add(self, pack: str, drafts: Iterable[Draft]) -> int:
        """Propose these; one that is there already, whatever became of it, is not added again.

        Returns how many were new.
        """
        return sum(self._add(pack, draft) for draft in drafts)

    def renew(self, draft_id: str, heard: Sequence[Heard], confidence: float) -> None:
        """It was asked again: the calls are added, and counted."""
        with self._writing() as connection:
            _insert_calls(connection, draft_id, heard)
            calls = sa.select(sa.func.count()).where(DRAFT_CALLS.c.draft_id == draft_id)
            connection.execute(
                DRAFTS.update()
                .where(DRAFTS.c.id == draft_id, DRAFTS.c.state == DraftState.PROPOSED.value)
                .values(count=calls.scalar_subquery(), confidence=confidence)
            )

    def edit(
        self, draft_id: str, by: str, *, question: str = "", answer: str | None = None
    ) -> Draft:
        """Change the words of a proposed draft; what was drafted at first is kept beside."""
        found = self.get(draft_id)
        said = mask(" ".join((question or found.question).split()))
        told = found.answer if answer is None else mask(answer.strip())
        if len(said) > QUESTION_CHARS or len(told) > ANSWER_CHARS:
            raise RecordsError(
                f"drafts: expected at most {QUESTION_CHARS} characters of question and "
                f"{ANSWER_CHARS} of answer, got {len(said)} and {len(told)}"
            )
        values = {"question": said, "answer": told, "key": _key(found.kind, found.near_entry, said)}
        if told != found.answer:
            values["answer_source"] = _one_line(by, 64)
        self._change(found, by, "draft_edit", "", values)
        return self.get(found.id)

    def accept(self, draft_id: str, by: str, version: int | None = None, why: str = "") -> Draft:
        """It is in the pack since `version`; `workshop.acceptance.accept` writes it there."""
        return self._decide(draft_id, DraftState.ACCEPTED, by, why, version)

    def reject(self, draft_id: str, by: str, why: str = "") -> Draft:
        """It is not wanted; the same will not be proposed again."""
        return self._decide(draft_id, DraftState.REJECTED, by, why, None)

    # --- how --------------------------------------------------------------------------------
    def _decide(
        self, draft_id: str, state: DraftState, by: str, why: str, version: int | None
    ) -> Draft:
        found = self.get(draft_id)
        values = {
            "state": state.value,
            "decided_at": datetime.now(UTC),
            "decided_by": _one_line(by, 64),
            "why": mask(_one_line(why, 200)),
            "version": version,
        }
        self._change(found, by, f"draft_{state.value}", why, values)
        return self.get(found.id)

    def _change(
        self, found: Draft, by: str, what: str, why: str, values: Mapping[str, Any]
    ) -> None:
        """Only a proposed draft changes, and it leaves a trace. Of two at once one is too late."""
        if not _one_line(by, 64):
            raise RecordsError("drafts: expected who decides, got nobody")
        note = {
            "at": datetime.now(UTC),
            "who": _one_line(by, 64),
            "what": what,
            "call_id": "",
            "why": mask(_one_line(f"draft {found.id[:8]} {why}", 200)),
        }
        still = (DRAFTS.c.id == found.id, DRAFTS.c.state == DraftState.PROPOSED.value)
        try:
            with self._writing() as connection:
                done = connection.execute(DRAFTS.update().where(*still).values(**values)).rowcount
                if done:
                    connection.execute(AUDIT.insert().values(**note))
        except _Twice:
            raise RecordsError("drafts: another draft asks just that; reject one of them") from None
        if not done:
            now = self.get(found.id)
            raise RecordsError(
                f"drafts: {now.id[:8]} was {now.state} by {now.decided_by or 'somebody'} already"
            )

    def _add(self, pack: str, draft: Draft) -> bool:
        row = {
            "id": draft.id,
            "pack": pack[:128],
            "key": _key(draft.kind, draft.near_entry, draft.question),
            "kind": draft.kind.value,
            "state": draft.state.value,
            "origin": draft.origin.value,
            "question": draft.question,
            "answer": draft.answer,
            "answer_source": draft.answer_source,
            "near_entry": draft.near_entry[:120],
            "nearness": float(draft.nearness),
            "confidence": float(draft.confidence),
            "count": draft.count,
            "drafted": dict(draft.drafted),
            "created_at": draft.created_at,
            "decided_by": "",
            "why": "",
        }
        try:
            with self._writing() as connection:
                connection.execute(DRAFTS.insert().values(**row))
                _insert_calls(connection, draft.id, draft.heard)
        except _Twice:
            return False
        return True

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise RecordsError(f"drafts: cannot be read: {one_line(error)}") from None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise _Twice from None
        except SQLAlchemyError as error:
            raise RecordsError(f"drafts: cannot be written: {one_line(error)}") from None


class _Twice(Exception):
    """The pack has this draft already."""


def forget_calls(ids: Sequence[str]) -> tuple[sa.Executable, ...]:
    """What takes these calls out of all drafts, and the drafts that callers' words alone made and
    nobody has decided upon."""
    heard = DRAFT_CALLS.c.draft_id == DRAFTS.c.id
    return (
        DRAFT_CALLS.delete().where(DRAFT_CALLS.c.call_id.in_(ids)),
        DRAFTS.delete().where(
            DRAFTS.c.origin == Origin.CALLS.value,
            DRAFTS.c.state == DraftState.PROPOSED.value,
            ~sa.exists().where(heard),
        ),
    )


def _insert_calls(connection: sa.Connection, draft_id: str, heard: Sequence[Heard]) -> None:
    known = sa.select(DRAFT_CALLS.c.call_id, DRAFT_CALLS.c.at_ms)
    rows = connection.execute(known.where(DRAFT_CALLS.c.draft_id == draft_id))
    there = {(row.call_id, row.at_ms) for row in rows}
    for each in heard:
        if (each.call_id, each.at_ms) not in there:
            there.add((each.call_id, each.at_ms))
            values = {"draft_id": draft_id, "call_id": each.call_id, "at_ms": each.at_ms}
            connection.execute(DRAFT_CALLS.insert().values(**values))


def _with_calls(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[Draft, ...]:
    heard: dict[str, list[Heard]] = {row["id"]: [] for row in rows}
    ids = list(heard)
    for start in range(0, len(ids), _AT_ONCE):
        some = DRAFT_CALLS.c.draft_id.in_(ids[start : start + _AT_ONCE])
        order = (DRAFT_CALLS.c.call_id, DRAFT_CALLS.c.at_ms)
        for found in connection.execute(sa.select(DRAFT_CALLS).where(some).order_by(*order)):
            heard[found.draft_id].append(Heard(found.call_id, found.at_ms))
    return tuple(_draft(row, tuple(heard[row["id"]])) for row in rows)


def _draft(row: Mapping[str, Any], heard: tuple[Heard, ...]) -> Draft:
    plain = {key: value for key, value in row.items() if key != "key"}
    for key in ("created_at", "decided_at"):  # SQLite forgets the zone
        if plain[key] is not None and plain[key].tzinfo is None:
            plain[key] = plain[key].replace(tzinfo=UTC)
    kinds = {
        "kind": DraftKind(plain["kind"]),
        "state": DraftState(plain["state"]),
        "origin": Origin(plain["origin"]),
    }
    return Draft(**{**plain, **kinds, "heard": heard})


def _key(kind: DraftKind, near_entry: str, question: str) -> str:
    entry = near_entry if kind is DraftKind.SIMILAR else ""
    return hashlib.sha256(f"{kind.value}\0{entry}\0{question}".encode()).hexdigest()[:32]


def _one_line(text: str, most: int) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
