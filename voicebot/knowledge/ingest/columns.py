"""The order in which a page is read: two columns one after the other, tables in their place."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.knowledge.ingest.page import Box, Figure, Grid, Line, Page, line_of

Element = Line | Grid | Figure
_MIN_LINES = 3  # a side
_FILLED = 0.6  # of the column's width, by the middle line: running text, not table cells
_BAND_GAP = 1.5  # of the type size: white over the whole width that parts a page into bands


@dataclass(frozen=True)
class Region:
    """A stretch of a page that is read from top to bottom, between x0 and x1."""

    x0: float
    x1: float
    elements: tuple[Element, ...]


def regions(page: Page) -> list[Region]:
    """The page's regions in reading order."""
    everything: list[Element] = [*page.lines, *page.grids, *page.figures]
    found: list[Region] = []
    for band, gutter in _merged(list(_bands(everything))):
        if gutter is None:
            whole = _region(everything)  # how far lines reach shows best on the whole page
            found.append(Region(whole.x0, whole.x1, _region(band).elements))
        else:
            found += _two_columns(band, gutter)
    return found


def _bands(elements: Sequence[Element]) -> Iterator[tuple[list[Element], float | None]]:
    """Stretches of the page with white between them, with the gutter of those in two columns."""
    band: list[Element] = []
    bottom = 0.0
    for element in sorted(elements, key=lambda e: (e.top, e.x0)):
        size = element.size if isinstance(element, Line) else 10.0
        if band and element.top - bottom > _BAND_GAP * size:
            yield band, _gutter(band)
            band = []
        bottom = max(bottom, element.bottom) if band else element.bottom
        band.append(element)
    if band:
        yield band, _gutter(band)


def _merged(
    bands: list[tuple[list[Element], float | None]],
) -> list[tuple[list[Element], float | None]]:
    """Bands of one gutter are one, so that the left column is read to its end first."""
    found: list[tuple[list[Element], float | None]] = []
    for i, (band, gutter) in enumerate(bands):
        before = found[-1][1] if found else None
        after = next((g for _, g in bands[i + 1 :] if g is not None), None)
        same = before is not None and gutter is not None and abs(before - gutter) < 12
        between = before is not None and after is not None and gutter is None
        if same or (between and _beside(band, before or 0.0)):
            found[-1] = ([*found[-1][0], *band], before)
        else:
            found.append((band, gutter))
    return found


def _beside(band: Sequence[Element], gutter: float) -> bool:
    """Whether a short band stands in one of two columns."""
    return (
        len(band) < 2 * _MIN_LINES
        and all(e.x1 <= gutter + 1 or e.x0 >= gutter - 1 for e in band)
        and any(e.x0 >= gutter - 1 for e in band)
    )


def _two_columns(everything: Sequence[Element], gutter: float) -> list[Region]:
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
            bands.append(_region([element]))
    return bands + [_region(side) for side in (left, right) if side]


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


def _gutter(band: Sequence[Element]) -> float | None:
    """Where a band parts into two columns of running text; None if it has one column."""
    lines = [element for element in band if isinstance(element, Line)]
    segments = [segment for line in lines for segment in line.segments]
    if len(segments) < 2 * _MIN_LINES:
        return None
    x0, x1 = min(s.x0 for s in segments), max(s.x1 for s in segments)
    step = max((x1 - x0) / 60, 1.0)
    candidates = (x0 + i * step for i in range(20, 41))
    crossing, _, gutter = min(
        (sum(s.x0 < x - 1 and s.x1 > x + 1 for s in segments), abs(x - (x0 + x1) / 2), x)
        for x in candidates
    )
    left = [s for s in segments if s.x1 <= gutter + 1]
    right = [s for s in segments if s.x0 >= gutter - 1]
    for side, width in ((left, gutter - x0), (right, x1 - gutter)):
        if len(side) < _MIN_LINES or _middle_width(side) < _FILLED * width:
            return None
    return gutter if crossing <= 0.25 * len(lines) else None


def _middle_width(segments: Sequence[Box]) -> float:
    return statistics.median(s.x1 - s.x0 for s in segments)
