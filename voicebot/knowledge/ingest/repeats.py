"""Running headers, footers and page numbers: the same line at the same height, page after page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from voicebot.knowledge.ingest.page import Line, Page

MARGIN = 0.12  # of the height at the top and at the bottom
_DIGITS = re.compile(r"\d+|[ivxl]+(?=\W|$)|[一二三四五六七八九十百]+(?=\s*页)")
_PAGE_NUMBER = re.compile(
    r"^[-–—\s·|]*(?:第\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*页)?(?:\s*[/／，,]?\s*(?:共\s*)?\d{0,4}\s*页?)?[-–—\s·|]*$"
    r"|^page\s*\d+(?:\s*(?:of|/)\s*\d+)?$",
    re.IGNORECASE,
)


def without_repeats(pages: Sequence[Page]) -> tuple[list[Page], int]:
    """The pages without what repeats in their margins, and how many lines were dropped."""
    counts = Counter(key for page in pages for key in {_key(page, line) for line in page.lines})
    needed = max(2, round(len(pages) * 0.4)) if len(pages) < 10 else 4
    dropped = 0
    cleaned = []
    for page in pages:
        kept = tuple(
            line
            for line in page.lines
            if not _in_margin(page, line)
            or not (
                counts[_key(page, line)] >= needed
                or _numbers_page(page, line, alone=len(page.lines) == 1)
            )
        )
        dropped += len(page.lines) - len(kept)
        cleaned.append(replace(page, lines=kept))
    return cleaned, dropped


def _in_margin(page: Page, line: Line) -> bool:
    return line.bottom < page.height * MARGIN or line.top > page.height * (1 - MARGIN)


def _numbers_page(page: Page, line: Line, *, alone: bool) -> bool:
    outermost = line.bottom < page.height * 0.08 or line.top > page.height * 0.9
    return outermost and not alone and bool(_PAGE_NUMBER.match(line.text.strip()))


def _key(page: Page, line: Line) -> tuple[str, int]:
    """Text with numbers made alike, and the height in steps of 4 points (6 % in a scan)."""
    if not _in_margin(page, line):
        return ("", 0)
    step = page.height * 0.06 if page.scanned else 4.0
    return _DIGITS.sub("#", line.text.lower()), round(line.top / step)
