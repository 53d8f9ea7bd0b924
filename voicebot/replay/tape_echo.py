"""Take one side's sound out of the other side's channel: what leaks over is nobody's speech.

A telephone returns some of the bot's voice in the caller's channel, and an analyzer that hears
speech there sees a caller who interrupts all the time. The leak is one delay and a short filter,
the same for the whole tape. The delay is found by cross-correlation with the phase transform
(Knapp and Carter, 1976), the filter fitted by least squares. In both, every 100 ms of the channel
weigh alike, so that what its own side says, which is louder than the leak, does not decide.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST_DELAY = 4000
"""Samples at 8 kHz: 500 ms, a mobile call's longest way there and back."""
TAPS = 64
LEAD = 16
"""Taps before the delay that the correlation found."""
MOST_ROWS = 60_000
BLOCK = 800
LEARNED = 10 * 60 * 8000
"""Samples that the leak is learned from, and taken out at once: a tape may be hours long."""
# The correlation at the leak's delay over the spread at all delays: two independent voices stay
# under 6, a leak of -45 dB that is at the level of the line's noise comes to 15 and more.
LEAST_PEAK = 9.0
AUDIBLE = 30.0**2
Mono = npt.NDArray[np.int16]
Float = npt.NDArray[np.float64]


def without_echo(samples: Mono, other: Mono) -> tuple[Mono, float]:
    """`samples` less what leaks into them from `other`; both int16 at 8 kHz, shape (n,).

    Returns the rest, and the leak's level against `other` in dB (0: no leak was found, and the
    samples are the same array).
    """
    signal = samples[:LEARNED].astype(np.float64)
    source = other[:LEARNED].astype(np.float64)
    if _block_power(source).max(initial=0.0) < AUDIBLE or not len(signal):
        return samples, 0.0
    weight = np.repeat(1 / np.sqrt(_block_power(signal) + 1.0), BLOCK)[: len(signal)]
    delay = _delay(signal * weight, source)
    if delay is None:
        return samples, 0.0
    first = delay - LEAD
    taps = _taps(signal, source, weight, first)
    rest = samples.copy()
    echoed = sounded = 0.0
    for at in range(0, len(samples), LEARNED):
        near = samples[at : at + LEARNED].astype(np.float64)
        echo = _echo(other, taps, first, at, len(near))
        rest[at : at + len(near)] = np.clip(np.round(near - echo), -32768, 32767)
        echoed += float(np.sum(echo**2))
        sounded += float(np.sum(other[at : at + LEARNED].astype(np.float64) ** 2))
    return rest, float(10 * np.log10(max(echoed / max(sounded, 1.0), 1e-12)))


def _block_power(samples: Float) -> Float:
    count = -(-len(samples) // BLOCK)
    padded = np.zeros(count * BLOCK)
    padded[: len(samples)] = samples
    return np.asarray((padded.reshape(count, BLOCK) ** 2).mean(axis=1))


def _delay(signal: Float, source: Float) -> int | None:
    """Where `source` comes back in `signal`, in samples; None where it does not."""
    size = 1 << (len(signal) + LONGEST_DELAY).bit_length()
    cross = np.fft.rfft(signal, size) * np.conj(np.fft.rfft(source, size))
    lags = np.fft.irfft(cross / np.maximum(np.abs(cross), 1e-9), size)
    peak = int(np.argmax(np.abs(lags[:LONGEST_DELAY])))
    return peak if abs(lags[peak]) > LEAST_PEAK * lags.std() else None


def _taps(signal: Float, source: Float, weight: Float, first: int) -> Float:
    """The filter of `TAPS` taps from delay `first` on that makes most of `signal` of `source`."""
    before = TAPS + max(0, first)
    padded = np.concatenate([np.zeros(before), source, np.zeros(TAPS)])
    loud = np.repeat(_block_power(source) > AUDIBLE, BLOCK)[: len(signal)]
    at = np.flatnonzero(loud)
    at = at[:: max(1, len(at) // MOST_ROWS)]
    columns = np.array([padded[before + at - first - tap] for tap in range(TAPS)]) * weight[at]
    normal = columns @ columns.T
    normal += np.eye(TAPS) * (normal.trace() / TAPS) * 1e-5
    return np.asarray(np.linalg.solve(normal, columns @ (signal[at] * weight[at])))


def _echo(other: Mono, taps: Float, first: int, at: int, count: int) -> Float:
    """What `other` leaks into samples `at` to `at + count`."""
    low, high = at - first - TAPS + 1, at - first + count
    known = other[max(0, low) : max(0, high)].astype(np.float64)
    padded = np.concatenate([np.zeros(max(0, min(0, high) - low)), known])
    padded = np.concatenate([padded, np.zeros(high - low - len(padded))])
    return np.convolve(padded, taps, mode="valid")
