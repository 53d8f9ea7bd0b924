"""Error rates for Mandarin: characters and toneless syllables, with fair normalization."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pypinyin

from asr_models.script import normalize_script, strip_punctuation

_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(r"\d+")
_SAME = str.maketrans("〇幺两", "零一二")


@dataclass(frozen=True)
class ErrorCount:
    """`errors` edits against `length` reference units. Counts add up over a corpus."""

    errors: int = 0
    length: int = 0

    def __add__(self, other: ErrorCount) -> ErrorCount:
        return ErrorCount(self.errors + other.errors, self.length + other.length)

    @property
    def rate(self) -> float:
        return self.errors / self.length if self.length else 0.0


def edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the least number of insertions, deletions and substitutions."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def character_errors(reference: str, heard: str) -> ErrorCount:
    """Count character errors of `heard`; script, punctuation and digit style do not count."""
    return _fewest(reference, heard, list)


def syllable_errors(reference: str, heard: str) -> ErrorCount:
    """Count toneless-pinyin errors: homophones are right."""
    return _fewest(reference, heard, pypinyin.lazy_pinyin)


def _fewest(reference: str, heard: str, split: Callable[[str], list[str]]) -> ErrorCount:
    counts = []
    for want, got in itertools.product(readings(reference), readings(heard)):
        units = split(want), split(got)
        counts.append(ErrorCount(edit_distance(*units), len(units[0])))
    return min(counts, key=lambda count: (count.rate, count.errors))


def readings(text: str) -> list[str]:
    """Return the normalized forms of `text`: numbers digit by digit, and as one number."""
    plain = strip_punctuation(normalize_script(text)).lower()
    by_digit = _NUMBER.sub(lambda match: "".join(_DIGITS[int(d)] for d in match[0]), plain)
    as_number = _NUMBER.sub(lambda match: number_reading(match[0]), plain)
    return sorted({by_digit.translate(_SAME), as_number.translate(_SAME)})


def number_reading(digits: str) -> str:
    """Return how a number below 100,000,000 is read (105 -> 一百零五); longer ones by digit."""
    if len(digits) > 8 or (len(digits) > 1 and digits[0] == "0"):
        return "".join(_DIGITS[int(digit)] for digit in digits)
    high, low = divmod(int(digits), 10_000)
    if not high:
        return _below_ten_thousand(low) or "零"
    gap = "零" if 0 < low < 1000 else ""
    return _below_ten_thousand(high) + "万" + gap + _below_ten_thousand(low)


def _below_ten_thousand(value: int) -> str:
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + name
        gap = False
    return text.removeprefix("一") if text.startswith("一十") else text
