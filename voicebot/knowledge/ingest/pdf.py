"""PDF: text, ruled tables and figures of each page with their places; scans through OCR."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from PIL import Image
from pypdfium2 import PdfDocument

from voicebot.knowledge.ingest.characters import unreadable
from voicebot.knowledge.ingest.flow import Flow, body_size
from voicebot.knowledge.ingest.headings import Headings, mostly_bold
from voicebot.knowledge.ingest.page import (
    Box,
    Figure,
    Grid,
    Page,
    Segment,
    joined_lines,
    lines_of_chars,
    lines_of_segments,
)
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.reader_process import Pages, ReaderError
from voicebot.knowledge.ingest.repeats import without_repeats
from voicebot.knowledge.ingest.unit import Document

MAX_PAGES = 3000
SCAN_DPI = 200
FIGURE_DPI = 200
MAX_PIXELS = 12_000_000  # of a drawn page or figure
_SCAN_SHARE = 0.5  # of the page that a picture covers where there is hardly any text
_SCAN_CHARS = 20
_STRANGE_SHARE = 0.2  # of the characters: the font does not say which they are
_MIN_FIGURE = 30.0  # points a side
_SCAN_TYPE = 0.75  # size of type as a share of the height of a recognized line


def read_pdf(path: Path, pictures: Pictures, pages: Pages) -> Document:
    """Raises ReaderError for an encrypted file, and whatever the parser raises."""
    try:
        with pdfplumber.open(path) as pdf, PdfDocument(path) as drawn:
            return _Reader(pdf, drawn, pictures).read(pages)
    except Exception as error:
        if isinstance(error, PDFPasswordIncorrect) or any(
            isinstance(argument, PDFPasswordIncorrect) for argument in error.args
        ):
            raise ReaderError("is encrypted; save it without a password") from None
        raise


class _Reader:
    def __init__(self, pdf: Any, drawn: PdfDocument, pictures: Pictures) -> None:
        self._pdf = pdf
        self._drawn = drawn
        self._pictures = pictures
        self._problems: list[str] = []
        self._turned = 0

    def read(self, progress: Pages) -> Document:
        """Page after page; a damaged page is left out and told of."""
        total = len(self._pdf.pages)
        found: list[Page] = []
        for number, page in enumerate(self._pdf.pages[:MAX_PAGES], start=1):
            try:
                found.append(self._page(page, number))
            except MemoryError:
                raise
            except Exception as error:  # one broken page is not the whole file
                self._problems.append(f"page {number} is damaged: {type(error).__name__}")
            page.close()
            progress(number, total)
        document = _document(found)
        document.pages = total
        if total > MAX_PAGES:
            self._problems.append(f"has {total} pages; the first {MAX_PAGES} are read")
        document.problems += self._problems
        if self._turned:
            document.notes.append(f"{self._turned} characters that are turned, as in a watermark")
        return document

    def _page(self, page: Any, number: int) -> Page:
        page = page.dedupe_chars()
        x0, top, x1, bottom = map(float, page.cropbox)
        shown = Box(x0, top, x1, bottom)  # what is outside is not printed
        chars = [char for char in page.chars if _level(char) and shown.holds(*_middle(char))]
        self._turned += len(page.chars) - len(chars)
        if len(page.chars) - len(chars) > max(len(chars), _SCAN_CHARS):
            self._problems.append(f"page {number}: text that is turned is not read")
        boxes = [_box(image, page) for image in page.images]
        inked = sum(not char["text"].isspace() for char in chars)
        area = page.width * page.height
        covered = sum((b.x1 - b.x0) * (b.bottom - b.top) for b in boxes)
        strange = sum(unreadable(char["text"]) for char in chars)
        scanned = inked < _SCAN_CHARS and covered >= _SCAN_SHARE * area
        if scanned or strange > _STRANGE_SHARE * max(inked, 1):
            what = "is a scan" if scanned else "is set in a font that names no characters"
            return self._scan(page, number, what)
        chars = [char for char in chars if not unreadable(char["text"])]
        if not inked and not boxes:
            if page.curves or page.rects or page.lines:
                self._problems.append(f"page {number}: only drawings; nothing is read")
            return Page(number, page.width, page.height, ())
        grids, used = _ruled(page, chars)
        figures, in_figures = self._figures(boxes, chars, number, page)
        left = [c for c in chars if id(c) not in used and id(c) not in in_figures]
        lines = tuple(lines_of_chars(left))
        return Page(number, page.width, page.height, lines, grids, figures)

    def _scan(self, page: Any, number: int, what: str) -> Page:
        if not self._pictures.readable:
            self._problems.append(f"page {number} {what}")
        x0, top, x1, bottom = map(float, page.cropbox)
        image = self._draw(page, number, Box(x0, top, x1, bottom), SCAN_DPI)
        scale = (x1 - x0) / image.width
        segments = [
            Segment(
                seen.x0 * scale,
                seen.top * scale,
                seen.x1 * scale,
                seen.bottom * scale,
                seen.text.strip(),
                round((seen.bottom - seen.top) * scale * _SCAN_TYPE, 1),
            )
            for seen in self._pictures.read(image)
        ]
        lines = tuple(lines_of_segments(segments))
        return Page(number, page.width, page.height, lines, scanned=True)

    def _figures(
        self, boxes: Sequence[Box], chars: Sequence[dict[str, Any]], number: int, page: Any
    ) -> tuple[tuple[Figure, ...], set[int]]:
        """Figures, and the ids of characters that are drawn over them."""
        figures: list[Figure] = []
        used: set[int] = set()
        for box in boxes:
            width, height = box.x1 - box.x0, box.bottom - box.top
            behind = width * height > 0.8 * page.width * page.height  # text stands before it
            if min(width, height) < _MIN_FIGURE or behind:
                continue
            kept = self._pictures.add_image(self._draw(page, number, box, FIGURE_DPI))
            if kept is None:
                continue
            name, seen = kept
            used |= {id(c) for c in chars if box.holds(*_middle(c))}
            texts = tuple(line.text.strip() for line in seen)
            figures.append(Figure(box.x0, box.top, box.x1, box.bottom, name, texts))
        return tuple(figures), used

    def _draw(self, page: Any, number: int, box: Box, dpi: int) -> Image.Image:
        """A part of a page as a picture, with all that is drawn over it."""
        left, upper = map(float, page.cropbox[:2])  # drawn pages begin there
        drawn = self._drawn[number - 1]
        try:
            width, height = drawn.get_size()
            area = max((box.x1 - box.x0) * (box.bottom - box.top), 1.0)
            scale = min(dpi / 72, (MAX_PIXELS / area) ** 0.5)
            crop = (
                box.x0 - left,
                height - (box.bottom - upper),
                width - (box.x1 - left),
                box.top - upper,
            )
            image: Image.Image = drawn.render(
                scale=scale, crop=tuple(max(side, 0.0) for side in crop)
            ).to_pil()
            return image
        finally:
            drawn.close()


def _document(pages: Sequence[Page]) -> Document:
    cleaned, dropped = without_repeats(pages)
    flow = Flow(Headings(body_size(cleaned), bold_body=mostly_bold(cleaned)))
    for page in _without_logos(cleaned):
        flow.take(page)
    document = flow.finish()
    if dropped:
        document.notes.append(f"{dropped} lines of running headers, footers and page numbers")
    return document


def _without_logos(pages: Sequence[Page]) -> Iterable[Page]:
    """Pages without the pictures that stand on every other page."""
    counts = Counter(figure.name or figure.texts for page in pages for figure in page.figures)
    for page in pages:
        kept = tuple(
            f for f in page.figures if len(pages) < 3 or counts[f.name or f.texts] < len(pages) / 2
        )
        yield Page(page.number, page.width, page.height, page.lines, page.grids, kept, page.scanned)


def _box(thing: dict[str, Any], page: Any) -> Box:
    return Box(
        max(float(thing["x0"]), 0.0),
        max(float(thing["top"]), 0.0),
        min(float(thing["x1"]), float(page.width)),
        min(float(thing["bottom"]), float(page.height)),
    )


def _level(char: dict[str, Any]) -> bool:
    """Whether a character stands on a level line; watermarks run aslant, margins upwards."""
    a, b, *_ = char["matrix"]
    return bool(a > 0 and abs(b) < 0.05 * a)


def _middle(char: dict[str, Any]) -> tuple[float, float]:
    return (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2


def _ruled(page: Any, chars: Sequence[dict[str, Any]]) -> tuple[tuple[Grid, ...], set[int]]:
    """Tables with rules, and the ids of the characters in them. A single box is no table."""
    grids: list[Grid] = []
    used: set[int] = set()
    for table in page.find_tables():
        cells = [Box(*map(float, cell)) for cell in table.cells]
        xs = _edges([x for cell in cells for x in (cell.x0, cell.x1)])
        ys = _edges([y for cell in cells for y in (cell.top, cell.bottom)])
        if len(xs) < 3 or len(ys) < 3:
            continue
        places = _places(cells, xs, ys)
        held: dict[int, list[dict[str, Any]]] = {}
        for char in chars:
            x, y = _middle(char)
            at = places.get((bisect.bisect(xs, x) - 1, bisect.bisect(ys, y) - 1))
            if at is not None and cells[at].holds(x, y):
                held.setdefault(at, []).append(char)
        texts = {at: joined_lines(lines_of_chars(inside)) for at, inside in held.items()}
        rows = tuple(
            tuple(texts.get(places.get((i, j), -1), "") for i in range(len(xs) - 1))
            for j in range(len(ys) - 1)
        )
        if sum(any(row) for row in rows) < 2 or _leaves_out(chars, table.bbox, held):
            continue
        used |= {id(char) for inside in held.values() for char in inside}
        x0, top, x1, bottom = map(float, table.bbox)
        grids.append(Grid(x0, top, x1, bottom, rows))
    return tuple(grids), used


def _leaves_out(
    chars: Sequence[dict[str, Any]], bbox: Sequence[float], held: dict[int, list[dict[str, Any]]]
) -> bool:
    """Whether much of the text inside is in no cell: shaded rows look like a ruled table."""
    box = Box(*map(float, bbox))
    inside = sum(box.holds(*_middle(char)) for char in chars)
    return sum(map(len, held.values())) < 0.9 * inside


def _places(
    cells: Sequence[Box], xs: Sequence[float], ys: Sequence[float]
) -> dict[tuple[int, int], int]:
    """Which cell covers each (column, row): a merged cell covers several."""
    found: dict[tuple[int, int], int] = {}
    for at, cell in enumerate(cells):
        columns = range(_nearest(xs, cell.x0), _nearest(xs, cell.x1))
        for j in range(_nearest(ys, cell.top), _nearest(ys, cell.bottom)):
            for i in columns:
                found.setdefault((i, j), at)
    return found


def _nearest(values: Sequence[float], value: float) -> int:
    return min(range(len(values)), key=lambda i: abs(values[i] - value))


def _edges(values: Iterable[float]) -> list[float]:
    """Distinct positions; those within 3 points are one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 3:
            found.append(value)
    return found
