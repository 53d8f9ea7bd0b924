"""Our line under test, and what is asked of its calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from line_support import RecordingTap, Samples, calm, loud_ms, samples

from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port

RTP_PORTS = "22500-22598"
TAIL_BYTES = 6400  # 400 ms


@dataclass
class Line:
    """A started endpoint."""

    endpoint: BaresipEndpoint
    config: LineConfig
    port: int

    @property
    def uri(self) -> str:
        return f"sip:400@127.0.0.1:{self.port}"

    async def ringing(self, timeout_s: float = 10.0) -> Call:
        """The next call that rings."""
        async with asyncio.timeout(timeout_s):
            return await anext(self.endpoint.incoming())

    async def answered(self) -> Call:
        call = await self.ringing()
        await call.answer()
        return call


@contextlib.asynccontextmanager
async def our_line(**facts: Any) -> AsyncIterator[Line]:
    port = free_port()
    config = LineConfig(
        **{
            "listen": f"127.0.0.1:{port}",
            "rtp_ports": RTP_PORTS,
            "jitter_buffer_ms": 20,
            **facts,
        }
    )
    endpoint = BaresipEndpoint(config, calm())
    await endpoint.start()
    try:
        yield Line(endpoint, config, port)
    finally:
        await endpoint.stop()


class Ear(RecordingTap):
    """What we hear of a call from now on."""

    def all(self) -> Samples:
        return samples(bytes(self.heard))


async def hears(ear: Ear, seconds: float, timeout_s: float = 20.0) -> None:
    """Wait until that much was heard from now on."""
    size = len(ear.heard) + round(seconds * 16_000)
    await until(lambda: len(ear.heard) >= size, f"{seconds:g} s more are heard", timeout_s)


async def hears_sound(ear: Ear, ms: int, since: int = 0) -> None:
    """Wait until so much that sounds was heard after byte `since`."""
    what = f"{ms} ms of sound are heard"
    await until(lambda: len(loud_ms(bytes(ear.heard[since:]))) * 10 >= ms, what, 10)


def heard_by_us(call: Call) -> Ear:
    ear = Ear()
    call.attach(ear)
    return ear


async def say(call: Call, pcm: bytes, timeout_s: float = 20.0) -> None:
    """Play it and wait until all of it has left and has had time to arrive."""
    call.play(pcm + bytes(TAIL_BYTES))
    await until(lambda: not call.queued_ms, "all has been said", timeout_s)
    assert call.ended is None, call.ended


async def until(done: Any, what: str, timeout_s: float = 20.0) -> None:
    """Wait until `done()` is true."""
    try:
        async with asyncio.timeout(timeout_s):
            while not done():  # noqa: ASYNC110 (some of it happens in the stack's C)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"still not so after {timeout_s:g} s: {what}") from None
