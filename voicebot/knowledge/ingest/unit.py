"""What a reader finds in a document, before it is packed into passages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A stretch of a document that belongs together.

    `atoms` are the pieces that are never cut (sentences, steps, a table row); written one a
    line when `lines` is set, else as running text. `lead` is repeated in every passage made of
    the unit: the symptom above numbered steps. A unit that `stands_alone` shares its passage
    with no other.
    """

    atoms: tuple[str, ...]
    title: str = ""
    lead: str = ""
    lines: bool = False
    stands_alone: bool = False

    def render(self, atoms: tuple[str, ...]) -> str:
        body = ("\n" if self.lines else "").join(atoms)
        return f"{self.lead}\n{body}" if self.lead else body
