"""Numbers and short codes that name a thing: 十二号, RAID5, F2. Another number is another thing.

Similarity hardly tells "what is part 12" from "what is part 18", so what a question names by a
number must be named in what answers it.
"""

from __future__ import annotations

import re

from voicebot.knowledge.text import fold

_DIGIT = {c: str(n) for n, c in enumerate("零一二三四五六七八九")} | {"两": "2", "〇": "0"}
# A month's or a day's 号 is a date: 三月五号 names no part.
_NUMBERED = re.compile(
    r"(?<![月\d零〇一二两三四五六七八九十])(\d{1,3}|[零〇一二两三四五六七八九十]{1,3})\s*号"
)
_CODE = re.compile(
    r"(?<![a-z0-9])(raid|f|ctrl\s*[+加]\s*)\s*(\d{1,2}|[a-z]|[零一二三四五六七八九十])(?![a-z0-9])"
)


def identifiers(text: str) -> frozenset[str]:
    """The identifying numbers and codes in `text`, in one spelling: ``12号``, ``raid5``, ``f2``."""
    folded = fold(text)
    found = {f"{_number(match)}号" for match in _NUMBERED.findall(folded)}
    for name, value in _CODE.findall(folded):
        plain = "ctrl" if name.startswith("ctrl") else name
        found.add(plain + (value if value.isascii() else _number(value)))
    return frozenset(found)


def _number(text: str) -> str:
    if text.isascii():
        return str(int(text))
    tens, ten, units = text.rpartition("十")
    if not ten:
        return str(int("".join(_DIGIT[c] for c in text)))
    high = int(_DIGIT.get(tens, "1")) if tens else 1
    return str(high * 10 + int(_DIGIT.get(units, "0")))
