"""Sounds of a line on which nobody speaks: noise, hum, tones, keys, music on hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from telephony.api import SAMPLE_RATE
from tests.bench.clips import pink_noise
from tests.bench.turns.cases import Case
from tests.bench.turns.sound import Float

SECONDS = 20.0
LEVELS_DB = (-35.0, -25.0, -15.0)
_DTMF_HZ = ((697, 1209), (770, 1336), (852, 1477), (941, 1477))
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)


def non_speech(variants: int) -> Iterator[Case]:
    """Each kind of sound `variants` times, at three levels, no bot."""
    for name, make in KINDS.items():
        for number in range(variants):
            db = LEVELS_DB[number % len(LEVELS_DB)]
            sound = make(np.random.default_rng(number))
            yield Case(f"{name} {db:.0f} dBFS", _at_rms(sound, db), number)


def _time_s() -> Float:
    return np.arange(int(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE


def _cadence(on_s: float, off_s: float) -> Float:
    return (_time_s() % (on_s + off_s) < on_s).astype(np.float64)


def _tone(hz: float) -> Float:
    return np.sin(2 * np.pi * hz * _time_s())


def _white(rng: np.random.Generator) -> Float:
    return rng.standard_normal(len(_time_s()))


def _pink(rng: np.random.Generator) -> Float:
    return pink_noise(len(_time_s()), int(rng.integers(1 << 30)))


def _hum(rng: np.random.Generator) -> Float:
    hz = rng.choice([50.0, 100.0])
    return np.sum([_tone(hz * k) / k for k in (1, 3, 5, 7)], axis=0)


def _clicks(rng: np.random.Generator) -> Float:
    out = np.zeros(len(_time_s()))
    for at in rng.integers(0, len(out) - 100, int(3 * SECONDS)):
        out[at : at + 40] += rng.standard_normal(40) * np.exp(-np.arange(40) / 8)
    return out


def _dtmf(rng: np.random.Generator) -> Float:
    keys = np.array(_DTMF_HZ)[rng.integers(0, 4, int(SECONDS * 2))]
    low, high = keys[np.minimum((_time_s() * 2).astype(int), len(keys) - 1)].T
    t = _time_s()
    return (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)) * _cadence(0.2, 0.3)


def _ringback(rng: np.random.Generator) -> Float:
    return _tone(450.0) * _cadence(1.0, 4.0)


def _busy(rng: np.random.Generator) -> Float:
    return _tone(450.0) * _cadence(0.35, 0.35)


def _fax(rng: np.random.Generator) -> Float:
    return _tone(1100.0) * _cadence(0.5, 3.0)


def _music(rng: np.random.Generator) -> Float:
    """Music on hold: plucked or blown notes of a pentatonic tune over chords."""
    out = np.zeros(len(_time_s()))
    blown = bool(rng.integers(2))
    beat_s = float(rng.uniform(0.25, 0.5))
    key_hz = float(rng.uniform(180, 320))
    for beat in range(int(SECONDS / beat_s) - 3):
        start = int(beat * beat_s * SAMPLE_RATE)
        notes = [key_hz * 2 ** (rng.choice(_SCALE) / 12)]
        if beat % 4 == 0:
            root = key_hz / 2 * 2 ** (rng.choice([0, 5, 7, 9]) / 12)
            notes += [root, root * 2 ** (4 / 12), root * 2 ** (7 / 12)]
        for hz in notes:
            note = _note(hz, beat_s * (1.0 if blown else 3.0), blown)
            out[start : start + len(note)] += note[: len(out) - start]
    return out


def _note(hz: float, seconds: float, blown: bool) -> Float:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wobble = 0.004 * np.sin(2 * np.pi * 5.5 * t) if blown else 0.0
    partials = [np.sin(2 * np.pi * hz * k * (t + wobble / k)) / k**1.3 for k in range(1, 8)]
    envelope = (
        np.minimum(1, t / 0.05) * np.minimum(1, (seconds - t) / 0.05)
        if blown
        else (np.exp(-t * 4) * np.minimum(1, t / 0.003))
    )
    return np.sum(partials, axis=0) * envelope


def _at_rms(sound: Float, db: float) -> Float:
    loud = np.sqrt(np.mean(np.square(sound[np.abs(sound) > 1e-3 * np.abs(sound).max()])))
    return np.clip(sound / loud * 10 ** (db / 20), -1.0, 1.0)


KINDS: dict[str, Callable[[np.random.Generator], Float]] = {
    "white noise": _white,
    "pink noise": _pink,
    "hum": _hum,
    "clicks": _clicks,
    "DTMF": _dtmf,
    "ringback": _ringback,
    "busy tone": _busy,
    "fax tone": _fax,
    "music on hold": _music,
}
