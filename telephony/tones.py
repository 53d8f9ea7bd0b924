"""Call progress tones of the Chinese network (GF 002-9002): 450 Hz for all of them."""

from __future__ import annotations

import asyncio

import numpy as np

from telephony.api import SAMPLE_RATE, Call

_HZ = 450
_ON_MS = 1000
_OFF_MS = 4000
_PEAK = 3277  # about -20 dBFS: clearly a tone, not louder than speech
_RAMP_MS = 5


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
    """Let the caller hear it ring until this is cancelled; the tone fades out then."""
    period = ringback()
    try:
        while call.ended is None:
            call.play(period)
            await asyncio.sleep((_ON_MS + _OFF_MS) / 1000)
    finally:
        call.fade_out()
