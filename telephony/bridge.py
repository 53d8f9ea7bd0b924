"""Two calls joined in the middle: each hears the other until one of them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from telephony.api import FRAME_BYTES, FRAME_MS, Call, Hangup

Leg = Literal["a", "b"]
CUSHION_MS = 60
LAG_MAX_MS = 160


@dataclass(frozen=True)
class BridgeEnd:
    """Which leg ended the bridge, and how. The other leg is still up: its fate is the caller's."""

    leg: Leg
    hangup: Hangup


class Cushion:
    """What to queue for each frame that crosses the bridge. Sans-I/O.

    The two legs have their own network jitter: with nothing in hand every late frame is a gap.
    So the far side starts `target_ms` behind, is filled up to it after it ran dry, and skips
    frames once it lags more than `max_ms` (bursts, clocks that drift apart).
    """

    def __init__(self, target_ms: int = CUSHION_MS, max_ms: int = LAG_MAX_MS) -> None:
        self._target = target_ms
        self._max = max_ms
        self.refills = 0
        self.skipped = 0

    def pass_on(self, frame: bytes, queued_ms: int) -> bytes:
        """PCM to queue now, given what the far side still has queued; may be empty."""
        if queued_ms >= self._max:
            self.skipped += 1
            return b""
        if queued_ms <= 0:
            self.refills += 1
            return bytes(self._target // FRAME_MS * FRAME_BYTES) + frame
        return frame


async def bridge(a: Call, b: Call, tap: Callable[[str, bytes], None] | None = None) -> BridgeEnd:
    """Join two answered calls; returns as soon as either has ended, and says which.

    Takes over `frames()` of both; what was queued on them is flushed. `tap` gets every frame
    heard, as ("a" or "b", frame): for partial recognition or monitoring. Cancelling it leaves
    both calls up.
    """
    a.flush()
    b.flush()
    ends = {
        asyncio.create_task(a.wait_ended()): "a",
        asyncio.create_task(b.wait_ended()): "b",
    }
    pipes = [
        asyncio.create_task(_pipe(a, b, "a", tap)),
        asyncio.create_task(_pipe(b, a, "b", tap)),
    ]
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
        a.flush()
        b.flush()


def _end_of(a: Call, b: Call) -> BridgeEnd:
    if a.ended is not None:
        return BridgeEnd("a", a.ended)
    if b.ended is not None:
        return BridgeEnd("b", b.ended)
    raise RuntimeError("bridge: neither leg has ended")


async def _pipe(
    source: Call, target: Call, leg: str, tap: Callable[[str, bytes], None] | None
) -> None:
    cushion = Cushion()
    async for frame in source.frames():
        if tap is not None:
            tap(leg, frame)
        if pcm := cushion.pass_on(frame, target.queued_ms):
            target.play(pcm)
