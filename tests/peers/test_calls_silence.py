"""A far end with silence suppression: comfort noise (RFC 3389) and no packets at all."""

from __future__ import annotations

import asyncio
import itertools
import struct

import numpy as np
import pytest
from calls_support import heard_by_us, our_line, until
from line_support import clarity_db, loud_ms, samples, voice
from raw_phone import RtpPort, raw_phone, rtp_port

from telephony.wav import to_alaw

pytestmark = pytest.mark.peer
FRAME = 160
COMFORT_NOISE = 13


class Talker:
    """Says A-law in step with the clock; timestamps go on while it is silent."""

    def __init__(self, rtp: RtpPort, to: tuple[str, int]) -> None:
        self._rtp = rtp
        self._to = to
        self._sequence = 0
        self._frames = 0
        self._start_s = asyncio.get_running_loop().time()

    async def say(self, pcm: bytes) -> None:
        codes = to_alaw(np.frombuffer(pcm, "<i2").copy())
        for at in range(0, len(codes), FRAME):
            self._send(8, codes[at : at + FRAME], marker=at == 0)
            await self._next()

    async def keep_silent(self, frames: int) -> None:
        """One comfort noise packet at -50 dBov, then nothing."""
        self._send(COMFORT_NOISE, bytes([50]) + bytes(10))
        for _ in range(frames):
            await self._next()

    def _send(self, payload: int, data: bytes, marker: bool = False) -> None:
        head = struct.pack(
            *(">BBHII", 0x80, payload | marker << 7, self._sequence, self._frames * FRAME, 5)
        )
        self._sequence += 1
        self._rtp._transport.sendto(head + data, self._to)  # type: ignore[attr-defined]

    async def _next(self) -> None:
        self._frames += 1
        due_s = self._start_s + self._frames * 0.02
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))


async def test_silence_suppression_is_silence_and_the_clock_goes_on() -> None:
    first, second = voice(0.8, seed=1), voice(0.8, seed=2)
    async with our_line() as line, raw_phone(line.port) as phone, rtp_port() as rtp:
        phone.rtp_port = rtp.port
        phone.invite()
        call = await line.ringing()
        answered, _ = await asyncio.gather(phone.connect(), call.answer())
        ear = heard_by_us(call)
        talker = Talker(rtp, phone.rtp_target(answered))
        began_s = asyncio.get_running_loop().time()
        await talker.say(first)
        await talker.keep_silent(50)
        await talker.say(second)
        await until(lambda: len(ear.heard) >= 2.7 * 16_000, "all is heard")
        lasted_s = asyncio.get_running_loop().time() - began_s
        await call.hangup()
    heard = ear.all()
    loud = loud_ms(heard)
    pause = [b - a for a, b in itertools.pairwise(loud) if b - a > 100]
    print(f"the silence lasts {pause} ms")
    assert len(pause) == 1
    assert 900 <= pause[0] <= 1150
    assert clarity_db(first, heard) >= 35
    assert clarity_db(second, heard) >= 35
    quiet = (int(loud[loud < 1000].max()) + 60) * 8
    assert np.abs(heard[quiet : quiet + 5600]).max() <= 8  # no burst of noise, none of ours
    assert abs(len(samples(bytes(ear.heard))) / 8000 - lasted_s) < 0.25
