"""What a phone is told before the answer, by the real SIP stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port
from tests.telephony.raw_phone import raw_phone
from voicebot.session.ringing import ring

RINGS_MS = 800


@pytest.fixture
async def line() -> AsyncIterator[tuple[BaresipEndpoint, int]]:
    """A started line and its port."""
    port = free_port()
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="27000-27098", jitter_buffer_ms=20)
    )
    await endpoint.start()
    yield endpoint, port
    await endpoint.stop()


@pytest.mark.parametrize(("early_media", "status"), [(False, 180), (True, 183)])
async def test_a_phone_is_told_that_it_rings_and_then_answered(
    line: tuple[BaresipEndpoint, int], early_media: bool, status: int
) -> None:
    endpoint, port = line
    async with raw_phone(port) as phone:
        loop = asyncio.get_running_loop()
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        began_s = loop.time()
        ringing = asyncio.create_task(ring(call, RINGS_MS, early_media=early_media))
        told = await phone.until(status)
        assert ("m=audio" in told.body) is early_media
        assert not ringing.done()
        await ringing
        assert (loop.time() - began_s) * 1000 >= RINGS_MS - 20
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        await call.hangup()
        await phone.until_request("BYE")


async def test_a_phone_that_gives_up_is_not_waited_for(line: tuple[BaresipEndpoint, int]) -> None:
    endpoint, port = line
    async with raw_phone(port) as phone:
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        ringing = asyncio.create_task(ring(call, 20_000, early_media=True))
        await phone.until(183)
        phone.request("CANCEL")
        await asyncio.wait_for(ringing, 20)
        assert call.ended is not None
