"""Word's lists: what stands before a paragraph is kept apart from it, in numbering.xml."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARKS = ("bullet", "none")


class Lists:
    """Counts as Word does; `numbering` is the root of numbering.xml, or None."""

    def __init__(self, numbering: Any | None) -> None:
        self._formats: dict[tuple[str, str], tuple[str, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if numbering is not None:
            self._read(numbering)

    def _read(self, numbering: Any) -> None:
        levels: dict[str, dict[str, tuple[str, int]]] = {}
        for abstract in numbering.findall(f"{W}abstractNum"):
            own = levels.setdefault(abstract.get(f"{W}abstractNumId", ""), {})
            for level in abstract.findall(f"{W}lvl"):
                kind = _value(level.find(f"{W}numFmt")) or "decimal"
                start = _value(level.find(f"{W}start")) or "1"
                own[level.get(f"{W}ilvl", "0")] = (kind, int(start) if start.isdigit() else 1)
        for number in numbering.findall(f"{W}num"):
            name = number.get(f"{W}numId", "")
            for level, form in levels.get(_value(number.find(f"{W}abstractNumId")), {}).items():
                self._formats[name, level] = form

    def item(self, properties: Any | None) -> tuple[str, int, str] | None:
        """(list id, level, mark as written) of a paragraph; None if it is in no list.

        `properties` is the numPr of the paragraph or of its style. Counts the paragraph.
        """
        if properties is None:
            return None
        name = _value(properties.find(f"{W}numId"))
        level = _value(properties.find(f"{W}ilvl")) or "0"
        if name in ("", "0") or not level.isdigit():
            return None
        kind, start = self._formats.get((name, level), ("decimal", 1))
        counts = self._counts[name]
        depth = int(level)
        for deeper in [at for at in counts if at > depth]:
            del counts[deeper]
        counts[depth] = counts.get(depth, start - 1) + 1
        return name, depth, "- " if kind in _MARKS else f"{counts[depth]}. "


def _value(element: Any | None) -> str:
    return "" if element is None else str(element.get(f"{W}val", ""))
