"""From a synthesiser's raw output to telephone audio: trim, resample, level, fade.

Finished clauses only: everything here looks at the whole clause at once. A clause that is still
being made goes through `voicebot.speech.shaper`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from voicebot.speech.api import LINE_RATE, Pcm

Samples = npt.NDArray[np.float32]

TARGET_DBOV = -26.0  # nominal active speech level of ITU-T P.830; about -20 dBm0 on the line
_MARGIN_DB = 15.9  # P.56: activity is what lies above the active level less this margin
_HANGOVER_FRAMES = 20  # P.56: 200 ms
FRAME_MS = 10
EDGE_BELOW_ACTIVE_DB = 32.0  # quieter than this is no speech, at the clause's two ends
KEEP_BEFORE_MS = 30
KEEP_AFTER_MS = 60
FADE_IN_MS = 5
FADE_OUT_MS = 20
PEAK_LIMIT = 0.89  # -1 dBFS
_SILENCE_DB = -120.0


def line_ready(samples: Samples, sample_rate: int) -> Pcm:
    """Trim, convert to 8 kHz, level and fade one clause.

    `samples` are floats within -1..1, shape (n,). Returns int16 at `LINE_RATE`; empty if there
    was nothing but silence.
    """
    speech = trim(samples, sample_rate)
    if len(speech) == 0:
        return np.zeros(0, np.int16)
    if sample_rate != LINE_RATE:
        speech = np.asarray(soxr.resample(speech, sample_rate, LINE_RATE), np.float32)
    speech = faded(levelled(speech, LINE_RATE), LINE_RATE)
    return to_pcm(speech)


def active_level_dbov(samples: Samples, sample_rate: int) -> float:
    """Active speech level in dB relative to overload (a full-scale square wave is 0).

    An approximation of ITU-T P.56 method B on 10 ms frames instead of its two-stage envelope:
    the mean power over the frames that are within 15.9 dB of the result or follow such a frame
    within 200 ms. Differs from the standard's by a few tenths of a dB on speech.
    """
    power = frame_power(samples, sample_rate)
    if not len(power) or power.max() <= 0:
        return _SILENCE_DB
    level = float(10 * np.log10(power.max()))
    for _ in range(30):  # the threshold falls with the level until the two agree
        active = _with_hangover(power >= 10 ** ((level - _MARGIN_DB) / 10))
        lower = float(10 * np.log10(power[active].mean()))
        if level - lower < 0.01:
            return lower
        level = lower
    return level


def trim(samples: Samples, sample_rate: int) -> Samples:
    """Cut the silence off both ends by energy, keeping a small margin."""
    power = frame_power(samples, sample_rate)
    level = active_level_dbov(samples, sample_rate)
    if level <= -60.0:
        return samples[:0]
    loud = np.flatnonzero(power >= 10 ** ((level - EDGE_BELOW_ACTIVE_DB) / 10))
    frame = sample_rate * FRAME_MS // 1000
    start = int(loud[0]) * frame - sample_rate * KEEP_BEFORE_MS // 1000
    end = (int(loud[-1]) + 1) * frame + sample_rate * KEEP_AFTER_MS // 1000
    return samples[max(0, start) : end]


def levelled(samples: Samples, sample_rate: int, target_dbov: float = TARGET_DBOV) -> Samples:
    """Scale to the active speech level `target_dbov`; less, if a peak would clip."""
    level = active_level_dbov(samples, sample_rate)
    if level <= _SILENCE_DB:
        return samples
    gain = 10 ** ((target_dbov - level) / 20)
    peak = float(np.abs(samples).max())
    return samples * np.float32(min(gain, PEAK_LIMIT / peak))


def faded(samples: Samples, sample_rate: int) -> Samples:
    """Fade both ends, so that a clause neither starts nor stops with a click."""
    out = samples.copy()
    rise = min(len(out), sample_rate * FADE_IN_MS // 1000)
    fall = min(len(out), sample_rate * FADE_OUT_MS // 1000)
    out[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    out[len(out) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return out


def to_pcm(samples: Samples) -> Pcm:
    """Floats within -1..1 as int16; what is beyond is clipped."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)


def frame_power(samples: Samples, sample_rate: int) -> npt.NDArray[np.float64]:
    """Mean power of each 10 ms, the last filled up with silence."""
    frame = sample_rate * FRAME_MS // 1000
    padded = np.zeros(-(-len(samples) // frame) * frame)
    padded[: len(samples)] = samples
    return np.asarray((padded.reshape(-1, frame) ** 2).mean(axis=1))


def _with_hangover(active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    held = np.convolve(active, np.ones(_HANGOVER_FRAMES + 1))[: len(active)]
    return held > 0
