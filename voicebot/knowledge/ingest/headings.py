"""Headings by type size and numbering, and the path of those that stand above a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicebot.knowledge.ingest.page import Line, Page
from voicebot.knowledge.ingest.plain import STEP
from voicebot.knowledge.ingest.tables import PATH_SEPARATOR

_CHAPTER = re.compile(
    r"^(?:第\s*[一二三四五六七八九十\d]+\s*[章篇部节]|附录|Chapter\s+\d|Appendix)", re.I
)
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2})*)(?:[.、]?\s+|(?=[\u4e00-\u9fff]))\S")
_SENTENCE_END = re.compile(r"[。；;，,：:！!]$")
_MAX_CHARS = 45
_LARGER = 1.15  # than the body
_LARGER_IN_SCAN = 1.3  # heights of recognized lines vary by a tenth
_BOLD_CHARS = 25

Level = tuple[float, int]  # size as a share of the body, negative; depth of the numbering


class Headings:
    """Knows the document's body size; keeps the path of open headings."""

    def __init__(self, body: float, *, bold_body: bool = False) -> None:
        self._body = max(body, 1.0)
        self._bold_body = bold_body
        self._open: list[tuple[Level, str]] = []

    @property
    def path(self) -> str:
        return PATH_SEPARATOR.join(name for _, name in self._open)

    def enter(self, level: Level, name: str) -> None:
        """Open a heading; those of its level and below are closed."""
        self._open = [(above, text) for above, text in self._open if above < level]
        self._open.append((level, name))

    def level(self, line: Line, page: Page) -> Level | None:
        """How high a heading this line is; None if it is none."""
        text = line.text.strip()
        if len(text) > _MAX_CHARS or _SENTENCE_END.search(text) or len(line.segments) > 2:
            return None
        ratio = line.size / self._body
        numbered = _NUMBERED.match(text)
        depth = numbered.group(1).count(".") + 1 if numbered else 0
        if page.scanned:
            ratio = round(ratio * 4) / 4 if ratio >= _LARGER_IN_SCAN else 1.0
        larger = ratio >= (_LARGER_IN_SCAN if page.scanned else _LARGER)
        if larger and any(char.isalpha() for char in text):
            return (-round(ratio, 1), depth or 1)
        if _CHAPTER.match(text) and len(text) <= _BOLD_CHARS:
            return (-1.05, 1)
        if depth >= 2:
            return (-1.0, depth)
        bold = all(segment.bold for segment in line.segments) and not self._bold_body
        if bold and len(text) <= _BOLD_CHARS and not STEP.match(text):
            return (-1.0, depth or 9)
        return None


def mostly_bold(pages: Sequence[Page]) -> bool:
    """Whether the body itself is set in a bold face."""
    segments = [s for page in pages for line in page.lines for s in line.segments]
    bold = sum(len(s.text) for s in segments if s.bold)
    return bold > 0.5 * sum(len(s.text) for s in segments)
