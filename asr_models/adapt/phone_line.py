"""What a telephone line does to speech, at random: band, level, noise, G.711, lost packets.

The ranges are those of ordinary calls; nothing is fitted to a test. One call of `PhoneLine`
is one line: the same generator state gives the same samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from asr_models.resample import to_rate

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
RATE = 8000
_PACKET = 160  # 20 ms
_FADE_A_PACKET = 0.6  # a concealed packet repeats the one before, softer each time
_NARROW_HZ = (300.0, 3400.0)  # ITU-T G.712; newer lines carry more
_PEAK_DBFS = (-26.0, -2.0)
_NOISE_SLOPES = (0.0, 0.5, 1.0)  # amplitude falls as f**-slope: white, pink, brown


@dataclass(frozen=True)
class LineOdds:
    """How often a line has a property (0..1), and the ranges of noise, loss and tempo."""

    narrow: float = 0.5
    noisy: float = 0.65
    snr_db: tuple[float, float] = (6.0, 35.0)
    lossy: float = 0.3
    loss: tuple[float, float] = (0.003, 0.03)
    ulaw: float = 0.1
    tempo: tuple[float, float] = (0.9, 1.1)
    paced: float = 0.4


class PhoneLine:
    """Passes 8 kHz speech through randomly drawn lines."""

    def __init__(self, rng: np.random.Generator, odds: LineOdds | None = None) -> None:
        self._rng = rng
        self._odds = odds or LineOdds()

    def __call__(self, pcm: Pcm) -> Pcm:
        """Return int16 samples, shape (m,), for int16 samples at 8 kHz, shape (n,), n > 0.

        m differs from n where the tempo was changed.
        """
        odds = self._odds
        if self._happens(odds.paced):
            pcm = to_rate(pcm, RATE, round(RATE / self._between(odds.tempo)))
        sound = pcm.astype(np.float64)
        if self._happens(odds.narrow):
            sound = band_limited(sound, _NARROW_HZ)
        sound *= 32768 * 10 ** (self._between(_PEAK_DBFS) / 20) / max(1.0, np.abs(sound).max())
        if self._happens(odds.noisy):
            level = np.sqrt(np.mean(sound**2)) / 10 ** (self._between(odds.snr_db) / 20)
            sound += level * self._noise(len(sound))
        coded = self._code(np.clip(np.round(sound), -32768, 32767).astype(np.int16))
        return self._lose(coded) if self._happens(odds.lossy) else coded

    def noise_only(self, samples: int) -> Pcm:
        """Return a line on which nobody speaks."""
        level = 32768 * 10 ** (self._rng.uniform(-60.0, -20.0) / 20)
        sound = level * self._noise(samples)
        return self._code(np.clip(np.round(sound), -32768, 32767).astype(np.int16))

    def _code(self, pcm: Pcm) -> Pcm:
        if self._happens(self._odds.ulaw):
            return ulaw_decode(ulaw_encode(pcm))
        return alaw_decode(alaw_encode(pcm))

    def _lose(self, pcm: Pcm) -> Pcm:
        packets = np.pad(pcm, (0, -len(pcm) % _PACKET)).reshape(-1, _PACKET).copy()
        lost = self._rng.random(len(packets)) < self._between(self._odds.loss)
        for index in np.flatnonzero(lost):
            before = packets[index - 1] if index else np.zeros(_PACKET)
            packets[index] = np.round(before * _FADE_A_PACKET).astype(np.int16)
        return packets.reshape(-1)[: len(pcm)]

    def _noise(self, samples: int) -> Floats:
        return coloured_noise(self._rng, samples, float(self._rng.choice(_NOISE_SLOPES)))

    def _happens(self, odds: float) -> bool:
        return bool(self._rng.random() < odds)

    def _between(self, bounds: tuple[float, float]) -> float:
        return float(self._rng.uniform(*bounds))


def band_limited(sound: Floats, band_hz: tuple[float, float]) -> Floats:
    """Return `sound` (8 kHz) without what lies outside `band_hz`; edges of 50 Hz."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    inside = np.minimum((hz - band_hz[0]) / 50 + 1, (band_hz[1] - hz) / 50 + 1)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * np.clip(inside, 0, 1), len(sound)))


def coloured_noise(rng: np.random.Generator, samples: int, slope: float) -> Floats:
    """Return noise of unit power whose amplitude falls as f**-slope, flat below 60 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hz = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 60.0)
    noise = np.fft.irfft(spectrum / hz**slope, samples)
    return np.asarray(noise / max(1e-12, np.sqrt(np.mean(noise**2))))
