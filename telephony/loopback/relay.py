"""A bad network between two RTP ports: loss, jitter, reordering and duplication, from a seed.

`Schedule` decides (sans-I/O), `Relay` carries UDP both ways and rewrites nothing. For tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

from telephony.quality import InterarrivalJitter

Address = tuple[str, int]
REORDER_DELAY_MS = 30.0
"""A reordered packet is held this much longer: the next one, 20 ms behind it, overtakes it."""


@dataclass(frozen=True)
class Impairment:
    """What happens to packets, each by chance and independently.

    `loss`, `reorder` and `duplicate` are shares (0 to 1). Every packet is delayed by up to
    `jitter_ms`, evenly spread; packets stay in order unless reordered.
    """

    loss: float = 0.0
    jitter_ms: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    seed: int = 1


@dataclass
class Done:
    """What was done to one direction's packets."""

    arrived: int = 0
    dropped: int = 0
    reordered: int = 0
    duplicated: int = 0
    jitter: InterarrivalJitter = field(default_factory=InterarrivalJitter)

    @property
    def loss_percent(self) -> float:
        return 100.0 * self.dropped / max(1, self.arrived)


class Schedule:
    """When each packet of one direction goes on, if it does. Times are seconds of any clock."""

    def __init__(self, impairment: Impairment) -> None:
        self._impairment = impairment
        self._random = random.Random(impairment.seed)
        self._waiting: list[tuple[float, int, bytes]] = []
        self._last_s = 0.0
        self._count = 0
        self.done = Done()

    def arrive(self, packet: bytes, now_s: float) -> None:
        """A packet came in."""
        impairment, chance = self._impairment, self._random.random
        # The same numbers are drawn for every packet: one knob does not move another's chances.
        lost, delay, reordered, doubled = chance(), chance(), chance(), chance()
        self.done.arrived += 1
        if lost < impairment.loss:
            self.done.dropped += 1
            return
        leave_s = max(now_s + delay * impairment.jitter_ms / 1000, self._last_s)
        if reordered < impairment.reorder:
            self.done.reordered += 1
            leave_s += REORDER_DELAY_MS / 1000
        else:
            self._last_s = leave_s
        self._put(leave_s, packet)
        if doubled < impairment.duplicate:
            self.done.duplicated += 1
            self._put(leave_s, packet)

    def _put(self, leave_s: float, packet: bytes) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (leave_s, self._count, packet))

    @property
    def next_s(self) -> float | None:
        """When the next packet is due; None if none waits."""
        return self._waiting[0][0] if self._waiting else None

    def due(self, now_s: float) -> list[bytes]:
        """The packets that leave now, in their order."""
        out = []
        while self._waiting and self._waiting[0][0] <= now_s:
            packet = heapq.heappop(self._waiting)[2]
            self.done.jitter.packet(_timestamp(packet), now_s)
            out.append(packet)
        return out


def _timestamp(packet: bytes) -> int:
    return int(struct.unpack_from(">I", packet, 4)[0]) if len(packet) >= 8 else 0


class Relay(asyncio.DatagramProtocol):
    """One UDP port between `near` (whose packets go to `far`) and everybody else.

    Both addresses may be set later; what comes before is dropped.
    """

    def __init__(self, impairment: Impairment) -> None:
        self.near: Address | None = None
        self.far: Address | None = None
        self.port = 0
        self.to_far = Schedule(impairment)
        self.to_near = Schedule(impairment)
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        way = self.to_far if addr == self.near else self.to_near
        way.arrive(data, self._loop.time())
        self._move()

    def close(self) -> None:
        """Drop what waits and close the port."""
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def _move(self) -> None:
        for way, to in ((self.to_far, self.far), (self.to_near, self.near)):
            for packet in way.due(self._loop.time()):
                if to is not None:
                    self._transport.sendto(packet, to)
        if self._timer is not None:
            self._timer.cancel()
        due = [way.next_s for way in (self.to_far, self.to_near) if way.next_s is not None]
        self._timer = self._loop.call_at(min(due), self._move) if due else None


@contextlib.asynccontextmanager
async def relay(impairment: Impairment) -> AsyncIterator[Relay]:
    """A relay on a free port of this machine; the caller sets `near` and `far`."""
    _, between = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Relay(impairment), local_addr=("127.0.0.1", 0)
    )
    try:
        yield between
    finally:
        between.close()
