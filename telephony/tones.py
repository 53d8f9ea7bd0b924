"""Call progress tones of the Chinese network (GF 002-9002): 450 Hz for all of them; and music."""

from __future__ import annotations

import asyncio
import functools

import numpy as np
from numpy.typing import NDArray

from telephony.api import SAMPLE_RATE, Call

_HZ = 450
_ON_MS = 1000
_OFF_MS = 4000
_PEAK = 3277  # about -20 dBFS: clearly a tone, not louder than speech
_RAMP_MS = 5

# Music on hold, ours: a pentatonic tune in MIDI notes, one a beat (0 is a rest), over slow fifths.
_BEAT_MS = 400
_MELODY = (
    *(76, 79, 81, 0, 79, 76, 74, 0, 72, 74, 76, 79, 74, 0, 0, 0),
    *(76, 79, 84, 0, 81, 79, 76, 0, 74, 76, 74, 72, 69, 0, 72, 0),
)
_FIFTHS = ((60, 67), (57, 64), (65, 72), (62, 69))
_FIFTH_BEATS = 8
_MUSIC_RMS = 1300  # about -28 dBFS: behind a conversation in the room, above line noise
_AHEAD_S = 1.0


def tone(duration_ms: int, hz: int = _HZ) -> bytes:
    """A sine of `duration_ms`, s16le 8 kHz, with short ramps against clicks."""
    count = duration_ms * SAMPLE_RATE // 1000
    ramp = min(_RAMP_MS * SAMPLE_RATE // 1000, count // 2)
    wave = _PEAK * np.sin(2 * np.pi * hz * np.arange(count) / SAMPLE_RATE)
    if ramp:
        wave[:ramp] *= np.linspace(0, 1, ramp)
        wave[-ramp:] *= np.linspace(1, 0, ramp)
    return wave.astype("<i2").tobytes()


def ringback() -> bytes:
    """One period of ringback: 1 s of 450 Hz, 4 s of silence."""
    return tone(_ON_MS) + bytes(_OFF_MS * SAMPLE_RATE // 1000 * 2)


async def play_ringback(call: Call) -> None:
    """Let the caller hear it ring until this is cancelled; the tone stops at once then."""
    period = ringback()
    try:
        while call.ended is None:
            call.play(period)
            await asyncio.sleep((_ON_MS + _OFF_MS) / 1000)
    finally:
        call.flush()


@functools.cache
def music() -> bytes:
    """One period of music on hold, 12.8 s s16le 8 kHz; its end runs into its beginning."""
    beat = _BEAT_MS * SAMPLE_RATE // 1000
    tune = np.zeros(len(_MELODY) * beat)
    for number, note in enumerate(_MELODY):
        if note:
            _add(tune, number * beat, _struck(note, decay_s=0.45))
    for number, pair in enumerate(_FIFTHS):
        for note in pair:
            _add(tune, number * _FIFTH_BEATS * beat, 0.4 * _struck(note, decay_s=1.3))
    return (tune * (_MUSIC_RMS / np.std(tune))).astype("<i2").tobytes()


def _struck(note: int, decay_s: float) -> NDArray[np.float64]:
    """A bell-like sound of a MIDI note: a few partials that fade, the higher the sooner."""
    at_s = np.arange(int(5 * decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    hz = 440 * 2 ** ((note - 69) / 12)
    sound = np.zeros(len(at_s))
    for partial, weight in ((1, 1.0), (2, 0.35), (3, 0.12)):
        fading = np.exp(-at_s * partial / decay_s)
        sound += weight * fading * np.sin(2 * np.pi * hz * partial * at_s)
    return sound * np.minimum(1, at_s / 0.015)  # a soft attack


def _add(tune: NDArray[np.float64], at: int, sound: NDArray[np.float64]) -> None:
    """What rings on past the end rings into the beginning: the loop has no seam."""
    np.add.at(tune, (at + np.arange(len(sound))) % len(tune), sound)


async def play_music(call: Call) -> None:
    """Let who waits hear music until this is cancelled; it stops at once then.

    For a caller who waits for us, not for one whom `Call.hold` has put on hold: to such a one
    the stack sends nothing.
    """
    try:
        while call.ended is None:
            call.play(music())
            await asyncio.sleep(max(0.1, call.queued_ms / 1000 - _AHEAD_S))
    finally:
        call.flush()
