"""Blocks of a structured document, in order, put under their headings: HTML, DOCX."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.knowledge.ingest.plain import STEP, atoms_of, read_text, steps_unit
from voicebot.knowledge.ingest.tables import PATH_SEPARATOR, table_units
from voicebot.knowledge.ingest.unit import Document, Unit


class Outline:
    """Takes headings, paragraphs, lists and tables; `finish` gives the document.

    `page` may be set as pages go by.
    """

    def __init__(self) -> None:
        self.document = Document()
        self.page = 0
        self._open: list[tuple[int, str]] = []
        self._lead = ""  # the paragraph just above; the symptom of the steps that may follow
        self._lead_page = 0

    @property
    def path(self) -> str:
        return PATH_SEPARATOR.join(name for _, name in self._open if name)

    def heading(self, level: int, name: str) -> None:
        """Open a heading of this level (1 is the highest); those of its level close."""
        self._flush()
        self._open = [(above, text) for above, text in self._open if above < level]
        if name:
            self._open.append((level, name))

    def paragraph(self, text: str) -> None:
        """A paragraph; lines that number themselves are steps."""
        lines = text.splitlines()
        if self._lead and STEP.match(text) and STEP.match(self._lead.splitlines()[-1]):
            self._lead += "\n" + text  # steps that are typed, a paragraph each
            return
        if self._lead and STEP.match(text) and len(lines) == 1:
            self._lead += "\n" + text
            return
        self._flush()
        self._lead, self._lead_page = text.strip(), self.page

    def steps(self, items: Sequence[str]) -> None:
        """A list, with the paragraph above it."""
        if not items:
            return
        lead, self._lead = self._lead, ""
        page = self._lead_page if lead else self.page
        above, _, lead = lead.rpartition("\n")
        if above:
            self.document.units.append(Unit(atoms_of(above), self.path, page=page))
        self.document.units.append(steps_unit(tuple(items), self.path, lead, page))

    def table(
        self, rows: Sequence[Sequence[str]], caption: str = "", *, header: bool | None = None
    ) -> None:
        """A table; its caption stands below the headings."""
        self._flush()
        title = PATH_SEPARATOR.join(part for part in (self.path, caption) if part)
        units = table_units(rows, title, [self.page] * len(rows), header=header)
        self.document.units += units
        self.document.tables += bool(units)

    def add(self, unit: Unit | None) -> None:
        """A unit that its reader made."""
        self._flush()
        if unit is not None:
            self.document.units.append(unit)

    def finish(self) -> Document:
        self._flush()
        return self.document

    def _flush(self) -> None:
        text, self._lead = self._lead, ""
        if text:
            for unit in read_text(text, self.path, self._lead_page):
                self.document.units.append(unit)
