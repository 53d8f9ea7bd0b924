"""Music of our own: a melody over chords and drums, in several timbres. Float at 8 kHz."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 8000
Float = npt.NDArray[np.float64]
_PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16)
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
_PARTIALS = {
    "flute": (1.0, 0.2, 0.05),
    "strings": tuple(1 / n for n in range(1, 15)),
    "clarinet": tuple(1 / n if n % 2 else 0.05 for n in range(1, 12)),
    "organ": (1.0, 0.7, 0.5, 0.35, 0.0, 0.25),
}


def _note(midi: float, seconds: float, timbre: str, rng: np.random.Generator) -> Float:
    """A note with attack, release and vibrato."""
    at = np.arange(int(seconds * RATE)) / RATE
    hz = 440 * 2 ** ((midi - 69) / 12) * (1 + 0.006 * np.sin(2 * np.pi * rng.uniform(4, 6) * at))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    weights = _PARTIALS[timbre]
    top = float(hz.max())
    sound = np.zeros(len(at))
    for number, weight in enumerate(weights, 1):
        if number * top < 3800:
            sound += weight * np.sin(number * phase)
    shape = np.minimum(1, at / 0.03) * np.minimum(1, (at[-1] - at) / 0.08)
    return np.asarray(sound * shape / sum(weights))


def _drum(seconds: float, kick: bool, rng: np.random.Generator) -> Float:
    at = np.arange(int(seconds * RATE)) / RATE
    if kick:
        return np.asarray(np.sin(2 * np.pi * 60 * at) * np.exp(-at / 0.08))
    return np.asarray(0.5 * rng.standard_normal(len(at)) * np.exp(-at / 0.04))


def band(seconds: float, rng: np.random.Generator) -> Float:
    """A random tune: one melody instrument, chords under it, drums in two of three."""
    sound = np.zeros(int(seconds * RATE) + 4 * RATE)
    beat_s = rng.uniform(0.3, 0.7)
    lead, pad = rng.choice(list(_PARTIALS), 2)
    drums = rng.random() < 0.67
    root = int(rng.integers(50, 62))
    for beat in range(int(seconds / beat_s)):
        at = int(beat * beat_s * RATE)
        length = beat_s * float(rng.choice([0.5, 1, 1, 2]))
        parts = []
        if rng.random() < 0.8:
            step = _PENTATONIC[int(rng.integers(len(_PENTATONIC)))]
            parts.append(_note(root + 12 + step, length, str(lead), rng))
        if beat % 4 == 0:
            for step in _CHORDS[beat // 4 % 4]:
                parts.append(0.35 * _note(root + step, 4 * beat_s, str(pad), rng))
        if drums:
            parts.append(0.7 * _drum(beat_s, beat % 2 == 0, rng))
        for part in parts:
            sound[at : at + len(part)] += part[: len(sound) - at]
    return sound[: int(seconds * RATE)]
