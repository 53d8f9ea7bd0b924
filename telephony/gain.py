"""A level that changes without a click: audio in, louder or softer audio out. Sans-I/O."""

from __future__ import annotations

import numpy as np

from telephony.api import SAMPLE_RATE

RAMP_MS = 20
PAUSE_DB = -60.0
"""At this level nobody hears anything: what is queued waits until the level rises again."""
_RAMP = SAMPLE_RATE * RAMP_MS // 1000


class Gain:
    """Scales a stream of s16le; a new level is reached in a straight line of `RAMP_MS`."""

    def __init__(self) -> None:
        self._factor = 1.0
        self._step = 0.0
        self._ramp_left = 0
        self._wanted_db = 0.0

    @property
    def wanted_db(self) -> float:
        """The level that was asked for last, dB."""
        return self._wanted_db

    @property
    def pauses(self) -> bool:
        """Whether no audio is to be taken at all, so that none is lost."""
        return self._wanted_db <= PAUSE_DB

    def set(self, gain_db: float) -> None:
        """Go to `gain_db` (0: as it comes), from where the level is now; from a pause, from 0."""
        if self.pauses:
            self._factor = 0.0
        self._wanted_db = gain_db
        self._step = (10 ** (gain_db / 20) - self._factor) / _RAMP
        self._ramp_left = _RAMP

    def apply(self, pcm: bytes) -> bytes:
        """The next audio of the stream, scaled; clipped where it would leave 16 bits."""
        if not self._ramp_left and self._wanted_db == 0.0:
            return pcm
        samples = np.frombuffer(pcm, "<i2")
        rising = min(self._ramp_left, len(samples))
        factors = np.full(len(samples), 10 ** (self._wanted_db / 20))
        factors[:rising] = self._factor + self._step * np.arange(1, rising + 1)
        self._ramp_left -= rising
        if len(samples):
            self._factor = float(factors[-1])
        scaled = np.clip(np.rint(samples * factors), -32768, 32767)
        return bytes(scaled.astype("<i2").tobytes())
