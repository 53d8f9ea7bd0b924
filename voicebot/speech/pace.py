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


class Pace:
    """Learns from clauses that were made in pieces. Thread-safe; sans I/O.

    A voice that makes sound slower than it plays would run dry in mid-sentence, in a word: it is
    better to begin later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate = 1.0
        self._piece_ms = 400.0
        self._ms_a_character = 220.0

    @property
    def rate(self) -> float:
        """Sound made in a unit of time, after a clause's first piece; 1: just as it plays."""
        with self._lock:
            return self._rate

    def learn(self, text: str, pieces: Sequence[Made]) -> None:
        """A clause was made, to its end."""
        characters = _characters(text)
        sound_ms = sum(piece.sound_ms for piece in pieces)
        if not characters or sound_ms <= 0:
            return
        later = [piece.sound_ms for piece in pieces[1:]]
        took_ms = max((pieces[-1].at_s - pieces[0].at_s) * 1000, 1.0)
        with self._lock:
            self._ms_a_character += _LEARN * (sound_ms / characters - self._ms_a_character)
            if sum(later) > 0:
                self._piece_ms += _LEARN * (max(later) - self._piece_ms)
                # The mean of what a sound takes, not of how much is made: a slow one counts.
                self._rate = 1 / ((1 - _LEARN) / self._rate + _LEARN * took_ms / sum(later))

    def wait_ms(self, text: str, made_ms: float, queued_ms: float) -> float:
        """How long a clause of which `made_ms` is there must wait behind `queued_ms` of sound.

        So long that each next piece, and the last, is there before the line runs dry.
        """
        with self._lock:
            rate, piece_ms = self._rate, self._piece_ms
            expected_ms = self._ms_a_character * _characters(text)
        left_ms = max(expected_ms - made_ms, 0.0)
        short_ms = left_ms * max(1 / rate - 1, 0.0) + min(left_ms, piece_ms) / rate
        return max(short_ms - made_ms - queued_ms, 0.0)


def _characters(text: str) -> int:
    return sum(char.isalnum() for char in text)
