"""Which entries may answer about one product line.

A FAQ says its line; a passage is of the line that its headings name, or else the only one that its
text names. What names no line, or several, is common to all. Another line's facts never answer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from voicebot.knowledge.api import HitKind
from voicebot.knowledge.entry import Entry

_CODE = re.compile(r"[a-z]{1,6}\d{3,5}[a-z0-9]*", re.IGNORECASE)


@dataclass(frozen=True)
class ProductLine:
    """The line `product` ("": no limit) among the lines that an index knows."""

    product: str
    known: frozenset[str]

    def allows(self, entry: Entry) -> bool:
        """Whether `entry` may answer. A scene may: it asks which machine it is."""
        if not self.product or entry.kind is HitKind.SCENE:
            return True
        if entry.product:
            return entry.product == self.product
        lines = self.known | {self.product}
        named = _named(f"{entry.title}\n{entry.source}") & lines
        if not named:
            named = _named(entry.text) & lines
            return not named or self.product in named or len(named) > 1
        return self.product in named


def known_lines(entries: Iterable[Entry]) -> frozenset[str]:
    """The lines that any entry is of."""
    return frozenset(entry.product for entry in entries if entry.product)


@functools.lru_cache(maxsize=20_000)
def _named(text: str) -> frozenset[str]:
    return frozenset(match.group().upper() for match in _CODE.finditer(text))
