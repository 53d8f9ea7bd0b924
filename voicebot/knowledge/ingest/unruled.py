"""Tables without rules: lines whose gaps stand below one another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicebot.knowledge.ingest.columns import Element
from voicebot.knowledge.ingest.page import Grid, Line, Segment, joined
from voicebot.knowledge.ingest.plain import STEP
from voicebot.knowledge.ingest.tables import looks_like_header

_MIN_ROWS = 3
_FITTING = 0.8  # of the lines must put one segment into one column each
_BULLET = re.compile(r"^[•·●■◆▪\-–—○▶➢*]$")
Span = tuple[float, float]


def with_tables(elements: Sequence[Element]) -> list[Element]:
    """The elements of one region, lines that make up a table replaced by it."""
    found: list[Element] = []
    start = 0
    while start < len(elements):
        run = _run(elements, start)
        grid = _grid(run) if len(run) > 1 else None
        if grid is None:
            found.append(elements[start])
            start += 1
        else:
            found.append(grid)
            start += len(run)
    return found


def _cells(line: Line) -> int:
    """Segments that may be cells: a step's number or a bullet is none of its own."""
    first = line.segments[0].text.strip()
    marked = len(line.segments) > 1 and bool(STEP.fullmatch(first) or _BULLET.match(first))
    return len(line.segments) - marked


def _run(elements: Sequence[Element], start: int) -> list[Line]:
    """The lines from `start` that may be one table: at most its last rows hang over."""
    run: list[Line] = []
    for element in elements[start:]:
        if not isinstance(element, Line):
            break
        if run and element.top - run[-1].bottom > 2.5 * run[-1].size:
            break
        if _cells(element) >= 2 or (run and _hangs(element, run)):
            run.append(element)
        else:
            break
    while run and _cells(run[-1]) < 2 and not _hangs(run[-1], run[:-1]):
        run.pop()
    return run


def _hangs(line: Line, run: Sequence[Line]) -> bool:
    """Whether a line only goes on with cells to the right of the first column."""
    if line.top - run[-1].bottom > 0.9 * line.size:
        return False
    spans = _columns([each for each in run if _cells(each) >= 2])
    return len(spans) > 1 and all(
        segment.x0 >= spans[1][0] - 2 and _place(segment, spans) is not None
        for segment in line.segments
    )


def _columns(lines: Sequence[Line]) -> list[Span]:
    """Where the segments of the lines overlap: the columns from left to right."""
    spans: list[Span] = []
    for x0, x1 in sorted((s.x0, s.x1) for line in lines for s in line.segments):
        if spans and x0 < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], x1))
        else:
            spans.append((x0, x1))
    return spans


def _place(segment: Segment, spans: Sequence[Span]) -> int | None:
    middle = (segment.x0 + segment.x1) / 2
    return next((i for i, (x0, x1) in enumerate(spans) if x0 - 1 <= middle <= x1 + 1), None)


def _grid(run: Sequence[Line]) -> Grid | None:
    full = [line for line in run if _cells(line) >= 2]
    spans = _columns(full)
    headed = bool(full) and looks_like_header([s.text for s in full[0].segments])
    if len(full) < (_MIN_ROWS - 1 if headed else _MIN_ROWS) or len(spans) < 2:
        return None
    places = [[_place(s, spans) for s in line.segments] for line in full]
    fitting = sum(None not in row and len(set(row)) == len(row) for row in places)
    if fitting < _FITTING * len(full):
        return None
    rows: list[list[str]] = []
    for line in run:
        if not rows or _begins_row(line, spans):
            rows.append([""] * len(spans))
            if len(rows) > 1 and _place(line.segments[0], spans) == 1:
                rows[-1][0] = rows[-2][0]  # said once for several rows
        for segment in line.segments:
            column = _place(segment, spans) or 0
            rows[-1][column] = joined(rows[-1][column], segment.text)
    return Grid(
        min(line.x0 for line in run),
        run[0].top,
        max(line.x1 for line in run),
        run[-1].bottom,
        tuple(tuple(row) for row in rows),
    )


def _begins_row(line: Line, spans: Sequence[Span]) -> bool:
    """Not if it only goes on with a long cell of the row above."""
    if _place(line.segments[0], spans) == 0:
        return True
    return len(line.segments) >= max(2, len(spans) - 1)
