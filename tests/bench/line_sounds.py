"""What a telephone line carries when nobody speaks: noise, tones, clicks, breath, a room.

Every sound is float ±1 at 8 kHz and follows from its seed alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from telephony.tones import music as music_on_hold
from tests.bench.clips import pink_noise
from tests.bench.music import band

RATE = 8000
Float = npt.NDArray[np.float64]
Rng = np.random.Generator
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def _at(db: float) -> float:
    return float(10 ** (db / 20))


def _time_s(seconds: float) -> Float:
    return np.arange(int(seconds * RATE)) / RATE


def _sine(hz: float | Float, time_s: Float) -> Float:
    return np.asarray(np.sin(2 * np.pi * hz * time_s))


def _unit(sound: Float) -> Float:
    return np.asarray(sound / max(1e-9, np.sqrt(np.mean(sound**2))))


def _band_noise(rng: Rng, count: int, low_hz: float, high_hz: float) -> Float:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    return _unit(np.fft.irfft(spectrum * ((hz > low_hz) & (hz < high_hz)), count))


def silence(seconds: float, rng: Rng) -> Float:
    return np.zeros(int(seconds * RATE))


def white(seconds: float, rng: Rng) -> Float:
    return _at(rng.uniform(-60, -18)) * rng.standard_normal(int(seconds * RATE))


def pink(seconds: float, rng: Rng) -> Float:
    return _at(rng.uniform(-60, -18)) * pink_noise(int(seconds * RATE), int(rng.integers(1 << 30)))


def brown(seconds: float, rng: Rng) -> Float:
    walk = np.cumsum(rng.standard_normal(int(seconds * RATE)))
    walk -= np.convolve(walk, np.ones(801) / 801, "same")
    return _at(rng.uniform(-45, -15)) * _unit(walk)


def hum(seconds: float, rng: Rng) -> Float:
    """The mains: 50 Hz and its harmonics, with some hiss."""
    at = _time_s(seconds)
    sound = sum(_sine(50.0 * n, at + rng.uniform(0, 1)) / n for n in range(1, 12))
    return _at(rng.uniform(-40, -12)) * _unit(np.asarray(sound)) + white(seconds, rng) * 0.1


def clicks(seconds: float, rng: Rng) -> Float:
    """Handset knocks and switching clicks, alone and in bursts."""
    sound = np.zeros(int(seconds * RATE))
    for start in rng.integers(0, len(sound) - 400, int(seconds * 4)):
        length = int(rng.integers(8, 300))
        decay = np.exp(-np.arange(length) / (length / 4))
        sound[start : start + length] += (
            rng.uniform(0.05, 0.9) * rng.standard_normal(length) * decay
        )
    return sound


def crackle(seconds: float, rng: Rng) -> Float:
    """A bad contact: single samples and dropouts of a noisy line."""
    sound = _at(-45) * rng.standard_normal(int(seconds * RATE))
    hits = rng.random(len(sound)) < 0.004
    return np.asarray(np.where(hits, rng.uniform(-0.7, 0.7, len(sound)), sound))


def _cadence(seconds: float, hz: tuple[float, ...], on_s: float, off_s: float) -> Float:
    at = _time_s(seconds)
    tone = sum(_sine(frequency, at) for frequency in hz) / len(hz)
    return np.asarray(tone * (at % (on_s + off_s) < on_s))


def call_tones(seconds: float, rng: Rng) -> Float:
    """Ringback, busy, congestion, howler, dial tone, information tones, of China and elsewhere."""
    kinds = (
        ((450,), 1.0, 4.0),
        ((450,), 0.35, 0.35),
        ((450,), 0.7, 0.7),
        ((440, 480), 2.0, 4.0),
        ((400, 425), 0.4, 0.2),
        ((950,), 0.1, 0.1),
        ((1400, 2060, 2450, 2600), 0.1, 0.1),
        ((350, 440), 60.0, 0.0),
        ((950, 1400, 1800), 0.33, 1.0),
    )
    hz, on_s, off_s = kinds[int(rng.integers(len(kinds)))]
    return _at(rng.uniform(-25, -6)) * _cadence(seconds, hz, on_s, off_s)


def dtmf(seconds: float, rng: Rng) -> Float:
    sound = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(sound) - RATE:
        key = _time_s(rng.uniform(0.06, 0.5))
        row, column = _ROWS[int(rng.integers(4))], _COLUMNS[int(rng.integers(4))]
        sound[at : at + len(key)] = 0.2 * (_sine(row, key) + _sine(column, key))
        at += len(key) + int(rng.uniform(0.05, 1.2) * RATE)
    return sound


def modem(seconds: float, rng: Rng) -> Float:
    """Fax calling and answer tones, and the frequency-shift keying that follows."""
    at = _time_s(seconds)
    calling = _sine(1100, at) * (at % 3.5 < 0.5)
    bits = rng.integers(0, 2, int(seconds * 300) + 1)[(at * 300).astype(int)]
    keyed = np.sin(2 * np.pi * np.cumsum(np.where(bits, 1650.0, 1850.0)) / RATE)
    answer = _sine(2100, at)
    parts = np.array_split(np.arange(len(at)), 3)
    sound = np.concatenate([calling[parts[0]], answer[parts[1]], keyed[parts[2]]])
    return _at(rng.uniform(-22, -8)) * sound


def breath(seconds: float, rng: Rng) -> Float:
    """Breath on the microphone: bursts of soft noise, 0.3 to 1.5 s long."""
    sound = 0.001 * rng.standard_normal(int(seconds * RATE))
    at = 0
    while at < len(sound) - 2 * RATE:
        length = int(rng.uniform(0.3, 1.5) * RATE)
        shape = np.sin(np.pi * np.arange(length) / length) ** 2
        blow = _band_noise(rng, length, rng.uniform(80, 400), rng.uniform(1500, 3400))
        sound[at : at + length] += _at(rng.uniform(-40, -14)) * shape * blow
        at += length + int(rng.uniform(0.3, 2.0) * RATE)
    return sound


def room(seconds: float, rng: Rng) -> Float:
    """A room full of people far away, as noise: bands that swell at the rate of syllables."""
    count = int(seconds * RATE)
    sound = np.zeros(count)
    for _ in range(8):
        low_hz = rng.uniform(150, 2500)
        slow = _band_noise(rng, count, 1.0, 6.0)
        sound += np.maximum(slow, 0.0) * _band_noise(rng, count, low_hz, low_hz * 1.4)
    return _at(rng.uniform(-45, -20)) * _unit(sound)


def traffic(seconds: float, rng: Rng) -> Float:
    """Engines: a deep tone that glides, with its harmonics and wind."""
    at = _time_s(seconds)
    hz = 60 + 40 * np.sin(2 * np.pi * at / rng.uniform(3, 9))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    engine = sum(np.sin(n * phase) / n for n in range(1, 20))
    return _at(rng.uniform(-35, -15)) * _unit(np.asarray(engine) + brown(seconds, rng) * 3)


def keyboard(seconds: float, rng: Rng) -> Float:
    """Typing near the microphone."""
    sound = 0.0005 * rng.standard_normal(int(seconds * RATE))
    for start in rng.integers(0, len(sound) - 800, int(seconds * 6)):
        for offset, level in ((0, 0.15), (int(rng.integers(300, 700)), 0.08)):
            tick = rng.standard_normal(80) * np.exp(-np.arange(80) / 15)
            sound[start + offset : start + offset + 80] += level * rng.uniform(0.3, 2) * tick
    return sound


def hold_music(seconds: float, rng: Rng) -> Float:
    """The music that this bot plays to those who wait, as it comes back from another line."""
    period = np.frombuffer(music_on_hold(), "<i2").astype(np.float64) / 32768
    start = int(rng.integers(len(period)))
    looped = np.tile(period, int(seconds * RATE / len(period)) + 2)
    return _at(rng.uniform(-6, 12)) * looped[start : start + int(seconds * RATE)]


def band_music(seconds: float, rng: Rng) -> Float:
    return _at(rng.uniform(-30, -12)) * _unit(band(seconds, rng))


SOUNDS: dict[str, Callable[[float, Rng], Float]] = {
    "silence": silence,
    "white noise": white,
    "pink noise": pink,
    "brown noise": brown,
    "mains hum": hum,
    "clicks": clicks,
    "line crackle": crackle,
    "call progress tones": call_tones,
    "DTMF": dtmf,
    "fax and modem": modem,
    "breath": breath,
    "room murmur": room,
    "traffic": traffic,
    "typing": keyboard,
    "our music on hold": hold_music,
    "a band": band_music,
}
