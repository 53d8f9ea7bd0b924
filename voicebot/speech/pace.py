"""How fast a voice makes its sound, and so how long a clause waits before it plays."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

_LEARN = 0.3


@dataclass(frozen=True)
class Made:
    """A piece of a clause: its sound, and when it was there on a clock of the caller's choice."""

    sound_ms: float
    at_s: float


@dataclass(frozen=True)
class _Known:
    """Of one voice: sound made in a unit of time, its pieces, and how long a character is."""

    rate: float = 1.0
    piece_ms: float = 400.0
    ms_a_character: float = 220.0


class Pace:
    """Learns of each voice, by name, from clauses made in pieces. Thread-safe; sans I/O.

    A voice that makes sound slower than it plays would run dry in mid-sentence, in a word: it is
    better to begin later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def rate(self, voice: str) -> float:
        """Sound made in a unit of time, after a clause's first piece; 1: just as it plays."""
        return self._of(voice).rate

    def learn(self, voice: str, text: str, pieces: Sequence[Made]) -> None:
        """A clause was made, to its end."""
        characters = _characters(text)
        sound_ms = sum(piece.sound_ms for piece in pieces)
        if not characters or sound_ms <= 0:
            return
        later = [piece.sound_ms for piece in pieces[1:]]
        took_ms = max((pieces[-1].at_s - pieces[0].at_s) * 1000, 1.0)
        with self._lock:
            old = self._known.get(voice, _Known())
            long_ms = old.ms_a_character
            long_ms += _LEARN * (sound_ms / characters - long_ms)
            rate, piece_ms = old.rate, old.piece_ms
            if sum(later) > 0:
                piece_ms += _LEARN * (max(later) - piece_ms)
                # The mean of what a sound takes, not of how much is made: a slow one counts.
                rate = 1 / ((1 - _LEARN) / rate + _LEARN * took_ms / sum(later))
            self._known[voice] = _Known(rate, piece_ms, long_ms)

    def wait_ms(self, voice: str, text: str, made_ms: float, queued_ms: float) -> float:
        """How long a clause of which `made_ms` is there must wait behind `queued_ms` of sound.

        So long that each next piece, and the last, is there before the line runs dry.
        """
        known = self._of(voice)
        left_ms = max(known.ms_a_character * _characters(text) - made_ms, 0.0)
        short_ms = left_ms * max(1 / known.rate - 1, 0.0)
        short_ms += min(left_ms, known.piece_ms) / known.rate
        return max(short_ms - made_ms - queued_ms, 0.0)

    def _of(self, voice: str) -> _Known:
        with self._lock:
            return self._known.get(voice, _Known())


def _characters(text: str) -> int:
    return sum(char.isalnum() for char in text)
