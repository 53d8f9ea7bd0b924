"""What a reader finds in a document, before it is packed into passages."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field
from typing import Any

from voicebot.knowledge.ingest.characters import cleaned


class Kind(enum.StrEnum):
    """What a stretch of a document is."""

    PARAGRAPH = "paragraph"
    STEPS = "steps"
    ROW = "row"
    FIGURE = "figure"


@dataclass(frozen=True)
class Unit:
    """A stretch of a document that belongs together.

    `atoms` are the pieces that are never cut (sentences, steps, a table row); written one a
    line when `lines` is set, else as running text. `lead` is repeated in every passage made of
    the unit: the symptom above numbered steps. A unit that `stands_alone` shares its passage
    with no other. `page` counts from 1; 0 where the format has no pages. `figure` is the file
    name of the picture that the unit was read from.
    """

    atoms: tuple[str, ...]
    title: str = ""
    lead: str = ""
    lines: bool = False
    stands_alone: bool = False
    kind: Kind = Kind.PARAGRAPH
    page: int = 0
    figure: str = ""

    def render(self, atoms: tuple[str, ...]) -> str:
        body = ("\n" if self.lines else "").join(atoms)
        return f"{self.lead}\n{body}" if self.lead else body


@dataclass
class Document:
    """What a reader recovered from one file.

    `problems` are losses that a person should act upon, `notes` what was left out on purpose.
    """

    units: list[Unit] = field(default_factory=list)
    pages: int = 0
    tables: int = 0
    figures: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Document:
        """What `to_json` gave, in clean characters."""
        return cls(**{**fields, "units": [_unit(unit) for unit in fields["units"]]})


def _unit(fields: dict[str, Any]) -> Unit:
    texts = {name: cleaned(fields[name]) for name in ("title", "lead")}
    atoms = tuple(filter(None, map(cleaned, fields["atoms"])))
    return Unit(**{**fields, **texts, "atoms": atoms, "kind": Kind(fields["kind"])})
