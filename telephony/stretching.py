"""Speech made a little longer, shorter, or brought to its end without a click. Pure.

Overlap and add at the lag where the sound repeats itself (its pitch, for a voice): the ear
takes a period more or less for the same voice, and a hard cut for a click. The method is that
of WSOLA (Verhelst and Roelands, ICASSP 1993), one period at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float64]

FRAME = 160
OVERLAP = 40
SHORTEST, LONGEST = 20, 120
"""Lags in samples at 8 kHz, 2.5 to 15 ms: voices from 67 to 400 Hz."""

_RISE = np.linspace(0.0, 1.0, OVERLAP + 2)[1:-1]
_EXACT = 0.999  # as good as the best: the shortest such lag is the period, not a multiple


def rms(frame: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(frame @ frame / max(1, len(frame))))


def longer(frame: Samples, *, least: int = SHORTEST) -> Samples:
    """`frame` with one repetition more, `least` to `LONGEST` samples; both ends unchanged."""
    lag = _lag(frame, least)
    again = _cross(frame[lag : lag + OVERLAP], frame[:OVERLAP])
    return np.concatenate((frame[:lag], again, frame[OVERLAP:]))


def shorter(frame: Samples, *, least: int = SHORTEST) -> Samples:
    """`frame` with one repetition less, by `least` to `LONGEST` samples; both ends unchanged."""
    lag = _lag(frame, least)
    joint = _cross(frame[:OVERLAP], frame[lag : lag + OVERLAP])
    return np.concatenate((joint, frame[lag + OVERLAP :]))


def fading(tail: Samples, count: int) -> Samples:
    """What may follow `tail` (at least 160 samples): its last period again and again, fading.

    Silent after `FRAME` samples at the latest; `count` samples in all.
    """
    heard = tail[-FRAME:]
    lag = _lag(heard[::-1], SHORTEST)
    period = np.resize(heard[-lag:], count)
    fade = np.zeros(count)
    length = min(FRAME, count)
    fade[:length] = np.linspace(1.0, 0.0, length + 1)[1:]
    return period * fade


def rising(frame: Samples) -> Samples:
    """`frame`, out of silence."""
    return np.concatenate((frame[:OVERLAP] * _RISE, frame[OVERLAP:]))


def joined(tail: Samples, frame: Samples) -> Samples:
    """`frame` after `tail` although something between them is missing."""
    return np.concatenate((_cross(fading(tail, OVERLAP), frame[:OVERLAP]), frame[OVERLAP:]))


def _cross(out: Samples, into: Samples) -> Samples:
    return out * (1 - _RISE) + into * _RISE


def _lag(frame: Samples, least: int) -> int:
    """After how many samples the beginning of `frame` comes again; `LONGEST` for silence."""
    begin = frame[:OVERLAP]
    later = sliding_window_view(frame[least : LONGEST + OVERLAP], OVERLAP)
    norms = np.sqrt(np.einsum("ij,ij->i", later, later)) * np.sqrt(begin @ begin)
    if not norms.any():
        return LONGEST
    likeness = (later @ begin) / np.maximum(norms, 1.0)
    best = likeness.max()
    return least + int(np.argmax(likeness >= best * _EXACT if best > 0 else likeness == best))
