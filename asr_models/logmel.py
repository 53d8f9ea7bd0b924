"""Whisper's log-mel spectrogram in plain numpy.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision",
and the Slaney mel scale of the Auditory Toolbox. The same numbers as faster-whisper's
feature extractor (a test compares them), without importing the rest of that package.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16000
HOP_SAMPLES = 160
_FFT = 400
_FLOOR = -10.0  # log10 of the power of silence
_AT_A_TIME = (
    16  # frames: a larger product wakes BLAS's threads, and waits for them on a busy machine
)
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_HZ_PER_MEL = 200.0 / 3
_SLANEY_LOG_STEP = float(np.log(6.4) / 27.0)

Floats = npt.NDArray[np.float32]


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    break_mel = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
    logarithmic = _SLANEY_BREAK_HZ * np.exp(_SLANEY_LOG_STEP * (mel - break_mel))
    return np.where(mel < break_mel, mel * _SLANEY_HZ_PER_MEL, logarithmic)


def mel_filters(bands: int) -> Floats:
    """Return the triangular filters, shape (bands, 201), each of about constant energy."""
    top_mel = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL + np.log(8.0) / _SLANEY_LOG_STEP  # 8 kHz
    edges_hz = _mel_to_hz(np.linspace(0.0, top_mel, bands + 2))
    bins_hz = np.fft.rfftfreq(_FFT, 1.0 / SAMPLE_RATE)
    width_hz = np.diff(edges_hz)
    ramps = edges_hz[:, None] - bins_hz[None, :]
    rising = -ramps[:-2] / width_hz[:-1, None]
    falling = ramps[2:] / width_hz[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    triangles *= (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]
    return triangles.astype(np.float32)


class LogMel:
    """Log-mel features for a fixed number of bands. Stateless, thread-safe."""

    def __init__(self, bands: int = 80) -> None:
        self._filters = mel_filters(bands)
        self._window = np.hanning(_FFT + 1)[:-1].astype(np.float32)

    def __call__(self, samples: Floats, frames: int) -> Floats:
        """Return shape (bands, `frames`): the samples followed by silence to fill the window.

        `samples` are float32 (-1..1) at 16 kHz, shape (n,), 0 < n <= 160 * `frames`. The
        silence is filled in without being transformed: a short clip costs what it is long.
        """
        sounding = min(frames, len(samples) // HOP_SAMPLES + 3)  # 3: the window's overhang
        padded = np.zeros(sounding * HOP_SAMPLES + _FFT, dtype=np.float32)
        padded[_FFT // 2 : _FFT // 2 + len(samples)] = samples
        padded[: _FFT // 2] = padded[_FFT : _FFT // 2 : -1]  # the left edge is reflected
        if len(samples) > sounding * HOP_SAMPLES - _FFT // 2:
            end = _FFT // 2 + sounding * HOP_SAMPLES
            padded[end:] = padded[end - 2 : end - 2 - _FFT // 2 : -1]
        windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::HOP_SAMPLES]
        spectrum = np.fft.rfft(windows[:sounding] * self._window, axis=-1)
        power = (np.abs(spectrum.astype(np.complex64)) ** 2).T
        log_mel = np.full((len(self._filters), frames), _FLOOR, dtype=np.float32)
        for at in range(0, sounding, _AT_A_TIME):
            part = power[:, at : at + _AT_A_TIME]
            mel = np.maximum(self._filters @ part, 10.0**_FLOOR)
            log_mel[:, at : at + part.shape[1]] = np.log10(mel)
        log_mel = np.maximum(log_mel, log_mel.max() - 8.0)
        return np.asarray((log_mel + 4.0) / 4.0, dtype=np.float32)
