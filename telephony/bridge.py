"""Two calls joined in the middle: each hears the other until one of them ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from telephony.api import Call, Hangup
from telephony.cushion import Cushion

Leg = Literal["a", "b"]
Tap = Callable[[str, bytes], None]
_log = logging.getLogger("telephony")


@dataclass(frozen=True)
class BridgeEnd:
    """Which leg ended the bridge, and how. The other leg is still up: its fate is the caller's."""

    leg: Leg
    hangup: Hangup


@runtime_checkable
class Relaying(Protocol):
    """A call that hands audio on as it arrives, before it is paced into frames.

    Frames follow the clock of this machine: where the far end's clock or network differs, audio
    was cut or filled up already. The cushion can do that in the pauses.
    """

    def relay(self, sink: Callable[[bytes], None] | None) -> None:
        """Tell `sink` every 10 ms what has arrived, perhaps nothing; None ends it."""


async def bridge(a: Call, b: Call, tap: Tap | None = None) -> BridgeEnd:
    """Join two answered calls; returns as soon as either has ended, and says which.

    Takes over `frames()` of both; what was queued on them fades out. `tap` gets every frame
    heard, as ("a" or "b", frame): for partial recognition or monitoring. Cancelling it leaves
    both calls up.
    """
    a.fade_out()
    b.fade_out()
    ends = {
        asyncio.create_task(a.wait_ended()): "a",
        asyncio.create_task(b.wait_ended()): "b",
    }
    directions = [_Direction(a, b, "a", tap), _Direction(b, a, "b", tap)]
    pipes = [asyncio.create_task(direction.run()) for direction in directions]
    try:
        done, _ = await asyncio.wait([*ends, *pipes], return_when=asyncio.FIRST_COMPLETED)
        for pipe in done.intersection(pipes):
            pipe.result()  # a tap that raised is its owner's error, not a silent line
        if not done.intersection(ends):  # frames end a moment before the call says why
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return _end_of(a, b)
    finally:
        for task in [*ends, *pipes]:
            task.cancel()
        await asyncio.gather(*ends, *pipes, return_exceptions=True)
        for direction in directions:
            direction.stop()


def _end_of(a: Call, b: Call) -> BridgeEnd:
    if a.ended is not None:
        return BridgeEnd("a", a.ended)
    if b.ended is not None:
        return BridgeEnd("b", b.ended)
    raise RuntimeError("bridge: neither leg has ended")


class _Direction:
    """What one leg says, on its way to the other."""

    def __init__(self, source: Call, target: Call, leg: str, tap: Tap | None) -> None:
        self._source = source
        self._target = target
        self._leg = leg
        self._tap = tap
        self._cushion = Cushion()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Until the source ends, or this is cancelled."""
        frames = self._source.frames()
        relayed = isinstance(self._source, Relaying)
        if isinstance(self._source, Relaying):
            self._source.relay(self._pass_on)
        async for frame in frames:
            if self._tap is not None:
                self._tap(self._leg, frame)
            if not relayed:
                self._pass_on(frame)

    def stop(self) -> None:
        """Let go of both legs; the last sound dies away."""
        if isinstance(self._source, Relaying):
            self._source.relay(None)
        if end := self._cushion.finish():
            self._target.play(end)
        _log.debug("bridge: from leg %s: %s", self._leg, self._cushion.count)

    def _pass_on(self, pcm: bytes) -> None:
        now_ms = self._loop.time() * 1000
        if out := self._cushion.pass_on(pcm, self._target.queued_ms, now_ms):
            self._target.play(out)
