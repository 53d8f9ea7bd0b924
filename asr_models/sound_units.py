"""Text as a row of sounds: syllables, letters and figures, each with its place in the text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import pypinyin

from asr_models.spoken_codes import SPOKEN_DIGITS

FIGURE_SOUNDS = {
    "0": ("ling", "dong"), "1": ("yi", "yao"), "2": ("er", "liang"), "3": ("san",), "4": ("si",),
    "5": ("wu",), "6": ("liu",), "7": ("qi", "guai"), "8": ("ba",), "9": ("jiu", "gou"),
}  # fmt: skip
# Letters as Mandarin speakers say them, in syllables; em, en, ef, el, es are none of Mandarin's.
LETTER_SOUNDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "A": (("ei",),), "B": (("bi",),), "C": (("xi",), ("si",), ("sei",)), "D": (("di",),),
    "E": (("yi",),), "F": (("ef",), ("ai", "fu")), "G": (("ji",), ("zhi",)), "H": (("ei", "chi"),),
    "I": (("ai",),), "J": (("zhei",), ("jie",)), "K": (("kei",),),
    "L": (("el",), ("ai", "lou")), "M": (("em",), ("ai", "mu")), "N": (("en",),),
    "O": (("ou",),), "P": (("pi",),), "Q": (("kiu",), ("qiu",)), "R": (("a", "er"), ("a",)),
    "S": (("es",), ("ai", "si")), "T": (("ti",),), "U": (("you",),), "V": (("wei",), ("vi",)),
    "W": (("da", "bu", "liu"),), "X": (("ai", "ke", "si"), ("cha",)), "Y": (("wai",),),
    "Z": (("zei",), ("ze",)),
}  # fmt: skip

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_BREAKS = frozenset("，。！？；：,!?;:")


@dataclass(frozen=True, slots=True)
class SoundUnit:
    """`sound` is a toneless syllable, a figure (`#5`), a letter (`@N`) or a break (`|`)."""

    sound: str
    start: int
    end: int


@functools.lru_cache(maxsize=4096)
def sound_units(text: str) -> tuple[SoundUnit, ...]:
    """The sounds of `text` in order; spaces, hyphens and the like have none."""
    syllables: dict[int, str] = {}
    for run in _HAN.finditer(text):
        for offset, syllable in enumerate(pypinyin.lazy_pinyin(run[0])):
            syllables[run.start() + offset] = syllable
    found = []
    for place, char in enumerate(text):
        sound = _sound(char, syllables.get(place, ""))
        if sound:
            found.append(SoundUnit(sound, place, place + 1))
    return tuple(found)


def _sound(char: str, syllable: str) -> str:
    if char in _BREAKS:
        return "|"
    if char in SPOKEN_DIGITS:
        return "#" + SPOKEN_DIGITS[char]
    if syllable:
        return syllable
    if char.isascii() and char.isdigit():
        return "#" + char
    return "@" + char.upper() if char.isascii() and char.isalpha() else ""
