"""A voice made brighter, as a telephone's microphone makes it (ITU-T P.48, "sending").

A studio voice is dull on a telephone: what tells 机 from 级 and 请 from 停 lies above 2 kHz,
where it is weakest. A handset lifts that. Here it is a first-order shelf, by a linear-phase filter
without delay, for whole clauses.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.speech.line_audio import Samples

LIFT_DB = 6.0
_CORNER_HZ = 1500.0
_TAPS = 193  # 8 ms at 24 kHz: down to what the voice's own pitch is
_GRID = 4096


def brightened(samples: Samples, sample_rate: int) -> Samples:
    """Lower what is below 1.5 kHz by up to `LIFT_DB`; what is above stays, so nothing clips.

    `samples` are floats, shape (n,), and as many come back.
    """
    if not len(samples):
        return samples
    bright = np.convolve(samples, _shelf(sample_rate))[_TAPS // 2 :][: len(samples)]
    return np.asarray(bright, np.float32)


def _shelf(sample_rate: int) -> npt.NDArray[np.float32]:
    gain = 10 ** (LIFT_DB / 20)
    at = np.fft.rfftfreq(_GRID, 1 / sample_rate) / _CORNER_HZ
    wanted = np.sqrt((1 + (gain * at) ** 2) / (1 + at**2)) / gain
    taps = np.roll(np.fft.irfft(wanted), _TAPS // 2)[:_TAPS] * np.hanning(_TAPS + 2)[1:-1]
    return np.asarray(taps, np.float32)
