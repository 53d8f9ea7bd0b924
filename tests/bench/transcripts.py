"""What was said against what was written down: one spelling for both, and which unit went wrong.

Not counted as errors: stops, blanks, case, script; 5280 for 五二八零, 32 for 三十二, 15% for
百分之十五, ℃ for 摄氏度, 9:30 for 九点三十, 5-7 for 五到七; 幺 for 一 and 两 for 二. A figure
in the transcript is read digit by digit or as a number, whichever is nearer to what was said.
Nothing else is forgiven.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from asr_models.metrics import edit_distance, number_reading
from asr_models.script import normalize_script, strip_punctuation

_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(r"\d+")
_SAME = str.maketrans("〇幺两", "零一二")
_MOST_CHOICES = 6  # numbers of one transcript that are tried in all combinations
_CODE = re.compile(r"[a-z零一二三四五六七八九]{2,}|[a-z]")


@dataclass(frozen=True)
class Slip:
    """A unit that was said and written down as something else; empty: dropped, or added."""

    said: str
    written: str
    in_code: bool


def same_spelling(text: str) -> str:
    """What is compared: small letters and characters, 幺 as 一, 两 as 二."""
    return strip_punctuation(normalize_script(text)).lower().translate(_SAME)


def nearest(said: Iterable[str], transcript: str) -> tuple[str, str]:
    """The right transcript and the reading of `transcript` that are nearest to each other."""
    pairs = itertools.product([same_spelling(each) for each in said], readings(transcript))
    return min(pairs, key=lambda pair: edit_distance(*pair) / max(len(pair[0]), 1))


def readings(transcript: str) -> list[str]:
    """A transcript with each of its numbers read digit by digit and as one number.

    A dash between two of them is 到 (12-16个小时) or nothing (400-860).
    """
    text = normalize_script(transcript).lower()
    ranged = re.sub(r"(?<=\d)\s*[-~–—]\s*(?=\d)", "到", text)
    return [found for each in dict.fromkeys((text, ranged)) for found in _readings(each)]


def _readings(text: str) -> list[str]:
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%", r"百分之\1", text)
    text = re.sub(r"°\s*c|℃", "摄氏度", text)
    text = re.sub(r"(?<=\d)[.:：](?=\d)", "点", text)
    numbers = [match[0] for match in _NUMBER.finditer(text)]
    ways = [_ways(number) for number in numbers]
    for at in range(_MOST_CHOICES, len(ways)):  # a transcript full of numbers is full of codes
        ways[at] = ways[at][:1]
    found = []
    for chosen in itertools.product(*ways):
        left = iter(chosen)
        found.append(same_spelling(_NUMBER.sub(lambda _, left=left: next(left), text)))
    return found


def _ways(number: str) -> list[str]:
    by_digit = "".join(_DIGITS[int(digit)] for digit in number)
    return list(dict.fromkeys((by_digit, number_reading(number))))


def slips(said: str, written: str) -> list[Slip]:
    """The differences of two texts in one spelling, by a shortest edit."""
    code = code_places(said)
    rows = _distances(said, written)
    at, to = len(said), len(written)
    found: list[Slip] = []
    while at or to:
        here = rows[at][to]
        if at and to and here == rows[at - 1][to - 1] + (said[at - 1] != written[to - 1]):
            at, to = at - 1, to - 1
            if said[at] != written[to]:
                found.append(Slip(said[at], written[to], at in code))
        elif at and here == rows[at - 1][to] + 1:
            at -= 1
            found.append(Slip(said[at], "", at in code))
        else:
            to -= 1
            inside = at in code and at - 1 in code
            found.append(Slip("", written[to], inside))
    return found[::-1]


def code_places(said: str) -> frozenset[int]:
    """The places of letters, and of figures that are read one by one (two or more in a row)."""
    return frozenset(at for match in _CODE.finditer(said) for at in range(*match.span()))


def _distances(left: str, right: str) -> list[list[int]]:
    rows = [list(range(len(right) + 1))]
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
        rows.append(row)
    return rows
