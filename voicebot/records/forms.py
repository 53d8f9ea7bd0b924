"""The wrap-up forms that are kept: drafts, and what seats made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.masking import mask_data
from voicebot.records.tables import CALLS, FORMS


class Draft(Protocol):
    """What is kept of a form (`voicebot.wrapup.form.Form` is one)."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with ``fields``: a list of ``{key, label, value, confidence, turn, ...}``."""


@dataclass(frozen=True)
class StoredForm:
    """A call's form. `draft` is `Form.to_dict()`; `accepted` is what the seat left in each field,
    None until then. Times are UTC."""

    call_id: str
    made_at: datetime
    draft: Mapping[str, Any]
    seat: str = ""
    accepted_at: datetime | None = None
    accepted: Mapping[str, str] | None = None

    def drafted(self) -> dict[str, str]:
        """The draft's values by key."""
        return {each["key"]: each["value"] for each in self.draft.get("fields", ())}

    def edits(self) -> dict[str, tuple[str, str]]:
        """What the seat changed, by key: (drafted, accepted). Empty while nobody has accepted."""
        if self.accepted is None:
            return {}
        drafted = self.drafted()
        keys = dict.fromkeys((*drafted, *self.accepted))
        pairs = {key: (drafted.get(key, ""), self.accepted.get(key, "")) for key in keys}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


class Forms:
    """The forms of a store. Every method raises RecordsError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def save_draft(self, call_id: str, form: Draft) -> None:
        """Keep a draft. A form that a seat has accepted is left as it is."""
        draft = mask_data(form.to_dict())
        row = {"made_at": datetime.now(UTC), "draft": draft}
        try:
            with self._engine.begin() as connection:
                here = FORMS.c.call_id == call_id
                known = connection.execute(sa.select(FORMS.c.accepted_at).where(here)).first()
                if known is None:
                    values = {"call_id": call_id, "seat": "", **row}
                    connection.execute(FORMS.insert().values(**values))
                elif known[0] is None:
                    connection.execute(FORMS.update().where(here).values(**row))
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be written: {one_line(error)}") from None

    def accept(self, call_id: str, seat: str, values: Mapping[str, str]) -> StoredForm:
        """What `seat` leaves in the form: the whole of it, by key. The draft is kept beside it.

        A seat may accept again. Raises RecordsError too for keys that the form does not have.
        """
        kept = self.get(call_id)
        if kept is None:
            raise RecordsError(f"forms: call {call_id[:8]} has no form to accept")
        unknown = sorted(set(values) - set(kept.draft.get("keys", ())))
        if unknown:
            keys = ", ".join(kept.draft.get("keys", ()))
            raise RecordsError(f"forms: unknown field {unknown[0][:40]!r}; known: {keys}")
        accepted = {key: str(value).strip() for key, value in mask_data(dict(values)).items()}
        done = StoredForm(call_id, kept.made_at, kept.draft, seat[:64], datetime.now(UTC), accepted)
        row = {"seat": done.seat, "accepted_at": done.accepted_at, "accepted": accepted}
        try:
            with self._engine.begin() as connection:
                connection.execute(FORMS.update().where(FORMS.c.call_id == call_id).values(**row))
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be written: {one_line(error)}") from None
        return done

    def get(self, call_id: str) -> StoredForm | None:
        """The form of a call, or None."""
        return next(self._select(FORMS.c.call_id == call_id), None)

    def accepted(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredForm]:
        """The accepted forms of calls that began at or after `since` and before `until`."""
        wanted: list[sa.ColumnElement[bool]] = [FORMS.c.accepted_at.is_not(None)]
        if since is not None:
            wanted.append(CALLS.c.started_at >= since)
        if until is not None:
            wanted.append(CALLS.c.started_at < until)
        return self._select(*wanted)

    def _select(self, *wanted: sa.ColumnElement[bool]) -> Iterator[StoredForm]:
        query = sa.select(FORMS).outerjoin(CALLS, CALLS.c.id == FORMS.c.call_id).where(*wanted)
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(query.order_by(FORMS.c.made_at)).mappings().all()
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None
        return (StoredForm(**row) for row in rows)
