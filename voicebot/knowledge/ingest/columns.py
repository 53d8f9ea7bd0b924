"""The order in which a page is read: two columns one after the other, tables in their place."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.knowledge.ingest.page import Box, Figure, Grid, Line, Page, line_of

Element = Line | Grid | Figure
_MIN_LINES = 4  # a side
_FILLED = 0.6  # of the column's width, by the middle line: running text, not table cells


@dataclass(frozen=True)
class Region:
    """A stretch of a page that is read from top to bottom, between x0 and x1."""

    x0: float
    x1: float
    elements: tuple[Element, ...]


def regions(page: Page) -> list[Region]:
    """The page's regions in reading order."""
    gutter = _gutter(page)
    everything: list[Element] = [*page.lines, *page.grids, *page.figures]
    if gutter is None:
        return [_region(everything)] if everything else []
    bands: list[Region] = []
    left: list[Element] = []
    right: list[Element] = []
    for element in sorted(_split(everything, gutter), key=lambda e: (e.top, e.x0)):
        if element.x1 <= gutter + 1:
            left.append(element)
        elif element.x0 >= gutter - 1:
            right.append(element)
        else:
            bands += [_region(side) for side in (left, right) if side]
            left, right = [], []
            if bands and _crosses(bands[-1], gutter):
                element_region = [*bands.pop().elements, element]
                bands.append(_region(element_region))
            else:
                bands.append(_region([element]))
    return bands + [_region(side) for side in (left, right) if side]


def _crosses(region: Region, gutter: float) -> bool:
    return region.x0 < gutter < region.x1 and not any(
        e.x1 <= gutter + 1 or e.x0 >= gutter - 1 for e in region.elements
    )


def _region(elements: Sequence[Element]) -> Region:
    ordered = tuple(sorted(elements, key=lambda e: (e.top, e.x0)))
    return Region(min(e.x0 for e in ordered), max(e.x1 for e in ordered), ordered)


def _split(elements: Sequence[Element], gutter: float) -> list[Element]:
    """Lines parted at the gutter where no segment crosses it."""
    found: list[Element] = []
    for element in elements:
        if isinstance(element, Line) and not any(
            s.x0 < gutter - 1 and s.x1 > gutter + 1 for s in element.segments
        ):
            left = [s for s in element.segments if s.x1 <= gutter + 1]
            right = [s for s in element.segments if s.x1 > gutter + 1]
            found += [line_of(side) for side in (left, right) if side]
        else:
            found.append(element)
    return found


def _gutter(page: Page) -> float | None:
    """Where the page parts into two columns of running text; None if it has one column."""
    segments = [s for line in page.lines for s in line.segments]
    if len(segments) < 2 * _MIN_LINES:
        return None
    x0, x1 = min(s.x0 for s in segments), max(s.x1 for s in segments)
    best: tuple[int, float, float] | None = None
    step = max((x1 - x0) / 60, 1.0)
    for i in range(20, 41):
        x = x0 + i * step
        crossing = sum(s.x0 < x - 1 and s.x1 > x + 1 for s in segments)
        candidate = (crossing, abs(x - (x0 + x1) / 2), x)
        best = candidate if best is None or candidate < best else best
    if best is None or best[0] > 0.25 * len(page.lines):
        return None
    gutter = best[2]
    left = [s for s in segments if s.x1 <= gutter + 1]
    right = [s for s in segments if s.x0 >= gutter - 1]
    for side, width in ((left, gutter - x0), (right, x1 - gutter)):
        if len(side) < _MIN_LINES or _middle_width(side) < _FILLED * width:
            return None
    return gutter


def _middle_width(segments: Sequence[Box]) -> float:
    return statistics.median(s.x1 - s.x0 for s in segments)
