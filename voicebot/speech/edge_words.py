"""From the words that the service says it spoke to the written text that has been said.

The service is sent the reading (``四零零`` for ``400``) and reports its words with their times.
What our side must know is how much of the *written* text is over when a word ends. No I/O here.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
_SILENT = re.compile(f"[^{_HANZI}A-Z]")
_RUNS = re.compile(f"[{_HANZI}]+|[^{_HANZI}]+")
_PAUSES = " ，。！？；：、,!?;:"
_MIN_CHARACTER_S = 0.05  # nobody says a character in less, at double speed neither


@dataclass(frozen=True)
class Mark:
    """A place where reading and written text are both between two units of speech.

    `heard` characters of the reading (silent ones not counted) say the first `written` of the text.
    """

    heard: int
    written: int


@dataclass(frozen=True)
class Said:
    """`text` has been said in full `at_s` after the start of the sound, and not before."""

    text: str
    at_s: float


def heard(text: str) -> str:
    """What of a reading is heard: its Chinese characters and letters."""
    return _SILENT.sub("", text.upper())


def marks(text: str, reading: str, decided: Iterable[str] = ()) -> list[Mark]:
    """Find where `reading` keeps pace with the written `text`; the last mark is the end of both.

    Chinese characters stand for themselves. What is between them (codes, numbers, signs) is a
    unit of its own, however it is read, and so are the `decided` stretches of `text`, which a
    reading rule took. From where the two cannot be matched, all is one unit.
    """
    spoken = heard(reading)
    found: list[Mark] = []
    position = start = 0
    for begin, run in (literals := _literals(text, decided)):
        end = begin + len(run)
        is_last = (begin, run) == literals[-1] and not _has_codes(text[end:])
        at = _find(spoken, run, position, is_read=_has_codes(text[start:begin]), is_last=is_last)
        if at < 0:
            break
        if at > position:
            found.append(Mark(at, begin))
        elif found:  # silent signs go with what is before them
            found[-1] = Mark(position, begin)
        found += [Mark(at + n, begin + n) for n in range(1, len(run) + 1)]
        position = at + len(run)
        start = end + len(text[end:]) - len(text[end:].lstrip(_PAUSES))
        found[-1] = Mark(position, start)  # a pause goes with what is before it
    inner = [mark for mark in found if mark.heard < len(spoken)]
    return [*inner, Mark(len(spoken), len(text))]


def _has_codes(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _find(spoken: str, run: str, position: int, *, is_read: bool, is_last: bool) -> int:
    """Where `run` goes on in `spoken`: at once, or after what `is_read` between the two."""
    at_end = len(spoken) - len(run)
    if is_last and at_end >= position and spoken.endswith(run):
        return at_end
    if is_read and (at := spoken.find(run, position + 1)) >= 0:
        return at
    return spoken.find(run, position)


def _literals(text: str, decided: Iterable[str]) -> list[tuple[int, str]]:
    """The runs of Chinese characters that no rule took, with their places."""
    taken = bytearray(len(text))
    end = 0
    for stretch in decided:
        at = text.find(stretch, end) if stretch else -1
        if at >= 0:
            end = at + len(stretch)
            taken[at:end] = b"\x01" * len(stretch)
    shown = "".join("\0" if took else c for c, took in zip(text, taken, strict=True))
    runs = ((match.start(), match.group()) for match in _RUNS.finditer(shown))
    return [(at, run) for at, run in runs if not _SILENT.search(run)]


class SpokenWords:
    """Follows the service's words through one clause.

    Words come in any order, late, twice, changed or not at all: a word counts only where it goes
    on after the last one that did, and only if what is skipped can have been said meanwhile.
    Without one that counts, nothing has been said until the end.
    """

    def __init__(self, text: str, reading: str, decided: Iterable[str] = ()) -> None:
        self._text, self._spoken = text, heard(reading)
        self._marks = {mark.heard: mark.written for mark in marks(text, reading, decided)}
        self._position = self._written = 0
        self._start_s, self._end_s = -math.inf, 0.0
        self._said: deque[Said] = deque()

    def add(self, word: str, start_s: float, end_s: float) -> None:
        """Take one word: its text as spoken, and its times within the clause's sound."""
        said = heard(word)
        goes_on = start_s > self._start_s and end_s > self._end_s
        if not (said and goes_on and math.isfinite(end_s)):
            return
        room = max(0, int((start_s - self._end_s) / _MIN_CHARACTER_S))
        at = self._spoken.find(said, self._position, self._position + room + len(said))
        if at < 0:
            return
        self._cut_short(start_s)
        self._position, self._start_s, self._end_s = at + len(said), start_s, end_s
        written = self._marks.get(self._position)
        if written is not None:
            self._said.append(Said(self._text[self._written : written], end_s))
            self._written = written

    def _cut_short(self, start_s: float) -> None:
        """The service's words overlap by up to .1 s: one ends where the next begins."""
        if self._said and start_s < self._said[-1].at_s == self._end_s:
            last = self._said.pop()
            earliest_s = self._said[-1].at_s if self._said else 0.0
            self._said.append(Said(last.text, max(start_s, earliest_s)))

    def said_by(self, sound_s: float) -> Said | None:
        """The next text that is over when `sound_s` of the sound have been heard, once each."""
        if self._said and self._said[0].at_s <= sound_s:
            return self._said.popleft()
        return None

    @property
    def is_over(self) -> bool:
        """Whether `said_by` has returned all of the text."""
        return self._written == len(self._text) and not self._said

    def rest(self) -> str:
        """All text that `said_by` has not returned; nothing is left after it."""
        text = "".join(said.text for said in self._said) + self._text[self._written :]
        self._said.clear()
        self._written = len(self._text)
        return text
