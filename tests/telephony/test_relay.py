"""The bad network does what it says, from its seed."""

from __future__ import annotations

import asyncio
import struct
from itertools import pairwise

import pytest

from telephony.loopback.relay import Impairment, Schedule, relay


def packets(count: int) -> list[bytes]:
    return [struct.pack(">BBHII", 0x80, 8, n, n * 160, 1) + bytes(160) for n in range(count)]


def carried(impairment: Impairment, count: int = 2000) -> tuple[Schedule, list[tuple[float, int]]]:
    """The schedule, and when (s) which packet left; one arrives every 20 ms."""
    schedule, out = Schedule(impairment), []
    arrivals = [(number * 0.02, packet) for number, packet in enumerate(packets(count))]
    for ms in range(count * 20 + 200):
        while arrivals and arrivals[0][0] <= ms / 1000:
            schedule.arrive(arrivals.pop(0)[1], ms / 1000)
        for packet in schedule.due(ms / 1000):
            out.append((ms / 1000, int(struct.unpack_from(">H", packet, 2)[0])))
    assert schedule.next_s is None
    return schedule, out


def test_an_ideal_network_changes_nothing() -> None:
    schedule, out = carried(Impairment(), 100)
    assert [number for _, number in out] == list(range(100))
    assert schedule.done.jitter.mean_ms < 1.1  # of the test's clock of 1 ms
    assert schedule.done.loss_percent == 0


@pytest.mark.parametrize("loss", [0.01, 0.03, 0.05])
def test_loss_is_the_share_that_was_asked_for(loss: float) -> None:
    schedule, out = carried(Impairment(loss=loss, seed=3))
    assert schedule.done.loss_percent == pytest.approx(100 * loss, abs=1.2)
    assert len(out) == 2000 - schedule.done.dropped


def test_jitter_delays_by_up_to_its_bound_and_keeps_the_order() -> None:
    schedule, out = carried(Impairment(jitter_ms=60))
    assert [number for _, number in out] == list(range(2000))
    delays_ms = [(left_s - number * 0.02) * 1000 for left_s, number in out]
    assert -0.01 < min(delays_ms) < 10
    assert 50 < max(delays_ms) < 62
    assert 12 < schedule.done.jitter.mean_ms < 25


def test_reordered_packets_are_overtaken_and_duplicates_come_twice() -> None:
    schedule, out = carried(Impairment(reorder=0.1, duplicate=0.1))
    numbers = [number for _, number in out]
    assert len(numbers) == 2000 + schedule.done.duplicated
    assert 120 < schedule.done.duplicated < 280
    overtaken = sum(1 for a, b in pairwise(numbers) if b < a)
    assert 100 < overtaken <= schedule.done.reordered


def test_the_same_seed_does_the_same() -> None:
    impairment = Impairment(loss=0.1, jitter_ms=60, reorder=0.1, duplicate=0.1, seed=9)
    assert carried(impairment, 300)[1] == carried(impairment, 300)[1]


async def test_udp_goes_both_ways_unchanged() -> None:
    class Port(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.got: asyncio.Queue[bytes] = asyncio.Queue()

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.got.put_nowait(data)

    loop = asyncio.get_running_loop()
    ends = [
        await loop.create_datagram_endpoint(Port, local_addr=("127.0.0.1", 0)) for _ in range(2)
    ]
    (near, near_end), (far, far_end) = ends
    async with relay(Impairment(jitter_ms=5)) as between:
        between.near = near.get_extra_info("sockname")
        between.far = far.get_extra_info("sockname")
        near.sendto(b"forth" * 9, ("127.0.0.1", between.port))
        assert await asyncio.wait_for(far_end.got.get(), 20) == b"forth" * 9
        far.sendto(b"back", ("127.0.0.1", between.port))
        assert await asyncio.wait_for(near_end.got.get(), 20) == b"back"
    near.close()
    far.close()
