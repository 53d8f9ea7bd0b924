"""Two phones joined through the bot: what each hears of the other, and how late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from bridge_phones import PAUSE_S, Talker, Watch, bursts, stream
from cushion_world import steps
from line_support import calm, find, samples
from numpy.typing import NDArray
from raw_far_end import Leg, caller_leg, seat_leg

from telephony.baresip.line import BaresipEndpoint
from telephony.bridge import BridgeEnd, bridge
from telephony.config import LineConfig
from tests.ports import free_port

pytestmark = pytest.mark.peer
ADDED_DELAY_MS = 80.0
SNR_DB = 30.0
CLICK = 800.0
"""Second difference. A tone of 215 Hz and 3000 has 85 of it, coded twice as G.711A up to 500;
a hard cut up to 3000."""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def buffer_ms() -> int:
    """The stack's own jitter buffer, a test's parameter."""
    return 20


@pytest.fixture
async def endpoint(port: int, buffer_ms: int) -> AsyncIterator[BaresipEndpoint]:
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="23000-23198", jitter_buffer_ms=buffer_ms),
        calm(),
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def legs(endpoint: BaresipEndpoint, port: int) -> AsyncIterator[tuple[Leg, Leg]]:
    async with caller_leg(endpoint, port) as caller, seat_leg(endpoint, port) as seat:
        yield caller, seat


def most_ms(watch: Watch) -> float:
    """The bridge's own delay, and what the cushion rightly holds where both ends are late."""
    print(f"the machine is {watch.late_ms:.1f} ms late")
    return ADDED_DELAY_MS + 2 * watch.late_ms


def tone(seconds: float) -> bytes:
    at = np.arange(int(seconds * 8000)) / 8000
    return (3000 * np.sin(2 * np.pi * 215 * at)).astype("<i2").tobytes()


@pytest.mark.parametrize("buffer_ms", [0])
async def test_each_hears_the_other_clearly_and_soon(legs: tuple[Leg, Leg], buffer_ms: int) -> None:
    """The bridge alone: what an operator has the stack hold comes on top."""
    caller, seat = legs
    joined = asyncio.create_task(bridge(caller.call, seat.call))
    from_caller, from_seat, watch = Talker(caller), Talker(seat), Watch()
    await asyncio.gather(from_caller.talk(bursts(16, 1)), from_seat.talk(bursts(16, 2)))
    await asyncio.sleep(0.3)
    watch.stop()
    assert not joined.done()
    caller.phone.bye()
    end = await asyncio.wait_for(joined, 20)
    assert isinstance(end, BridgeEnd)
    assert end.leg == "a"
    for talker, hearer in ((from_caller, seat), (from_seat, caller)):
        snr_db, delays_ms = talker.heard_by(hearer, watch)
        print(f"SNR {snr_db:.1f} dB, delays {np.round(delays_ms, 1)} ms")
        assert snr_db >= SNR_DB
        assert float(np.median(delays_ms)) <= most_ms(watch)
    await seat.is_usable()


@pytest.mark.parametrize(("buffer_ms", "jitter_ms"), [(0, 60.0), (60, 60.0), (40, 30.0)])
async def test_a_jittery_leg_is_still_clear(
    legs: tuple[Leg, Leg], buffer_ms: int, jitter_ms: float
) -> None:
    """The stack's own buffer drops what is later than it holds, so it holds as much or is off;
    then all of the jitter is the cushion's."""
    caller, seat = legs
    joined = asyncio.create_task(bridge(caller.call, seat.call))
    talker, watch = Talker(seat), Watch()
    await talker.talk(bursts(12, 3), jitter_ms=jitter_ms)
    await asyncio.sleep(0.4)
    watch.stop()
    caller.phone.bye()
    await asyncio.wait_for(joined, 20)
    snr_db, delays_ms = talker.heard_by(caller, watch)
    print(f"SNR {snr_db:.1f} dB, delays {np.round(delays_ms, 1)} ms")
    assert snr_db >= SNR_DB
    assert float(np.median(delays_ms)) <= most_ms(watch) + jitter_ms


async def test_no_click_at_the_joining_or_the_leaving(endpoint: BaresipEndpoint, port: int) -> None:
    """A tone is playing when the bridge begins, and the seat leaves in the middle of another.

    Again if the machine stood still in between: a starved sender cuts sound off hard.
    """
    for _ in range(4):
        watch = Watch()
        async with caller_leg(endpoint, port) as caller, seat_leg(endpoint, port) as seat:
            heard = await tones_joined_and_left(caller, seat)
        watch.stop()
        loud = np.abs(heard).reshape(-1, 160).max(axis=1) > 300
        assert np.sum(np.diff(loud.astype(int)) == -1) >= 2, "one tone ended, then the other"
        print(f"steps at most {steps(heard).max():.0f}, {watch.stalls} stalls")
        if steps(heard).max() <= CLICK or not watch.stalls:
            break
    assert steps(heard).max() <= CLICK


async def tones_joined_and_left(caller: Leg, seat: Leg) -> NDArray[np.float64]:
    """All that the caller's far end hears."""
    caller.call.play(tone(5.0))
    async with asyncio.timeout(20):
        while len(caller.rtp.loud()) < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    joined = asyncio.create_task(bridge(caller.call, seat.call))
    talking = asyncio.create_task(Talker(seat).talk([tone(5.0)]))
    await asyncio.sleep(1.3)
    seat.phone.bye()
    end = await asyncio.wait_for(joined, 20)
    talking.cancel()
    assert end.leg == "b"
    await asyncio.sleep(0.3)
    heard = stream(caller)[0]
    await caller.is_usable()
    return heard


async def test_the_last_word_is_heard_and_the_one_at_the_joining(legs: tuple[Leg, Leg]) -> None:
    caller, seat = legs
    talker = Talker(seat)
    first, last = bursts(2, 5)
    talking = asyncio.create_task(talker.talk([first, last]))
    await asyncio.sleep(PAUSE_S - 0.1)  # the seat speaks up as soon as it is joined
    joined = asyncio.create_task(bridge(caller.call, seat.call))
    await talking
    seat.phone.bye()
    await asyncio.wait_for(joined, 20)
    await asyncio.sleep(0.3)
    heard, _ = stream(caller)
    for word in (first, last):
        pieces = samples(word).reshape(4, -1)
        clear = [find(piece, heard)[1] for piece in pieces]
        print(np.round(clear, 1))
        assert min(clear) >= 20
        assert np.median(clear) >= SNR_DB
