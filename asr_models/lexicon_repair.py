"""Domain repair: bring misheard terms to the lexicon's spelling, by sound.

Two rules, both exact, so that what was heard right stays as it is:

- a Chinese stretch that sounds (toneless pinyin, same length) like a term, or like the way a
  foreign term is written down by ear (瑞德 for RAID), becomes the term, if it begins and ends
  where words do and is no common word of two syllables itself (店员 stays, though 电源 sounds
  like it);
- a run of letters, figures and spoken digits that spells a term's code becomes the code; in
  other runs with a Latin letter spoken digits become figures ("M六" -> "M6").

Other spoken forms (机器 for 服务器) are what the caller said: they are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pypinyin

from asr_models.code_sounds import sounded_codes
from asr_models.fuzzy_repair import FuzzyRepair
from asr_models.lexicon_forms import Sound, by_ear, fuzzy_forms, is_chinese, sound_of
from asr_models.spoken_codes import (
    COUNTED,
    SPOKEN_DIGITS,
    code_key,
    code_runs,
    write_figures,
)
from asr_models.words import is_word, word_bounds

_PARTICLES = frozenset("的地得了着吗呢吧啊是不在就其与以所而")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_MIN_SYLLABLES = 2

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """What was heard at `start` of the raw text, and the term that took its place."""

    start: int
    heard: str
    term: str


@dataclass(frozen=True)
class Repaired:
    """The repaired `text`; `raw` is as heard, `changes` in order of place.

    `chosen` is what the changes were made in, where that is another hypothesis than `raw`.
    """

    text: str
    raw: str
    changes: tuple[Change, ...] = ()
    chosen: str = ""


class LexiconRepair:
    """Repairs recognized text against a lexicon. Immutable after construction; pure."""

    def __init__(
        self,
        terms: Iterable[tuple[str, Sequence[str]]],
        *,
        enabled: bool = True,
        fuzzy: bool = True,
    ) -> None:
        """Take (written form, spoken forms) pairs. With `enabled` False text passes as it is.

        With `fuzzy` False only what sounds exactly like a term is repaired.

        Sounds and codes that two terms share repair nothing: the choice would be a guess.
        """
        self._enabled = enabled
        self._sounds: dict[Sound, str] = {}
        self._codes: dict[str, str] = {}
        self._spellings: list[str] = []
        listed = [(term, tuple(spoken)) for term, spoken in terms]
        heard = by_ear(listed)
        shared: set[Sound | str] = set()
        for term, spoken in listed:
            self._add_codes(term, spoken, shared)
            self._add_sounds(term, spoken, shared, heard)
        for key in shared:
            if isinstance(key, str):
                self._codes.pop(key, None)
            else:
                self._sounds.pop(key, None)
        self._spellings.sort(key=len, reverse=True)
        self._fuzzy = FuzzyRepair(fuzzy_forms(listed)) if fuzzy else None
        self._lengths = sorted({len(sound) for sound in self._sounds}, reverse=True)

    def repair(self, text: str) -> Repaired:
        """Return `text` with misheard terms in the lexicon's spelling."""
        if not self._enabled or not text:
            return Repaired(text, text)
        changes = self._known_codes(text)
        changes += self._sound_changes(text, _places(changes))
        changes += self._fuzzy_changes(text, _places(changes))
        changes += [
            change
            for change in self._unknown_codes(text)
            if not _overlaps(change, _places(changes))
        ]
        changes.sort(key=lambda change: change.start)
        repaired, position = "", 0
        for change in changes:
            repaired += text[position : change.start] + change.term
            position = change.start + len(change.heard)
        return Repaired(repaired + text[position:], text, tuple(changes))

    def _add_codes(self, term: str, spoken: tuple[str, ...], shared: set[Sound | str]) -> None:
        for form in (term, *spoken):
            key = code_key(form)
            latin_form = all(char.isascii() or char in SPOKEN_DIGITS for char in form)
            if not latin_form or key.isdigit() or not any(char.isdigit() for char in key):
                continue
            if self._codes.setdefault(key, term) != term:
                shared.add(key)

    def _add_sounds(
        self, term: str, spoken: tuple[str, ...], shared: set[Sound | str], heard: dict[str, str]
    ) -> None:
        sounding = {}
        if is_chinese(term):
            sounding[term] = term
            self._spellings.append(term)
        for form in filter(is_chinese, spoken):
            if form in heard:
                sounding[form] = heard[form]
            elif sound_of(form) != sound_of(term):
                self._spellings.append(form)
        for form, written in sounding.items():
            if self._sounds.setdefault(sound_of(form), written) != written:
                shared.add(sound_of(form))

    def _known_codes(self, text: str) -> list[Change]:
        """Codes of the lexicon, spelled in whatever way."""
        changes = [
            Change(code.start, text[code.start : code.end], self._code(code.written))
            for code in sounded_codes(text)
            if code_key(code.written) in self._codes
        ]
        for run in code_runs(text):
            if any(a < run.end and run.start < b for a, b in _places(changes)):
                continue
            written = self._write_run(run.text, text[run.end :])
            if written is not None and written != run.text:
                changes.append(Change(run.start, run.text, written))
        return changes

    def _unknown_codes(self, text: str) -> list[Change]:
        """Any other code, in letters and figures."""
        changes = [
            Change(code.start, text[code.start : code.end], self._code(code.written))
            for code in sounded_codes(text)
        ]
        for run in code_runs(text):
            written = write_figures(run.text, text[run.end :])
            change = Change(run.start, run.text, written)
            if written != run.text and not _overlaps(change, _places(changes)):
                changes.append(change)
        return changes

    def _code(self, written: str) -> str:
        return self._codes.get(code_key(written), written)

    def _write_run(self, run: str, following: str) -> str | None:
        """Write the longest known code inside the run, and figures in what is left."""
        for length in range(len(run), 1, -1):
            for start in range(len(run) - length + 1):
                piece = run[start : start + length]
                term = self._codes.get(code_key(piece))
                if term and _is_whole(run, start, start + length):
                    before, after = run[:start], run[start + length :]
                    return write_figures(before) + term + write_figures(after, following)
        return None

    def _sound_changes(self, text: str, taken: list[Stretch]) -> list[Change]:
        spelled = self._spelled(text)
        taken = list(taken)
        changes = []
        for start, end, term in self._sounding(text):
            if any(a < end and start < b for a, b in taken):
                continue
            if any(
                a < end and start < b and text[a:b] != term[a - start : b - start]
                for a, b in spelled
            ):
                continue  # what is spelled right stays, alone or in a longer term
            taken.append((start, end))
            heard = text[start:end]
            if heard != term and _may_be_misheard(heard, term) and _stands_alone(text, start, end):
                changes.append(Change(start, heard, term))
        return changes

    def _fuzzy_changes(self, text: str, taken: list[Stretch]) -> list[Change]:
        """What sounds near a term, outside what is repaired or right already."""
        if self._fuzzy is None:
            return []
        found = self._fuzzy.find(text, taken + self._spelled(text))
        return [Change(one.start, text[one.start : one.end], one.term) for one in found]

    def _sounding(self, text: str) -> list[tuple[int, int, str]]:
        """Stretches that sound like a term, longest first: (start, end, term)."""
        found = []
        for match in _HAN.finditer(text):
            syllables = pypinyin.lazy_pinyin(match[0])
            for length in self._lengths:
                for offset in range(len(syllables) - length + 1):
                    term = self._sounds.get(tuple(syllables[offset : offset + length]))
                    if term is not None:
                        start = match.start() + offset
                        found.append((start, start + length, term))
        return sorted(found, key=lambda stretch: stretch[0] - stretch[1])

    def _spelled(self, text: str) -> list[tuple[int, int]]:
        """Stretches that are in lexicon spelling already."""
        found = []
        for spelling in self._spellings:
            start = text.find(spelling)
            while start >= 0:
                found.append((start, start + len(spelling)))
                start = text.find(spelling, start + 1)
        return found


