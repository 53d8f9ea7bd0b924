"""Sample rates: streaming 8 <-> 16 kHz with almost no delay, and one-shot from any rate.

The streams are half-band FIR filters (Kaiser window) whose state runs on across packets. A
general stream resampler of the best quality holds ~100 ms; 47 taps at 16 kHz hold 1.4 ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

Pcm = npt.NDArray[np.int16]
_TAPS = 47  # pass band to 3.4 kHz, stop band from 4.6 kHz, about 60 dB
_KAISER_BETA = 5.65
DELAY_SAMPLES_16K = (_TAPS - 1) // 2


def _half_band() -> npt.NDArray[np.float64]:
    offset = np.arange(_TAPS) - DELAY_SAMPLES_16K
    taps = np.sinc(offset / 2) * np.kaiser(_TAPS, _KAISER_BETA)
    return np.asarray(taps / taps.sum())


_FILTER = _half_band()
_EVEN_TAPS = _FILTER[0::2] * 2  # the two phases of an upsampler; each has unit gain
_ODD_TAPS = _FILTER[1::2] * 2


def _to_int16(values: npt.NDArray[np.float64]) -> Pcm:
    return np.clip(np.round(values), -32768, 32767).astype(np.int16)


class Upsampler8To16:
    """A stream from 8 to 16 kHz; twice as many samples come out as go in."""

    def __init__(self) -> None:
        self._tail = np.zeros(len(_EVEN_TAPS) - 1)

    def process(self, pcm: Pcm) -> Pcm:
        """Return 2n int16 samples for n int16 samples, shape (n,); delay 23 samples out."""
        joined = np.concatenate([self._tail, pcm])
        self._tail = joined[len(joined) - len(self._tail) :]
        if len(pcm) == 0:
            return np.zeros(0, np.int16)
        out = np.empty(2 * len(pcm))
        out[0::2] = np.convolve(joined, _EVEN_TAPS, mode="valid")
        out[1::2] = np.convolve(joined[1:], _ODD_TAPS, mode="valid")
        return _to_int16(out)


class Downsampler16To8:
    """A stream from 16 to 8 kHz; an odd sample waits for the next packet."""

    def __init__(self) -> None:
        self._tail = np.zeros(_TAPS - 1)

    def process(self, pcm: Pcm) -> Pcm:
        """Return about n/2 int16 samples for n, shape (n,); delay 11.5 samples out."""
        joined = np.concatenate([self._tail, pcm])
        pairs = (len(joined) - (_TAPS - 1)) // 2
        self._tail = joined[2 * pairs :]
        if pairs == 0:
            return np.zeros(0, np.int16)
        windows = np.lib.stride_tricks.sliding_window_view(joined, _TAPS)[: 2 * pairs : 2]
        return _to_int16(windows @ _FILTER)


def to_rate(pcm: Pcm, sample_rate: int, target_rate: int) -> Pcm:
    """Convert finished audio, shape (n,), between any two rates in one go."""
    if sample_rate == target_rate or len(pcm) == 0:
        return pcm
    return np.asarray(soxr.resample(pcm, sample_rate, target_rate), dtype=np.int16)


def to_8k(pcm: Pcm, sample_rate: int) -> Pcm:
    """Convert finished audio, shape (n,), to 8 kHz in one go."""
    return to_rate(pcm, sample_rate, 8000)
