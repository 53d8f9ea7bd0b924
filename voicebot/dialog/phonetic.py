"""Phrases found in what was heard, by characters or by sound.

Ears get the sound right more often than the characters (measured: error rate .18 by character,
.08 by toneless pinyin), so a phrase of two or more syllables also matches by pinyin without tones;
zh/z, ch/c, sh/s and front and back nasals count as one, as callers' accents have it.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from voicebot.dialog.ordinary import ORDINARY
from voicebot.pack import Term

_DIGIT_SOUNDS = ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
_FIGURES = frozenset("0123456789零〇一二两三四五六七八九幺洞拐勾")
_SPECIAL_SOUNDS = {"两": "er", "俩": "er", "幺": "yi", "〇": "lin"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A Chinese character, a letter or a digit; `glued` if nothing separates it from the last."""

    text: str
    sound: str
    glued: bool


@dataclass(frozen=True)
class Match:
    """Units `start`..`end` of a text; `exact` by characters, else by sound only."""

    start: int
    end: int
    exact: bool


def fold(syllable: str) -> str:
    """A syllable with the distinctions that accents and ears blur taken out."""
    for retroflex, flat in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(retroflex):
            syllable = flat + syllable[2:]
    if syllable.endswith(("ing", "eng")):
        syllable = syllable[:-1]
    return syllable


@functools.lru_cache(maxsize=8192)
def units(text: str) -> tuple[Unit, ...]:
    """The units of a text; punctuation and spaces separate, and are dropped."""
    text = unicodedata.normalize("NFKC", text).lower()
    found: list[Unit] = []
    glued = False
    hanzi = [index for index, char in enumerate(text) if is_hanzi(char)]
    sounds = dict(zip(hanzi, _sounds("".join(text[i] for i in hanzi)), strict=True))
    for index, char in enumerate(text):
        if index in sounds:
            found.append(Unit(char, _SPECIAL_SOUNDS.get(char, sounds[index]), glued))
        elif char.isascii() and char.isdigit():
            found.append(Unit(char, fold(_DIGIT_SOUNDS[int(char)]), glued))
        elif char.isalnum():
            found.append(Unit(char, char, glued))
        else:
            glued = False
            continue
        glued = True
    return tuple(found)


