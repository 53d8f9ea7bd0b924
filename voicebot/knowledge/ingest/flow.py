"""Pages in, units out: headings, paragraphs and steps that go on over columns and pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from voicebot.knowledge.ingest.columns import Region, regions
from voicebot.knowledge.ingest.headings import Headings
from voicebot.knowledge.ingest.page import Figure, Grid, Line, Page, joined
from voicebot.knowledge.ingest.pictures import figure_unit
from voicebot.knowledge.ingest.plain import STEP, block_units
from voicebot.knowledge.ingest.tables import PATH_SEPARATOR, table_units
from voicebot.knowledge.ingest.unit import Document
from voicebot.knowledge.ingest.unruled import with_tables

_ENDS = tuple("。！？；：.!?;:…”")
_BULLET = re.compile(r"^\s*[•·●■◆▪○▶➢\-–—*]\s*\S")
_CONTENTS = re.compile(r"(?:\.{4,}|…{2,}|·{4,}|(?:\. ){4,})\s*\d+\s*$")
_FIGURE_CAPTION = re.compile(r"^\s*(?:图|Fig(?:ure|\.)?)\s*[\d一二三四五六七八九十]", re.IGNORECASE)
_TABLE_CAPTION = re.compile(r"^\s*(?:续?表|Table)\s*[\d一二三四五六七八九十]", re.IGNORECASE)
_CAPTION_REACH = 60.0  # points between a figure and its caption
_TIGHT = 0.9  # of the size: a wider gap between lines parts paragraphs


@dataclass(frozen=True)
class _Said:
    """A paragraph, a step or a bullet whose lines were joined; `block` parts from the next."""

    text: str
    page: int
    marked: bool


@dataclass
class Flow:
    """Takes pages in order; `finish` gives the document."""

    headings: Headings
    document: Document = field(default_factory=Document)
    _said: list[_Said] = field(default_factory=list)
    _last: tuple[Line, Region, int] | None = None  # the text line before, its region, its page
    _grid: tuple[Grid, str, int] | None = None  # a table that may go on, its title, its page
    _pages: list[int] = field(default_factory=list)  # of the open table's rows
    _caption: str = ""
    contents_dropped: int = 0

    def take(self, page: Page) -> None:
        """Take the next page, without its running header and footer."""
        captions = _captions(page)
        taken = {id(line) for line in captions.values()}
        lines = tuple(line for line in page.lines if id(line) not in taken)
        for region in regions(replace(page, lines=lines)):
            for element in with_tables(region.elements):
                if isinstance(element, Line):
                    self._line(element, region, page)
                elif isinstance(element, Grid):
                    self._table(element, page.number)
                else:
                    self._figure(element, captions, page.number)

    def finish(self) -> Document:
        self._flush_table()
        self._flush()
        self._flush_caption(0)
        if self.contents_dropped:
            self.document.notes.append(f"{self.contents_dropped} lines of a table of contents")
        return self.document

    def _line(self, line: Line, region: Region, page: Page) -> None:
        text = line.text.strip()
        if _CONTENTS.search(text):
            self.contents_dropped += 1
            return
        level = self.headings.level(line, page)
        if level is not None:
            self._flush_table()
            self._flush()
            self._flush_caption(page.number)
            self.headings.enter(level, text)
        elif _TABLE_CAPTION.match(text) and len(text) <= 40:
            self._flush()
            self._flush_caption(page.number)
            self._caption = text
        else:
            self._flush_table()
            self._flush_caption(page.number)
            self._text(line, text, region, page.number)

    def _text(self, line: Line, text: str, region: Region, page: int) -> None:
        marked = bool(STEP.match(text) or _BULLET.match(text))
        if self._said and self._last and not marked and _goes_on(self._last, line, region, page):
            before = self._said[-1]
            self._said[-1] = replace(before, text=joined(before.text, text))
        else:
            self._said.append(_Said(text, page, marked))
        self._last = (line, region, page)

    def _flush(self) -> None:
        """What was said under this heading, as units."""
        for block in _blocks(self._said):
            lines = [said.text for said in block]
            self.document.units += block_units(lines, self.headings.path, block[0].page)
        self._said, self._last = [], None

    def _flush_caption(self, page: int) -> None:
        """A caption that no table followed is a paragraph."""
        if self._caption:
            self.document.units += block_units([self._caption], self.headings.path, page)
        self._caption = ""

    def _table(self, grid: Grid, page: int) -> None:
        self._flush()
        title = self.headings.path
        if self._caption:
            title = f"{title}{PATH_SEPARATOR}{self._caption}" if title else self._caption
            self._caption = ""
        if self._grid and _same_table(self._grid[0], grid, page - self._grid[2]):
            rows = _continued(self._grid[0].rows, grid.rows)
            self._grid = (replace(grid, rows=rows), self._grid[1], page)
            self._pages += [page] * (len(rows) - len(self._pages))
        else:
            self._flush_table()
            self._grid = (grid, title, page)
            self._pages = [page] * len(grid.rows)

    def _flush_table(self) -> None:
        if self._grid:
            grid, title, _ = self._grid
            self.document.units += table_units(grid.rows, title, self._pages)
            self.document.tables += 1
        self._grid = None

    def _figure(self, figure: Figure, captions: dict[int, Line], page: int) -> None:
        self._flush_table()
        self._flush()
        caption = captions[id(figure)].text if id(figure) in captions else ""
        unit = figure_unit(caption, figure.texts, figure.name, self.headings.path, page)
        if unit:
            self.document.units.append(unit)
        self.document.figures += 1


def _blocks(said: Sequence[_Said]) -> Iterator[list[_Said]]:
    """A run of steps or bullets with the line above it; every other paragraph by itself."""
    block: list[_Said] = []
    for item in said:
        if block and not item.marked:
            yield block
            block = []
        block.append(item)
    if block:
        yield block


def _goes_on(last: tuple[Line, Region, int], line: Line, region: Region, page: int) -> bool:
    """Whether a line goes on with the paragraph of the line before it."""
    before, where, its_page = last
    if abs(before.size - line.size) > 0.15 * max(before.size, line.size):
        return False
    text = before.text.rstrip()
    full = before.x1 >= where.x1 - 2.5 * before.size
    if its_page != page or line.top < before.top:  # the next page or column
        return not text.endswith(_ENDS) and (full or text.endswith("-"))
    if line.top - before.bottom > _TIGHT * before.size:
        return False
    indented = line.x0 - before.x0 > 1.4 * line.size and not STEP.match(text)
    reaches = before.x1 - where.x0 >= 0.6 * (where.x1 - where.x0)
    return (full and not indented) or (reaches and not indented and not text.endswith(_ENDS))


def _same_table(before: Grid, grid: Grid, pages: int) -> bool:
    """Whether a table goes on with the one at the end of the page before."""
    width = max(before.x1 - before.x0, 1)
    aligned = abs(before.x0 - grid.x0) < 0.05 * width and abs(before.x1 - grid.x1) < 0.15 * width
    return pages == 1 and len(before.rows[0]) == len(grid.rows[0]) and aligned


def _continued(
    before: tuple[tuple[str, ...], ...], rows: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    """The rows of both; a row that was cut by the page's end is one again."""
    if rows[0] == before[0]:
        return before + rows[1:]
    if not rows[0][0] and any(rows[0]):
        whole = tuple(joined(a, b) for a, b in zip(before[-1], rows[0], strict=True))
        return (*before[:-1], whole, *rows[1:])
    return before + rows


def _captions(page: Page) -> dict[int, Line]:
    """The caption of each figure that has one: the nearest such line below or above it."""
    found: dict[int, Line] = {}
    for line in page.lines:
        if not _FIGURE_CAPTION.match(line.text) or len(line.text) > 60:
            continue
        near = [
            (abs(distance) + (0 if distance >= 0 else 5), figure)
            for figure in page.figures
            if id(figure) not in found
            for distance in [
                line.top - figure.bottom if line.top >= figure.top else line.bottom - figure.top
            ]
            if abs(distance) <= _CAPTION_REACH
        ]
        if near:
            found[id(min(near, key=lambda pair: pair[0])[1])] = line
    return found


def body_size(pages: Sequence[Page]) -> float:
    """The type size that most characters have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            for segment in line.segments:
                sizes[segment.size] += len(segment.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0
