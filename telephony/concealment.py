"""Fills the gaps that lost packets leave in received speech. Sans-I/O.

The idea of ITU-T G.711 Appendix I, in code of our own: go on with the last pitch period, fade
from 10 ms on, be silent after 60 ms, and blend into what comes next. Nothing is delayed for it
(the appendix holds speech back by 3.75 ms to blend into the gap as well).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from telephony.api import FRAME_BYTES, SAMPLE_RATE

MAX_MS = 60
"""Longer gaps end in silence: a vowel that goes on is worse than none."""
_LONGEST = SAMPLE_RATE // 66  # pitch periods looked for: 66 to 200 Hz, as in the appendix
_SHORTEST = SAMPLE_RATE // 200
_MATCH = SAMPLE_RATE // 50  # the last 20 ms are compared with what came a period earlier
_BLEND = SAMPLE_RATE // 250  # 4 ms
_STEADY = SAMPLE_RATE // 100
_HISTORY_BYTES = 2 * (_MATCH + _LONGEST)

Samples = NDArray[np.float64]


class Concealer:
    """Remembers 35 ms of what was received; makes up what was not."""

    def __init__(self) -> None:
        self._history = b""
        self._following: Samples | None = None

    def received(self, pcm: bytes) -> bytes:
        """Audio that came, s16le 8 kHz; blended with the made-up audio if that came before."""
        if self._following is not None:
            pcm = _blend(self._following, pcm)
            self._following = None
        self._history = (self._history + pcm)[-_HISTORY_BYTES:]
        return pcm

    def missing(self, frames: int) -> bytes:
        """Audio for a gap of that many frames of 20 ms."""
        count = frames * FRAME_BYTES // 2
        if len(self._history) < _HISTORY_BYTES:
            return bytes(2 * count)
        history = np.frombuffer(self._history, "<i2").astype(np.float64)
        period = _period(history)
        wanted = count + _BLEND
        made = np.tile(period, -(-wanted // len(period)))[:wanted] * _fade(wanted)
        self._following = made[count:]
        out = _pcm(made[:count])
        self._history = (self._history + out)[-_HISTORY_BYTES:]
        return out


def _period(history: Samples) -> Samples:
    """The last pitch period, its end joined to its beginning."""
    last = history[-_MATCH:]
    best, lag = -1.0, _LONGEST
    for candidate, earlier in _earlier(history):
        power = float(earlier @ earlier)
        likeness = float(last @ earlier) / np.sqrt(power) if power > 0 else 0.0
        if likeness > best:
            best, lag = likeness, candidate
    period = history[-lag:].copy()
    ramp = np.linspace(0.0, 1.0, _BLEND)
    # What leads into the period in the past also leads out of its end.
    period[-_BLEND:] = period[-_BLEND:] * (1 - ramp) + history[-lag - _BLEND : -lag] * ramp
    return period


def _earlier(history: Samples) -> Iterator[tuple[int, Samples]]:
    end = len(history)
    for lag in range(_SHORTEST, _LONGEST + 1):
        yield lag, history[end - lag - _MATCH : end - lag]


def _fade(count: int) -> Samples:
    ms = np.arange(count) * 1000 / SAMPLE_RATE
    steady = _STEADY * 1000 / SAMPLE_RATE
    return np.clip((MAX_MS - ms) / (MAX_MS - steady), 0.0, 1.0)


def _blend(made: Samples, pcm: bytes) -> bytes:
    count = min(len(made), len(pcm) // 2)
    ramp = np.linspace(0.0, 1.0, count)
    real = np.frombuffer(pcm[: 2 * count], "<i2").astype(np.float64)
    return _pcm(made[:count] * (1 - ramp) + real * ramp) + pcm[2 * count :]


def _pcm(samples: Samples) -> bytes:
    return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())
