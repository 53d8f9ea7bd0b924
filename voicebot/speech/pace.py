"""How fast a voice makes its sound, and so how much of a clause must be there before it plays."""

from __future__ import annotations

import threading

_UNKNOWN_RATE = 1.0
_MS_A_CHARACTER = 220.0
_LEARN = 0.3
_CHUNK_MS = 400.0


class Pace:
    """Learns from clauses that were made in chunks. Thread-safe; sans I/O.

    A voice that makes sound slower than it plays would run dry in mid-sentence, at a word: it is
    better to begin later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate = _UNKNOWN_RATE
        self._ms_a_character = _MS_A_CHARACTER

    @property
    def rate(self) -> float:
        """Sound made in a unit of time, after a clause's first chunk; 1: just as it plays."""
        with self._lock:
            return self._rate

    def learn(self, text: str, sound_ms: float, later_ms: float, took_ms: float) -> None:
        """A clause of `sound_ms` was made, `later_ms` of it in `took_ms` after its first chunk."""
        characters = _characters(text)
        if not characters or sound_ms <= 0:
            return
        with self._lock:
            self._ms_a_character += _LEARN * (sound_ms / characters - self._ms_a_character)
            if later_ms > 0:
                rate = later_ms / max(took_ms, 1.0)
                self._rate = 1 / ((1 - _LEARN) / self._rate + _LEARN / rate)

    def enough(self, text: str, made_ms: float, queued_ms: float) -> bool:
        """Whether `made_ms` of the clause can begin to play behind `queued_ms` of other sound.

        The rest must be done before the line runs dry; chunks may be 400 ms apart in sound.
        """
        with self._lock:
            rate, expected_ms = self._rate, self._ms_a_character * _characters(text)
        left_ms = max(expected_ms - made_ms, 0.0)
        short_ms = left_ms * max(1 / rate - 1, 0.0) + min(left_ms, _CHUNK_MS) / rate
        return made_ms + queued_ms >= short_ms


def _characters(text: str) -> int:
    return sum(char.isalnum() for char in text)
