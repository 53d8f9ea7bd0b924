"""What stands on a page, with its place: the common ground of born-digital and scanned pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

CELL_GAP = 1.5  # of the type size: wider gaps in a line part cells or columns
_WORD_GAP = 0.2
_BLANK_GAP = 0.1  # where a space is written; producers also write them without moving on
_WIDE_GAP = 0.4  # between Chinese characters; less is only loose setting
Char = dict[str, Any]  # as pdfplumber gives it
_LATIN_END = re.compile(r"[A-Za-z]-$")


@dataclass(frozen=True)
class Box:
    """A place on a page in points, from the top left corner."""

    x0: float
    top: float
    x1: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        return self.x0 - 1 <= x <= self.x1 + 1 and self.top - 1 <= y <= self.bottom + 1


@dataclass(frozen=True)
class Segment(Box):
    """Text without a wide gap; `size` is its type size in points."""

    text: str
    size: float
    bold: bool = False


@dataclass(frozen=True)
class Line(Box):
    """Segments on one base line, from left to right."""

    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    @property
    def size(self) -> float:
        return max(segment.size for segment in self.segments)


@dataclass(frozen=True)
class Grid(Box):
    """A table: rows of cells, all of one width; a merged cell's value stands in each place."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure(Box):
    """A picture: the file name it was kept under, and the text in it."""

    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One page as found, still with its running header and footer."""

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    grids: tuple[Grid, ...] = ()
    figures: tuple[Figure, ...] = ()
    scanned: bool = False


def line_of(segments: Iterable[Segment]) -> Line:
    """A line around these segments."""
    found = tuple(sorted(segments, key=lambda s: s.x0))
    return Line(
        min(s.x0 for s in found),
        min(s.top for s in found),
        max(s.x1 for s in found),
        max(s.bottom for s in found),
        found,
    )


def lines_of_chars(chars: Sequence[Char]) -> list[Line]:
    """Lines out of pdfplumber's characters, top to bottom."""
    lines = (_segments(row) for row in _rows(chars))
    return [line_of(segments) for segments in lines if segments]


def lines_of_segments(segments: Sequence[Segment]) -> list[Line]:
    """Lines out of text found in a picture, top to bottom."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: s.top + s.bottom):
        middle = (segment.top + segment.bottom) / 2
        if rows and abs(middle - _middle(rows[-1])) < 0.4 * segment.size:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [line_of(row) for row in rows]


def _middle(row: Sequence[Segment]) -> float:
    return sum(s.top + s.bottom for s in row) / (2 * len(row))


def _rows(chars: Sequence[Char]) -> list[list[Char]]:
    """Characters of one base line together: middles closer than .4 of the size."""
    rows: list[list[Char]] = []
    middle = 0.0
    for char in sorted(chars, key=lambda c: (c["top"] + c["bottom"], c["x0"])):
        own = (char["top"] + char["bottom"]) / 2
        if rows and abs(own - middle) < 0.4 * max(char["size"], 1):
            rows[-1].append(char)
        else:
            rows.append([char])
            middle = own
    return rows


def _segments(row: Sequence[Char]) -> list[Segment]:
    groups: list[list[Char]] = []
    texts: list[str] = []
    blank = False
    for char in sorted(row, key=lambda c: c["x0"]):
        if char["text"].isspace():
            blank = True
            continue
        before = groups[-1][-1] if groups else None
        if before is None or char["x0"] - before["x1"] > CELL_GAP * max(
            before["size"], char["size"]
        ):
            groups.append([char])
            texts.append(char["text"])
        else:
            groups[-1].append(char)
            texts[-1] += (" " if _parted(before, char, blank) else "") + char["text"]
        blank = False
    return [_segment(group, text) for group, text in zip(groups, texts, strict=True)]


def _parted(before: Char, char: Char, blank: bool) -> bool:
    """Whether there is a space between two characters of a line, written or by their distance."""
    gap = (char["x0"] - before["x1"]) / max(char["size"], 1)
    wide = before["text"] > "\u2e80" and char["text"] > "\u2e80"
    return gap > (_WIDE_GAP if wide else _WORD_GAP) or (blank and gap > _BLANK_GAP)


def _segment(chars: Sequence[Char], text: str) -> Segment:
    sizes = sorted(char["size"] for char in chars)
    fonts = [str(char.get("fontname", "")).lower() for char in chars]
    bold = all("bold" in font or "heavy" in font or "black" in font for font in fonts)
    return Segment(
        min(c["x0"] for c in chars),
        min(c["top"] for c in chars),
        max(c["x1"] for c in chars),
        max(c["bottom"] for c in chars),
        text,
        round(sizes[len(sizes) // 2], 1),
        bold,
    )


def joined(before: str, after: str) -> str:
    """Two lines of one paragraph as running text: hyphens go, Latin words get their space."""
    if _LATIN_END.search(before) and after[:1].islower():
        return before[:-1] + after
    spaced = before[-1:].isascii() and after[:1].isascii() and before[-1:] not in "-/_"
    return f"{before} {after}" if spaced and before and after else before + after


def joined_lines(lines: Iterable[Line]) -> str:
    """All the lines as running text."""
    text = ""
    for line in lines:
        text = joined(text, line.text)
    return text