def _places(changes: list[Change]) -> list[Stretch]:
    return [(change.start, change.start + len(change.heard)) for change in changes]


def _overlaps(change: Change, places: list[Stretch]) -> bool:
    end = change.start + len(change.heard)
    return any(start < end and change.start < stop for start, stop in places)


def _may_be_misheard(heard: str, term: str) -> bool:
    """Whether `heard` is no plain speech: a known word of two syllables, or words with 的."""
    if not _PARTICLES.isdisjoint(heard) and _PARTICLES.isdisjoint(term):
        return False
    return len(heard) > _MIN_SYLLABLES or not is_word(heard)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] begins and ends where words do, and is no counted 一 (一下)."""
    if text[end - 1] in "一两" and text[end:] and text[end] in COUNTED:
        return False
    bounds = word_bounds(text)
    return start in bounds and end in bounds


def _is_whole(run: str, start: int, end: int) -> bool:
    """Whether run[start:end] is cut off from neither letters nor figures of the same kind."""
    left, right = run[start - 1 : start], run[end : end + 1]
    first, last = run[start], run[end - 1]
    cut_left = _kind(left) == _kind(first) and left != ""
    cut_right = _kind(right) == _kind(last) and right != ""
    return not cut_left and not cut_right


def _kind(char: str) -> str:
    if char in SPOKEN_DIGITS or char.isdigit():
        return "figure"
    return "letter" if char.isalpha() else "gap"
