"""Telephone audio as FunASR's models take it: 16 kHz, by the short streaming filter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from asr_models.errors import AudioFormatError
from asr_models.resample import Upsampler8To16, to_rate

Pcm = npt.NDArray[np.int16]


class Rate16k:
    """A stream of int16 samples at 8 or 16 kHz to one at 16 kHz; state runs on across packets."""

    def __init__(self, sample_rate: int) -> None:
        if sample_rate not in (8000, 16000):
            raise AudioFormatError(
                f"funasr: expected a stream at 8000 or 16000 Hz, got {sample_rate} Hz"
            )
        self.factor = 16000 // sample_rate
        self._upsampler = Upsampler8To16() if sample_rate == 8000 else None

    def process(self, pcm: Pcm) -> Pcm:
        """Return `factor` times as many samples; AudioFormatError for other than int16 (n,)."""
        check_samples(pcm)
        return self._upsampler.process(pcm) if self._upsampler else pcm


def to_16k(pcm: Pcm, sample_rate: int) -> Pcm:
    """Convert finished audio, shape (n,): from 8 kHz as a stream would, else by soxr."""
    check_samples(pcm)
    if sample_rate == 8000:
        return Rate16k(sample_rate).process(pcm)
    return to_rate(pcm, sample_rate, 16000)


def check_samples(pcm: Pcm) -> None:
    """Raise AudioFormatError for what is no mono int16."""
    if pcm.ndim != 1 or pcm.dtype != np.int16:
        raise AudioFormatError(
            f"funasr: expected int16 samples of shape (n,), got {pcm.dtype} of shape {pcm.shape}"
        )
