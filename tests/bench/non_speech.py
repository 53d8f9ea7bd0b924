"""Three minutes of telephone sounds that nobody says: a recognizer must write nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.bench.clips import pink_noise

RATE = 8000
SECONDS = 15
_DTMF_HZ = {"1": (697, 1209), "5": (770, 1336), "9": (852, 1477), "#": (941, 1477)}

Sound = npt.NDArray[np.int16]


def _time_s() -> npt.NDArray[np.float64]:
    return np.arange(SECONDS * RATE) / RATE


def _pcm(values: npt.NDArray[np.float64]) -> Sound:
    return np.clip(np.round(values), -32768, 32767).astype(np.int16)


def _cadence(on_s: float, off_s: float) -> npt.NDArray[np.float64]:
    return (_time_s() % (on_s + off_s) < on_s).astype(np.float64)


def _clicks(level: float) -> Sound:
    rng = np.random.default_rng(7)
    values = np.zeros(SECONDS * RATE)
    for start in rng.integers(0, len(values) - 40, 60):
        values[start : start + 40] += level * rng.standard_normal(40) * np.exp(-np.arange(40) / 8)
    return _pcm(values)


def _dtmf() -> Sound:
    low_high = [_DTMF_HZ[key] for key in "159#"]
    step = (_time_s() // 0.5).astype(int) % len(low_high)
    low, high = np.array(low_high)[step].T
    tone = np.sin(2 * np.pi * low * _time_s()) + np.sin(2 * np.pi * high * _time_s())
    return _pcm(6000 * tone * _cadence(0.2, 0.3))


def non_speech() -> dict[str, Sound]:
    """Return named sounds of 15 s each, int16 at 8 kHz."""
    white = np.random.default_rng(3).standard_normal(SECONDS * RATE)
    pink = pink_noise(SECONDS * RATE, 4)
    hum = np.sin(2 * np.pi * 50 * _time_s()) + 0.4 * np.sin(2 * np.pi * 150 * _time_s())
    tone_450 = np.sin(2 * np.pi * 450 * _time_s())
    return {
        "silence": np.zeros(SECONDS * RATE, np.int16),
        "hum 50 Hz": _pcm(2000 * hum),
        "hum 50 Hz, loud": _pcm(12000 * hum),
        "ringback 450 Hz": _pcm(8000 * tone_450 * _cadence(1.0, 4.0)),
        "busy 450 Hz": _pcm(8000 * tone_450 * _cadence(0.35, 0.35)),
        "white noise": _pcm(300 * white),
        "white noise, loud": _pcm(4000 * white),
        "pink noise": _pcm(300 * pink),
        "pink noise, loud": _pcm(4000 * pink),
        "clicks": _clicks(3000.0),
        "clicks, loud": _clicks(20000.0),
        "DTMF": _dtmf(),
    }