def is_hanzi(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _sounds(hanzi: str) -> list[str]:
    syllables = lazy_pinyin(hanzi, style=Style.NORMAL)
    if len(syllables) != len(hanzi):  # a run of characters pypinyin does not know is one entry
        syllables = [lazy_pinyin(char, style=Style.NORMAL)[0] for char in hanzi]
    return [fold(syllable) for syllable in syllables]


def find(phrase: str, heard: tuple[Unit, ...]) -> tuple[Match, ...]:
    """Every place of `phrase` in `heard`, left to right; none overlap."""
    wanted = units(phrase)
    size = len(wanted)
    found: list[Match] = []
    start = 0
    while size and start + size <= len(heard):
        head = heard[start]
        if (
            head.sound != wanted[0].sound and head.text != wanted[0].text
        ):  # most places end here: keep it quick
            start += 1
            continue
        window = heard[start : start + size]
        exact = all(a.text == b.text for a, b in zip(wanted, window, strict=True))
        alike = exact or (
            all(a.sound == b.sound for a, b in zip(wanted, window, strict=True))
            and (size > 1 or wanted[0].text.isdigit() or window[0].text.isdigit())
        )
        if not exact:
            alike = alike and not _otherwise(wanted, heard, start)
        if alike and _bounded(heard, start, start + size):
            found.append(Match(start, start + size, exact))
            start += size
        else:
            start += 1
    return tuple(found)


def contains(text: str, phrase: str) -> bool:
    """Whether `phrase` is in `text`, by characters or by sound."""
    return bool(find(phrase, units(text)))


def _bounded(heard: tuple[Unit, ...], start: int, end: int) -> bool:
    """No word or number is cut: RAID1 is not in RAID10."""
    return not (start > 0 and _joined(heard[start - 1], heard[start])) and not (
        end < len(heard) and _joined(heard[end - 1], heard[end])
    )


def _otherwise(wanted: tuple[Unit, ...], heard: tuple[Unit, ...], start: int) -> bool:
    """Whether the sounds are those of an ordinary word, in or across the ends of a match: 有点 is
    heard as 有点, not as 有电."""
    end = start + len(wanted)
    for at in range(max(start - 1, 0), min(end, len(heard) - 1)):
        left, right = heard[at], heard[at + 1]
        if right.glued and left.text + right.text in ORDINARY:
            inside = range(max(at, start), min(at + 2, end))
            if any(heard[each].text != wanted[each - start].text for each in inside):
                return True
    return False


def _joined(left: Unit, right: Unit) -> bool:
    same = (left.text.isdigit() and right.text.isdigit()) or (
        _is_latin(left.text) and _is_latin(right.text)
    )
    return right.glued and same


def _is_latin(char: str) -> bool:
    return char.isalpha() and not is_hanzi(char)


class Canonicalizer:
    """Rewrites spoken and misheard forms of lexicon terms to the written term (瑞德 -> RAID)."""

    def __init__(self, lexicon: Iterable[Term]) -> None:
        forms: dict[tuple[Unit, ...], Term] = {}
        for term in lexicon:
            for form in (term.term, *term.spoken):
                forms.setdefault(units(form), term)
        self._by_first: dict[str, list[tuple[tuple[Unit, ...], Term]]] = {}
        for wanted, term in sorted(forms.items(), key=lambda pair: -len(pair[0])):
            if wanted:
                self._by_first.setdefault(wanted[0].sound, []).append((wanted, term))

    def rewrite(self, text: str) -> str:
        """`text` with terms in their written form, longest forms first."""
        return "".join(piece for piece, _ in self._pieces(text))

    def terms(self, text: str, kind: str) -> tuple[str, ...]:
        """The lexicon terms of a kind mentioned in `text`, in order."""
        return tuple(
            term.term for _, term in self._pieces(text) if term is not None and term.kind == kind
        )

    def names_term(self, text: str) -> bool:
        """Whether any lexicon term is mentioned in `text`."""
        return any(term is not None for _, term in self._pieces(text))

    def _pieces(self, text: str) -> list[tuple[str, Term | None]]:
        heard = units(text)
        pieces: list[tuple[str, Term | None]] = []
        index = 0
        while index < len(heard):
            size, term = self._at(heard, index)
            if term is None:
                lead = "" if heard[index].glued else " "
                pieces.append((lead + heard[index].text, None))
            else:
                pieces.append((f" {term.term} " if term.term.isascii() else term.term, term))
            index += size
        return pieces

    def _at(self, heard: tuple[Unit, ...], index: int) -> tuple[int, Term | None]:
        for wanted, term in self._by_first.get(heard[index].sound, []):
            size = len(wanted)
            window = heard[index : index + size]
            if len(window) < size or not _bounded(heard, index, index + size):
                continue
            exact = all(a.text == b.text for a, b in zip(wanted, window, strict=True))
            alike = size > 1 and all(
                a.sound == b.sound for a, b in zip(wanted, window, strict=True)
            )
            if not exact and _otherwise(wanted, heard, index):
                continue
            if (exact or alike) and not _figures_only(wanted, heard, index):
                return size, term
        return 1, None


def _figures_only(wanted: tuple[Unit, ...], heard: tuple[Unit, ...], index: int) -> bool:
    """Whether a term's form is taken out of a row of figures: 五六四八 out of a telephone number,
    or 麒麟 out of 七零."""
    end = index + len(wanted)
    if not all(unit.text in _FIGURES for unit in heard[index:end]):
        return False
    around = (heard[index - 1 : index], heard[end : end + 1])
    in_a_row = any(side and side[0].text in _FIGURES for side in around)
    return in_a_row or not any(unit.text in _FIGURES for unit in wanted)
