"""Codes whose letters and figures were written with other characters of the same sound.

腰动三六 is 幺洞三六, 零X乖逼 is 0X7B, 恩艾弗五二八零 is NF5280. A stretch counts as a code if it is
long enough and enough of it is surely letters and figures; characters of the same sound join it
only where they form no word of their own. What is left stays as it was heard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from asr_models.sound_units import FIGURE_SOUNDS, LETTER_SOUNDS, SoundUnit, sound_units
from asr_models.words import is_word

_SYLLABLE_FIGURE = {sound: figure for figure, sounds in FIGURE_SOUNDS.items() for sound in sounds}
# Letter names of two syllables, and the one-syllable names that are no figure's.
_NAMES = {
    parts: letter
    for letter, spoken in LETTER_SOUNDS.items()
    for parts in spoken
    if len(parts) > 1 or (parts[0] not in _SYLLABLE_FIGURE and letter not in "RYU")
}
_LEAST = 4
_ASKED = re.compile(
    r"(序列号|后[三四五六]位|位|编号|单号|号码|代码|错误码|SN|S N|开头|是)[是为，：的]*$"
)


@dataclass(frozen=True)
class SoundedCode:
    """text[start:end] sounds like the code `written`."""

    start: int
    end: int
    written: str


@dataclass(frozen=True)
class _Sign:
    """One letter or figure of a possible code; `sure` if it is written as one."""

    start: int
    end: int
    sign: str
    sure: bool


def sounded_codes(text: str) -> list[SoundedCode]:
    """The stretches of `text` that sound like codes and hold a character that is none."""
    found = []
    for run in _runs(text):
        run = _trimmed(run, text)
        if len(run) >= _LEAST and any(not sign.sure for sign in run) and _is_code(run, text):
            written = "".join(sign.sign for sign in run)
            found.append(SoundedCode(run[0].start, run[-1].end, written))
    return found


def _is_code(run: list[_Sign], text: str) -> bool:
    sure = sum(sign.sure for sign in run)
    letters = sum(sign.sign.isalpha() and (sign.sure or _named(sign)) for sign in run)
    if any(sign.sign.isalpha() for sign in run) and not letters:
        return False  # a single syllable is no letter unless another one shows that it may be
    figures = sum(sign.sign.isdigit() and sign.sure for sign in run)
    if letters and figures >= 1:
        return sure * 2 >= len(run) or letters >= 2
    asked = _ASKED.search(text[: run[0].start]) is not None
    spoken = "yao dong" in _sounds(text, run) or "dong yao" in _sounds(text, run)
    return figures * 2 >= len(run) or ((asked or spoken) and figures >= 1 and len(run) >= _LEAST)


def _named(sign: _Sign) -> bool:
    return sign.end - sign.start > 1


def _sounds(text: str, run: list[_Sign]) -> str:
    return " ".join(unit.sound for unit in sound_units(text[run[0].start : run[-1].end]))


def _runs(text: str) -> list[list[_Sign]]:
    runs: list[list[_Sign]] = [[]]
    units = sound_units(text)
    place = 0
    while place < len(units):
        taken, sign = _sign_at(units, place)
        if sign is None:
            runs.append([])
        else:
            runs[-1].append(sign)
        place += taken
    return runs


def _sign_at(units: tuple[SoundUnit, ...], place: int) -> tuple[int, _Sign | None]:
    unit = units[place]
    if unit.sound[0] in "#@":
        return 1, _Sign(unit.start, unit.end, unit.sound[1], True)
    for size in (3, 2, 1):
        part = units[place : place + size]
        name = _NAMES.get(tuple(one.sound for one in part))
        if name is not None and part[-1].end - unit.start == size:
            return size, _Sign(unit.start, part[-1].end, name, False)
    figure = _SYLLABLE_FIGURE.get(unit.sound)
    return 1, _Sign(unit.start, unit.end, figure, False) if figure else None


def _trimmed(run: list[_Sign], text: str) -> list[_Sign]:
    """The run up to the first unsure sign that is part of a word, counted from its sure signs."""
    sure = [place for place, sign in enumerate(run) if sign.sure]
    if not sure:
        return []
    start, end = sure[0], sure[-1] + 1
    while start > 0 and _no_word(run[start - 1], text):
        start -= 1
    while end < len(run) and _no_word(run[end], text):
        end += 1
    inner = run[start:end]
    return inner if all(sign.sure or _no_word(sign, text) for sign in inner) else []


def _no_word(sign: _Sign, text: str) -> bool:
    """Whether the characters of `sign` make no word with their neighbours."""
    around = (
        text[max(0, sign.start - 1) : sign.end],
        text[sign.start : sign.end + 1],
    )
    common = (
        text[sign.start : sign.end] in "是有以已器其期起气把爸儿而事市时士也又就一至底致继比皆死"
    )
    return not common and not any(
        len(part) == sign.end - sign.start + 1 and is_word(part) for part in around
    )
