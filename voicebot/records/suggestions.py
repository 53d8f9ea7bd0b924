"""What seats were shown during their calls, and what they did with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError
from voicebot.records.database import one_line
from voicebot.records.masking import mask
from voicebot.records.tables import SUGGESTIONS

SHOWN, USED, DISMISSED = "shown", "used", "dismissed"
VERDICTS = (SHOWN, USED, DISMISSED)


class Shown(Protocol):
    """What is kept of a suggestion (`voicebot.assist.assistant.Suggestion` is one)."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def turn(self) -> int: ...


@dataclass(frozen=True)
class StoredSuggestion:
    """One suggestion of a call; `verdict` is shown, used or dismissed."""

    call_id: str
    id: str
    at: datetime
    kind: str
    text: str
    source: str
    turn: int
    verdict: str


class Suggestions:
    """The suggestions of a store. Every method raises RecordsError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(self, call_id: str, suggestion: Shown, verdict: str) -> None:
        """Note that it was shown, used or dismissed; the last word counts.

        That it was shown does not take back a verdict.
        """
        if verdict not in VERDICTS:
            known = ", ".join(VERDICTS)
            raise RecordsError(f"suggestions: verdict: expected {known}, got {verdict[:40]!r}")
        here = (SUGGESTIONS.c.call_id == call_id) & (SUGGESTIONS.c.id == suggestion.id)
        row = {
            "call_id": call_id,
            "id": suggestion.id,
            "at": datetime.now(UTC),
            "kind": suggestion.kind[:16],
            "text": mask(suggestion.text),
            "source": suggestion.source[:200],
            "turn": suggestion.turn,
            "verdict": verdict,
        }
        try:
            with self._engine.begin() as connection:
                # It writes first: SQLite refuses at once to write on what was read before
                # somebody else's commit.
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                insert = dialect.insert(SUGGESTIONS).values(**row).on_conflict_do_nothing()
                new = connection.execute(insert).rowcount == 1
                if not new and verdict != SHOWN:
                    verdicts = {"at": row["at"], "verdict": verdict}
                    connection.execute(SUGGESTIONS.update().where(here).values(**verdicts))
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be written: {one_line(error)}") from None

    def of_call(self, call_id: str) -> tuple[StoredSuggestion, ...]:
        """All that was shown in a call, in the order of its turns."""
        query = sa.select(SUGGESTIONS).where(SUGGESTIONS.c.call_id == call_id)
        query = query.order_by(SUGGESTIONS.c.turn, SUGGESTIONS.c.id)
        return tuple(StoredSuggestion(**row) for row in self._fetch(query))

    def adoption(self) -> dict[tuple[str, str], int]:
        """How many suggestions of each kind got each verdict: {(kind, verdict): count}."""
        kind, verdict = SUGGESTIONS.c.kind, SUGGESTIONS.c.verdict
        query = sa.select(kind, verdict, sa.func.count().label("count")).group_by(kind, verdict)
        return {(row["kind"], row["verdict"]): row["count"] for row in self._fetch(query)}

    def _fetch(self, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise RecordsError(f"records: cannot be read: {one_line(error)}") from None
