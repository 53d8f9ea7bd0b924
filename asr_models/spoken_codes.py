"""The grammar of spoken codes: letters and digits as engineers read them out."""

from __future__ import annotations

import re
from dataclasses import dataclass

# 幺 1, 洞 0, 拐 7, 勾 9 and 两 2 are how figures are read on the phone.
SPOKEN_DIGITS = dict(zip("零〇洞一幺二两三四五六七拐八九勾", "0001122345677899", strict=True))

_SAID = "".join(SPOKEN_DIGITS)
_UNIT = rf"[A-Za-z0-9{_SAID}]"
_RUN = re.compile(rf"{_UNIT}(?:[ \-]?{_UNIT})*")
_DIGIT_GROUP = re.compile(rf"[{_SAID}]+")
_LONE_LETTER = re.compile(r"(?<![A-Za-z])(?<![A-Za-z][ \-])[A-Za-z]$")
_NUMBER_UNITS = frozenset("十百千万亿点")
# 一 and 两 before these count or soften (一下, 两台); they end no code.
COUNTED = "下直个台块次样般些点张条根路组种位名共起定旦边天年月会时切端方段批套片颗面"


@dataclass(frozen=True)
class CodeRun:
    """A stretch [start, end) of text made of letters, digits and spoken digits."""

    start: int
    end: int
    text: str


def code_runs(text: str) -> list[CodeRun]:
    """Return the maximal runs of `text` that hold at least one Latin letter."""
    runs = []
    for match in _RUN.finditer(text):
        end = match.end()
        while end > match.start() and text[end - 1] in "一两" and text[end:]:
            if text[end] not in COUNTED:
                break
            end -= 1
        run = text[match.start() : end].rstrip(" -")
        if re.search(r"[A-Za-z]", run):
            runs.append(CodeRun(match.start(), match.start() + len(run), run))
    return runs


def code_key(text: str) -> str:
    """Return `text` as upper-case letters and figures alone ("nf 五二八零-M六" -> NF5280M6)."""
    figures = "".join(SPOKEN_DIGITS.get(char, char) for char in text)
    return "".join(char for char in figures.upper() if char.isascii() and char.isalnum())


def write_figures(run: str, following: str = "") -> str:
    """Return a run with its spoken digits as figures, where they are surely figures.

    A group of two or more is; a single one is after a single letter (M六) or beside a figure,
    unless it is 一 or 两, which count things. `following` is the text after the run: a group
    that goes on there (零 before 十五) is part of a number and stays.
    """

    def write(match: re.Match[str]) -> str:
        group = match[0]
        if match.end() == len(run) and following[:1] in _NUMBER_UNITS:
            return group
        before = run[: match.start()].rstrip(" -")
        after = run[match.end() :].lstrip(" -")
        one_letter = _LONE_LETTER.search(before) is not None
        beside_figure = _is_figure(before[-1:]) or _is_figure(after[:1])
        sure = len(group) > 1 or ((one_letter or beside_figure) and group not in "一两")
        return "".join(SPOKEN_DIGITS[char] for char in group) if sure else group

    return _DIGIT_GROUP.sub(write, run)


def _is_figure(char: str) -> bool:
    return char.isascii() and char.isdigit()
