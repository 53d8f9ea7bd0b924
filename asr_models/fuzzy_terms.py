"""Finds terms that were misheard, by sound and at a price.

A term is a row of sounds; where a stretch of the text can be taken for it more cheaply than its
kind allows, the stretch may be the term. The price list is `sound_cost`; a sound left out or
put in costs too. What is allowed:

- a code with figures: .26 a sound, and no figure may stand for another one;
- an abbreviation: .2 a letter, and the stretch must be written in Latin letters;
- a Chinese term of three or more syllables: .17 a syllable;
- characters with letters (森特OS): .18 a sound;
- a foreign word written down by ear (瑞德哈特 for Red Hat): .21 a syllable, for it makes no sense
  as Chinese.

Two terms at the same price leave the text as it is: the choice would be a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from asr_models.sound_cost import sound_cost
from asr_models.sound_units import LETTER_SOUNDS, SoundUnit, sound_units

LEFT_OUT = 0.8
PUT_IN = 0.7
_NEAR = 0.3  # a sound this near counts as found when terms are looked for


class Kind(Enum):
    """What a term is made of, with the price a sound that is allowed."""

    CODE = 0.26
    ABBREVIATION = 0.2
    CHINESE = 0.17
    MIXED = 0.18
    FOREIGN = 0.21


@dataclass(frozen=True)
class Candidate:
    """text[start:end] may be `term`; `cost` is the mean price of a sound."""

    start: int
    end: int
    term: str
    cost: float
    kind: Kind


@dataclass(frozen=True)
class _Spoken:
    term: str
    sounds: tuple[str, ...]
    kind: Kind


class FuzzyTerms:
    """The terms of a lexicon with the ways they sound. Immutable; pure."""

    def __init__(self, forms: Iterable[tuple[str, str]]) -> None:
        """Take (term, spoken form) pairs; forms of fewer than three sounds are left out."""
        seen: dict[tuple[str, ...], _Spoken] = {}
        shared = set()
        for term, form in forms:
            sounds = tuple(unit.sound for unit in sound_units(form) if unit.sound != "|")
            kind = _kind(term, sounds)
            if kind is None:
                continue
            if seen.setdefault(sounds, _Spoken(term, sounds, kind)).term != term:
                shared.add(sounds)
        self._spoken = tuple(one for sounds, one in seen.items() if sounds not in shared)
        self._holders: dict[str, list[tuple[int, int]]] = {}  # sound -> (form, bit of its place)
        self._near: dict[str, tuple[tuple[int, int], ...]] = {}
        for number, spoken in enumerate(self._spoken):
            for place, sound in enumerate(spoken.sounds):
                self._holders.setdefault(sound, []).append((number, 1 << place))

    def find(self, text: str) -> list[Candidate]:
        """The cheapest stretch of each form that is cheap enough, cheapest first."""
        units = sound_units(text)
        found = []
        for number in self._promising(units):
            spoken = self._spoken[number]
            candidate = _cheapest(spoken, units)
            if candidate is not None:
                found.append(candidate)
        found.sort(key=lambda one: (one.cost, one.start - one.end))
        return found

    def _promising(self, units: tuple[SoundUnit, ...]) -> list[int]:
        """The forms of which most sounds are somewhere in the text."""
        places: dict[int, int] = {}
        for sound in {unit.sound for unit in units}:
            for number, bit in self._holders_of(sound):
                places[number] = places.get(number, 0) | bit
        return [
            number
            for number, bits in places.items()
            if bits.bit_count() * 5 >= len(self._spoken[number].sounds) * 3
        ]

    def _holders_of(self, written: str) -> tuple[tuple[int, int], ...]:
        if written not in self._near:
            self._near[written] = tuple(
                holder
                for said, holders in self._holders.items()
                if sound_cost(said, written) <= _NEAR
                for holder in holders
            )
        return self._near[written]


def _kind(term: str, sounds: tuple[str, ...]) -> Kind | None:
    figures = sum(sound[0] == "#" for sound in sounds)
    letters = sum(sound[0] == "@" for sound in sounds)
    if len(sounds) < 3 or figures == len(sounds):
        return None
    if figures >= 2 and figures + letters == len(sounds) and len(sounds) >= 4:
        return Kind.CODE
    if letters == len(sounds):
        return Kind.ABBREVIATION
    if figures or any(char.isdigit() for char in term):
        return None
    if letters:
        return Kind.MIXED
    return Kind.FOREIGN if term.isascii() else Kind.CHINESE


def _cheapest(spoken: _Spoken, units: tuple[SoundUnit, ...]) -> Candidate | None:
    """Align the form with any stretch of the units; None if no stretch is cheap enough."""
    # A cell is (price so far, first unit of the stretch); a row is one sound of the form.
    row = [(0.0, place) for place in range(len(units) + 1)]
    allowed = spoken.kind.value * len(spoken.sounds) + 1e-9
    for sound in spoken.sounds:
        row = _next_row(sound, row, units)
        if min(row)[0] > allowed:
            return None
    cost, end = min((cell[0], place) for place, cell in enumerate(row))
    mean = cost / len(spoken.sounds)
    first = row[end][1]
    if mean > spoken.kind.value or end <= first:
        return None
    return Candidate(units[first].start, units[end - 1].end, spoken.term, mean, spoken.kind)


_Cell = tuple[float, int]


def _next_row(sound: str, above: list[_Cell], units: tuple[SoundUnit, ...]) -> list[_Cell]:
    names = [parts for parts in LETTER_SOUNDS.get(sound[1:], ()) if len(parts) == 2]
    row: list[_Cell] = [(above[0][0] + LEFT_OUT, above[0][1])]
    for place, unit in enumerate(units, 1):
        if unit.sound == "|":
            row.append((above[place][0] + LEFT_OUT, above[place][1]) if above[place][1] == place
                       else (99.0, place))  # fmt: skip
            continue
        diagonal, over, left = above[place - 1], above[place], row[place - 1]
        best = (diagonal[0] + sound_cost(sound, unit.sound), diagonal[1])
        best = min(best, (over[0] + LEFT_OUT, over[1]), (left[0] + PUT_IN, left[1]))
        if names and sound[0] == "@" and place > 1:
            pair = (units[place - 2].sound, unit.sound)
            price = min(sum(map(sound_cost, name, pair)) for name in names) + 0.1
            best = min(best, (above[place - 2][0] + price, above[place - 2][1]))
        row.append(best)
    return row
