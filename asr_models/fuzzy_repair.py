"""Which misheard stretches may be repaired: guards that keep plain speech as it is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from asr_models.fuzzy_terms import PUT_IN, Candidate, FuzzyTerms, Kind
from asr_models.sound_cost import sound_cost
from asr_models.sound_units import sound_units
from asr_models.words import is_word, word_bounds

Stretch = tuple[int, int]

_RUN = re.compile(r"[A-Za-z0-9]+(?:[ \-&.]?[A-Za-z0-9]+)*")
_LETTERS = re.compile(r"[A-Za-z]+(?:[ \-&.]?[A-Za-z]+)*")
_DATE = re.compile(r"[年月日号点分]")
_SMALL = frozenset("的了着吗呢吧啊是不在就我你他有和这那一其与以所而人")
# Abbreviations of everyday talk: they are what was said, however near a term they sound.
_EVERYDAY_WORDS = """
CCTV DVD VCD CD NBA CBA BBC CNN NBC ABC GDP PC APP ATM IBM MBA PDF PPT VIP WTO DNA RNA IT
QQ TV KTV LED CNC EMS PSP GPS SIM MSN CEO CFO HR PM AM FM UN EU USA UK NASA FBI CIA SOS
DIY VR AR AI CT MRI NGO NPC ETC OK AAA WWW
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_TIE = 0.02
_AS_FIGURE = 0.15  # a sound this near (市 for 四) may be the figure
_PRONOUNS = frozenset("我你他有和这那一")
_SURE = 0.1  # cheaper than this even a pronoun may have been misheard (这列卡)


class FuzzyRepair:
    """Chooses among the candidates of `FuzzyTerms` those that may be written."""

    def __init__(self, forms: Iterable[tuple[str, str]]) -> None:
        """Take (term, spoken form) pairs."""
        listed = list(forms)
        self._terms = FuzzyTerms(listed)
        self._written = frozenset(term for term, _ in listed)

    def find(self, text: str, taken: Sequence[Stretch]) -> list[Candidate]:
        """The stretches to repair outside `taken`; none overlap."""
        offered = [
            whole
            for one in self._terms.find(text)
            if (whole := _whole_runs(one, text)) is not None
            and not _overlaps((whole.start, whole.end), taken)
            and text[whole.start : whole.end] not in self._written
            and _allowed(whole, text)
        ]
        chosen: list[Candidate] = []
        for one in sorted(offered, key=lambda one: (one.cost, one.start - one.end)):
            one = _longest(one, offered)
            if _overlaps((one.start, one.end), [(c.start, c.end) for c in chosen]):
                continue
            if not _tied(one, offered):
                chosen.append(one)
        return chosen


def _whole_runs(one: Candidate, text: str) -> Candidate | None:
    """The candidate with the letters and figures it would cut off taken in, at their price."""
    start, end = one.start, one.end
    for run in _RUN.finditer(text):
        if run.start() < one.end and one.start < run.end():
            start, end = min(start, run.start()), max(end, run.end())
    outside = text[start : one.start] + text[one.end : end]
    if not outside:
        return one
    sounds = len(sound_units(one.term))
    cost = one.cost + PUT_IN * len(sound_units(outside)) / max(sounds, 1)
    return replace(one, start=start, end=end, cost=cost) if cost <= one.kind.value else None


def _allowed(one: Candidate, text: str) -> bool:
    heard = text[one.start : one.end]
    if one.kind is Kind.MIXED and heard.isascii():
        return False
    if one.kind is Kind.ABBREVIATION:
        letters = "".join(char for char in heard.upper() if char.isalpha())
        return _LETTERS.fullmatch(heard) is not None and letters not in _EVERYDAY
    if one.kind is Kind.CODE:
        return _same_figures(heard, one.term) and not _DATE.match(text[one.end : one.end + 1])
    bounds = word_bounds(text)
    if one.start not in bounds or one.end not in bounds:
        return False
    small = _SMALL.intersection(heard).difference(one.term)
    if one.cost <= _SURE:
        small -= _PRONOUNS
    if one.kind is Kind.MIXED:
        small -= {"的"}  # RAID的卡
    if small:
        return False
    return not _plain_words(text, one, bounds)


def _same_figures(heard: str, term: str) -> bool:
    """Whether the figures heard are the term's, all of them: one missing may be another model.

    A figure may have been written by its sound (吧 for 八), and 是 before a code as 1.
    """
    said = [unit.sound for unit in sound_units(term) if unit.sound[0] == "#"]
    written = [unit.sound for unit in sound_units(heard)]
    if written[:1] == ["#1"] and said[:1] != ["#1"]:
        written = written[1:]
    found = {0}  # how many of the term's figures may have been said so far
    for sound in written:
        here = {n + 1 for n in found if n < len(said) and sound_cost(said[n], sound) <= _AS_FIGURE}
        found = here if sound[0] == "#" else found | here
    return len(said) in found


def _plain_words(text: str, one: Candidate, bounds: frozenset[int]) -> bool:
    """Whether the stretch is nothing but known words of two or more characters."""
    cuts = sorted(place for place in bounds if one.start <= place <= one.end)
    words = [text[a:b] for a, b in itertools.pairwise(cuts)]
    return all(len(word) > 1 and is_word(word) for word in words)


def _longest(one: Candidate, offered: list[Candidate]) -> Candidate:
    same = [
        other for other in offered
        if other.term == one.term and other.start < one.end and one.start < other.end
    ]  # fmt: skip
    return max(same, key=lambda other: (other.end - other.start, -other.cost))


def _tied(one: Candidate, offered: list[Candidate]) -> bool:
    """Whether another term has as good a claim to the same stretch."""
    return any(
        other.term != one.term
        and other.start < one.end
        and one.start < other.end
        and other.cost <= one.cost + _TIE
        and other.end - other.start >= one.end - one.start
        for other in offered
    )


def _overlaps(stretch: Stretch, taken: Iterable[Stretch]) -> bool:
    return any(a < stretch[1] and stretch[0] < b for a, b in taken)
