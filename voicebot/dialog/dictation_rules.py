"""What a dictated value must look like, and the characters that the ear or the label mixes up."""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import dataclass

from voicebot.scenes.pattern import fits

# O and 0 look alike on a label, I and 1 too; E and 一, R and 二 sound alike.
_TWINS = {"O": "0", "0": "O", "I": "1", "1": "IE", "E": "1", "R": "2", "2": "R"}
_PREFIX = re.compile(r"[A-Z]+(?![*+?{|])")
_MAX_DOUBTS = 8  # more twins than this in one value prove nothing
DIGIT_FOR = {"O": "0", "I": "1", "E": "1", "R": "2"}


@dataclass(frozen=True)
class DictationRules:
    """What is being asked for.

    Attributes:
        length: how many figures and letters it has; None if that varies.
        pattern: a regular expression that the whole value matches; empty: anything.
        letters: whether it may have letters; without, O is taken for 0.
        max_length: what is beyond is noise.
        end_pause_ms: silence after which a value of unknown length is taken to be over.
        typing_pause_ms: the same while it is typed: keys come slower than words.
        settled_pause_ms: silence that ends a value which already fits.
        wanting_pause_ms: silence after which the rest of one is asked for that is too short.
    """

    length: int | None = None
    pattern: str = ""
    letters: bool = True
    max_length: int = 40
    end_pause_ms: int = 2500
    typing_pause_ms: int = 5000
    settled_pause_ms: int = 1200
    wanting_pause_ms: int = 4500

    def fits(self, value: str) -> bool:
        """Whether `value` may be what is asked for."""
        if self.length is not None and len(value) != self.length:
            return False
        return not self.pattern or fits(self.pattern, value)

    @property
    def describes(self) -> bool:
        """Whether a value can be told to be complete at all."""
        return self.length is not None or bool(self.pattern)

    @property
    def prefix(self) -> str:
        """The letters that every value begins with (YL of ``YL[0-9]{10}``), often left out.

        None of a pattern that is a choice: the first one's letters would be a guess.
        """
        found = None if "|" in self.pattern else _PREFIX.match(self.pattern)
        return found[0] if found else ""

    def missing(self, value: str) -> int:
        """How many characters are wanting; 0 where that is not known."""
        if self.length is None:
            return 0
        begun = value[:1].isalpha() or not self.prefix
        return max(self.length - len(value) - (0 if begun else len(self.prefix)), 0)

    def room(self, value: str) -> int:
        """How many more characters there may be."""
        return (self.length if self.length is not None else self.max_length) - len(value)

    def settled(self, value: str) -> str:
        """The only reading of `value` that fits; `value` if there is none, or more than one.

        Twins are exchanged; figures alone, or after letters that cannot be, get the prefix.
        """
        if self.fits(value) or not self.pattern:
            return value
        starts = {value}
        if self.prefix:
            starts.add(self.prefix + value.lstrip(string.ascii_uppercase))
        fitting = {each for start in starts for each in _readings(start) if self.fits(each)}
        return fitting.pop() if len(fitting) == 1 else value

    def doubtful(self, value: str) -> int | None:
        """Where the first letter O stands that might as well be a zero; None: nowhere."""
        for place, char in enumerate(value):
            if char == "O":
                other = value[:place] + "0" + value[place + 1 :]
                if self.fits(value) == self.fits(other):
                    return place
        return None


def _readings(value: str) -> list[str]:
    places = [place for place, char in enumerate(value) if char in _TWINS]
    if len(places) > _MAX_DOUBTS:
        return [value]
    choices = [value[place] + _TWINS[value[place]] for place in places]
    found = []
    for chosen in itertools.product(*choices):
        chars = list(value)
        for place, char in zip(places, chosen, strict=True):
            chars[place] = char
        found.append("".join(chars))
    return found
