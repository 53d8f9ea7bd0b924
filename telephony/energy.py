"""Who is sounding: an energy meter good enough for test callers and seats. Sans-I/O.

The bot's ears use a real detector; this one only tells a voice on a clean line from silence.
"""

from __future__ import annotations

import math

import numpy as np

from telephony.api import FRAME_MS


def level_dbfs(pcm: bytes) -> float:
    """RMS level of s16le audio in dBFS; -inf for digital silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    mean = float(np.mean(samples**2)) if samples.size else 0.0
    return 10 * math.log10(mean / 32768**2) if mean > 0 else -math.inf


class SpeechMeter:
    """How long the far end has been speaking, and how long it has been quiet since.

    A frame above `threshold_dbfs` is speech; pauses up to `gap_ms` belong to it.
    """

    def __init__(self, threshold_dbfs: float = -45.0, gap_ms: int = 300) -> None:
        self._threshold = threshold_dbfs
        self._gap = gap_ms
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self.speech_ms = 0
        self.quiet_ms = 0
        self._run_ms = 0

    @property
    def running_ms(self) -> int:
        """Length of the speech that is going on now; 0 when it is quiet."""
        return self._run_ms if self._run_ms and self.quiet_ms <= self._gap else 0

    def put(self, frame: bytes) -> None:
        """A frame of 20 ms was heard."""
        if level_dbfs(frame) > self._threshold:
            bridged_ms = self.quiet_ms if self.running_ms else 0
            self._run_ms = self.running_ms + bridged_ms + FRAME_MS
            self.speech_ms += FRAME_MS
            self.quiet_ms = 0
        else:
            self.quiet_ms += FRAME_MS
