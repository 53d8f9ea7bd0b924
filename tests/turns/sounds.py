"""Synthetic telephone sounds, A-law, and echo paths for tests; int16 or float at 8 kHz."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode

RATE = 8000
FRAME = 160
Int16 = npt.NDArray[np.int16]
Float = npt.NDArray[np.float64]


def to_int16(samples: Float) -> Int16:
    """Float (±1) to int16, clipped."""
    return np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16)


def at_level(samples: Float, db: float) -> Float:
    """Scale to an RMS level in dBFS."""
    return samples * (10 ** (db / 20) / max(float(np.sqrt(np.mean(samples**2))), 1e-9))


def through_alaw(samples: Int16) -> Int16:
    """What a G.711 A-law line leaves of the samples."""
    return alaw_decode(alaw_encode(samples))


def times(seconds: float) -> Float:
    """Sample times."""
    return np.arange(int(seconds * RATE)) / RATE


def white(seconds: float, db: float, seed: int = 1) -> Float:
    """White noise."""
    noise = np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    return at_level(noise, db)


def pink(seconds: float, db: float, seed: int = 1) -> Float:
    """Noise with 1/f power."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(int(seconds * RATE)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    return at_level(np.fft.irfft(spectrum, int(seconds * RATE)), db)


def hum(seconds: float, db: float) -> Float:
    """50 Hz mains hum with its odd harmonics."""
    t = times(seconds)
    return at_level(sum(np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 3, 5, 7)), db)


def ringback(seconds: float, db: float) -> Float:
    """Chinese ringback tone: 450 Hz, 1 s on, 4 s off (GB/T 3384)."""
    t = times(seconds)
    return np.where(t % 5.0 < 1.0, np.sin(2 * np.pi * 450 * t), 0.0) * np.sqrt(2) * 10 ** (db / 20)


def clicks(seconds: float, peak_db: float, seed: int = 1) -> Float:
    """Short decaying clicks, three a second."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    for at in rng.integers(0, len(out) - 100, int(3 * seconds)):
        out[at : at + 40] += (
            10 ** (peak_db / 20) * rng.standard_normal(40) * np.exp(-np.arange(40) / 8)
        )
    return out


def dtmf(seconds: float, db: float) -> Float:
    """Keys 1 2 3 A … pressed for 100 ms every 300 ms."""
    t = times(seconds)
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    key = (t // 0.3).astype(int)
    row = np.take(rows, key % 4)
    column = np.take(columns, (key // 4) % 4)
    tone = np.sin(2 * np.pi * row * t) + np.sin(2 * np.pi * column * t)
    return np.where(t % 0.3 < 0.1, tone, 0.0) * 10 ** (db / 20)


def babble_like(seconds: float, db: float, seed: int = 1) -> Float:
    """Speech-like test signal: a voiced, breathy source under syllables, 4 a second, with pauses.

    No words and no voice: it has speech's envelope, pitch, jitter and spectral tilt, which is
    what echo estimation works on.
    """
    rng = np.random.default_rng(seed)
    t = times(seconds)
    count = int(t[-1] * 4) + 1

    def per_syllable(values: Float) -> Float:
        return np.repeat(values, RATE // 4)[: len(t)]

    pitch = np.convolve(per_syllable(rng.uniform(110, 240, count)), np.ones(800) / 800, "same")
    jitter = np.convolve(np.cumsum(rng.standard_normal(len(t))), np.ones(40) / 40, "same")
    phase = 2 * np.pi * np.cumsum(pitch) / RATE + 0.03 * jitter
    formant = per_syllable(rng.uniform(4, 12, count))
    voiced = sum(np.sin(k * phase) * np.exp(-((k - formant) ** 2) / 18) for k in range(1, 15))
    spoken = per_syllable(rng.uniform(0.3, 1.0, count) * (rng.random(count) > 0.2))
    envelope = np.sin(np.pi * ((t * 4) % 1.0)) ** 0.5 * spoken
    return at_level((voiced + 0.5 * rng.standard_normal(len(t))) * envelope, db)


def echo_of(
    sent: Float, *, loss_db: float, delay_ms: float, seed: int = 1, taps: int = 48
) -> Float:
    """The sent signal as a line or a room returns it: delayed, dispersed over 6 ms, weaker."""
    rng = np.random.default_rng(seed)
    path = np.concatenate(([1.0], 0.5 * rng.standard_normal(taps) * np.exp(-np.arange(taps) / 10)))
    path /= np.sqrt(np.sum(path**2))
    delay = int(delay_ms * RATE / 1000)
    returned = np.convolve(sent, path)[: len(sent)] * 10 ** (-loss_db / 20)
    return np.concatenate((np.zeros(delay), returned))[: len(sent)]


def frames(samples: Int16) -> Iterator[bytes]:
    """Whole 20 ms frames."""
    for at in range(0, len(samples) // FRAME * FRAME, FRAME):
        yield samples[at : at + FRAME].tobytes()
