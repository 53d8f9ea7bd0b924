"""A pack's own reading rules (``reading.yaml``, docs/packs.md) as rules of the reader."""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.pack import ReadingRule
from voicebot.pack_reading import PLACEHOLDER
from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import Rule
from voicebot.speech.reading.spelling import spelled


def own_rule(given: ReadingRule, built_in: Callable[[str], str]) -> Rule:
    """A checked rule of a pack. `built_in` reads a group that is left to the built-in rules."""
    ways: dict[str, Callable[[str], str]] = {
        "": built_in,
        "digits": lambda text: d.grouped(d.in_groups("".join(re.findall("[0-9]", text)))),
        "number": lambda text: d.number(_decimal(text)),
        "code": lambda text: spelled(text, yao=True),
    }

    def read(match: re.Match[str]) -> str:
        def filled(hole: re.Match[str]) -> str:
            name = hole["group"]
            text = match[int(name) if name.isdigit() else name]
            return ways[hole["way"] or ""](text) if text else ""

        return re.sub(PLACEHOLDER, filled, given.reading)

    return Rule(f"pack rule {given.name}", re.compile(given.pattern, re.I | re.A), read, own=True)


def _decimal(text: str) -> str:
    found = re.search(r"\d+(?:\.\d+)?", text.replace(",", ""), re.A)
    return found.group() if found else "0"
