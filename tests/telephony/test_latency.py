"""How fast sound leaves, stops and arrives, on the wire itself: RTP packets with their times."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
from line_support import voice
from raw_phone import RtpPort, raw_phone, rtp_port

from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.wav import to_alaw

LOUD = to_alaw(np.frombuffer(voice(0.02), "<i2"))
QUIET = to_alaw(np.zeros(160, np.int16))


@contextlib.asynccontextmanager
async def answered(
    endpoint: BaresipEndpoint, sip_port: int
) -> AsyncIterator[tuple[Call, RtpPort, tuple[str, int]]]:
    """A call, our end of its RTP, and where to send ours."""
    async with rtp_port() as rtp, raw_phone(sip_port) as phone:
        phone.rtp_port = rtp.port
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answering = asyncio.create_task(call.answer())
        target = phone.rtp_target(await phone.connect())
        await answering
        try:
            yield call, rtp, target
        finally:
            await call.hangup()


async def wait_s(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def leave_times_ms(call: Call, rtp: RtpPort, count: int) -> list[float]:
    """From `play` after silence to the packet with its first sample, at changing phases."""
    loop = asyncio.get_running_loop()
    times = []
    for number in range(count):
        await wait_s(0.15 + number * 0.0037)
        rtp.packets.clear()
        start = loop.time()
        call.play(voice(0.06))
        await wait_s(0.12)
        times.append((rtp.loud()[0] - start) * 1000)
    return times


async def stop_times_ms(call: Call, rtp: RtpPort, count: int) -> list[float]:
    """From `flush` while speaking to the last packet that sounds."""
    loop = asyncio.get_running_loop()
    times = []
    for number in range(count):
        call.play(voice(2.0))
        await wait_s(0.2 + number * 0.0037)
        start = loop.time()
        call.flush()
        await wait_s(0.15)
        times.append((max([start, *rtp.loud()]) - start) * 1000)
    return times


async def arrival_times_ms(
    call: Call, rtp: RtpPort, target: tuple[str, int], count: int
) -> list[float]:
    """From sending the first loud packet to the frame with its sound."""
    loop = asyncio.get_running_loop()
    sent_s: list[float] = []
    heard_s: list[float] = []

    async def listen() -> None:
        async for frame in call.frames():
            loud = float(np.abs(np.frombuffer(frame, "<i2")).max()) > 300
            if loud and (not heard_s or loop.time() - heard_s[-1] > 0.15):
                heard_s.append(loop.time())

    listening = asyncio.create_task(listen())
    next_s = loop.time()
    for number in range(count * 15 + 10):
        loud = number % 15 in (10, 11)
        if number % 15 == 10:
            sent_s.append(loop.time())
        rtp.send(LOUD if loud else QUIET, target)
        next_s += 0.02
        await wait_s(max(0.0, next_s - loop.time()))
    listening.cancel()
    assert len(heard_s) == len(sent_s) == count
    return [(heard - sent) * 1000 for heard, sent in zip(heard_s, sent_s, strict=True)]


async def test_sound_leaves_stops_and_arrives_quickly(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with answered(endpoint, sip_port) as (call, rtp, target):
        # A frame leaves every 20 ms, so at best at once and 10 ms on average; the medians
        # allow for a test machine with ten busy processes, not for a queue in the way.
        leaves = await leave_times_ms(call, rtp, 9)
        assert (min(leaves) <= 25, np.median(leaves) <= 60) == (True, True), leaves
        stops = await stop_times_ms(call, rtp, 7)
        assert (min(stops) <= 25, np.median(stops) <= 60) == (True, True), stops
        arrives = await arrival_times_ms(call, rtp, target, 7)
        assert (min(arrives) <= 20 + 25, np.median(arrives) <= 20 + 60) == (True, True), arrives
