"""What a line makes of sounds: levels, noise, echo, frames; float ±1 at 8 kHz."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode
from telephony.api import FRAME_MS, FRAME_SAMPLES
from tests.bench.clips import pink_noise

Float = npt.NDArray[np.float64]
PER_MS = 8
NOISE_DB = -60.0
BOT_DB = -20.0


def frames(samples: Float) -> list[bytes]:
    """The samples as 20 ms frames, after A-law."""
    pcm = np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16)
    pcm = alaw_decode(alaw_encode(pcm))
    whole = len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES
    return [pcm[at : at + FRAME_SAMPLES].tobytes() for at in range(0, whole, FRAME_SAMPLES)]


def at_level(samples: Float, db: float) -> Float:
    """Scale so that the spoken part (the louder half) has this RMS level in dBFS."""
    energy = np.sort(np.square(samples))[len(samples) // 2 :].mean() / 2.0
    return samples * 10 ** (db / 20) / np.sqrt(max(float(energy), 1e-12))


def pitched(samples: Float, factor: float) -> Float:
    """As from a smaller head (factor over 1): higher and shorter by it."""
    at = np.arange(int(len(samples) / factor)) * factor
    return np.interp(at, np.arange(len(samples)), samples)


def noise(length: int, seed: int, db: float = NOISE_DB) -> Float:
    """Line noise."""
    return pink_noise(length, seed) * 10 ** (db / 20)


def echo_of(sent: Float, loss_db: float, delay_ms: float, seed: int) -> Float:
    """The sent sound as it comes back: weaker, later, smeared over 6 ms."""
    rng = np.random.default_rng(seed)
    path = np.concatenate(([1.0], 0.5 * rng.standard_normal(48) * np.exp(-np.arange(48) / 10)))
    path *= 10 ** (-loss_db / 20) / np.sqrt(np.sum(path**2))
    returned = np.convolve(sent, path)
    return np.concatenate((np.zeros(int(delay_ms * PER_MS)), returned))[: len(sent)]


def spoken_span_ms(clip: Float) -> tuple[int, int]:
    """First and last moment within 30 dB of the clip's loudest 20 ms."""
    loud = np.flatnonzero(_loud(clip))
    return int(loud[0]) * FRAME_MS, (int(loud[-1]) + 1) * FRAME_MS


def trimmed(clip: Float) -> Float:
    """The spoken part alone."""
    begin, end = spoken_span_ms(clip)
    return clip[begin * PER_MS : end * PER_MS]


def silence_at(clip: Float, at_ms: int) -> tuple[int, int]:
    """Begin and length of the silence around `at_ms`: what is 30 dB under the loudest 20 ms."""
    loud = _loud(clip)
    begin = end = at_ms // FRAME_MS
    while begin > 0 and not loud[begin - 1]:
        begin -= 1
    while end < len(loud) and not loud[end]:
        end += 1
    return begin * FRAME_MS, (end - begin) * FRAME_MS


def softest_ms(clip: Float) -> int:
    """The middle of the softest 40 ms in the middle of the clip's speech."""
    begin, end = spoken_span_ms(clip)
    low, high = begin + (end - begin) * 3 // 10, begin + (end - begin) * 7 // 10
    starts = range(low, max(high, low + 1), 10)
    power = [float(np.square(clip[at * PER_MS : at * PER_MS + 320]).sum()) for at in starts]
    return starts[int(np.argmin(power))] + 20


def _loud(clip: Float) -> npt.NDArray[np.bool_]:
    whole = len(clip) // FRAME_SAMPLES * FRAME_SAMPLES
    power = np.square(clip[:whole]).reshape(-1, FRAME_SAMPLES).mean(axis=1)
    return np.asarray(power > power.max() * 1e-3)
