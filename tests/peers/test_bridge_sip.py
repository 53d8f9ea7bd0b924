"""Two phones joined through the bot: what each hears of the other, and how late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from bridge_phones import Talker, bursts
from line_support import free_port
from raw_far_end import Leg, caller_leg, seat_leg

from telephony.baresip.line import BaresipEndpoint
from telephony.bridge import BridgeEnd, bridge
from telephony.config import LineConfig

pytestmark = pytest.mark.peer
ADDED_DELAY_MS = 80.0
SNR_DB = 30.0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def endpoint(port: int) -> AsyncIterator[BaresipEndpoint]:
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="43000-43198", jitter_buffer_ms=20)
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def legs(endpoint: BaresipEndpoint, port: int) -> AsyncIterator[tuple[Leg, Leg]]:
    async with caller_leg(endpoint, port) as caller, seat_leg(endpoint, port) as seat:
        yield caller, seat


async def test_each_hears_the_other_clearly_and_soon(legs: tuple[Leg, Leg]) -> None:
    caller, seat = legs
    joined = asyncio.create_task(bridge(caller.call, seat.call))
    from_caller, from_seat = Talker(caller), Talker(seat)
    await asyncio.gather(from_caller.talk(bursts(8, 1)), from_seat.talk(bursts(8, 2)))
    await asyncio.sleep(0.3)
    assert not joined.done()
    caller.phone.bye()
    end = await asyncio.wait_for(joined, 5)
    assert isinstance(end, BridgeEnd)
    assert end.leg == "a"
    for talker, hearer in ((from_caller, seat), (from_seat, caller)):
        snr_db, delays_ms = talker.heard_by(hearer)
        print(f"SNR {snr_db:.1f} dB, delays {np.round(delays_ms, 1)} ms")
        assert len(delays_ms) == 8
        assert snr_db >= SNR_DB
        assert float(np.median(delays_ms)) <= ADDED_DELAY_MS
    await seat.is_usable()
