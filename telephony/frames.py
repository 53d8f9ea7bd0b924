"""Streams from the line to one reader: received frames, and digits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

KEEP_FRAMES = 500
"""Frames kept for a reader that is slow or has not come yet: 10 s."""
KEEP_DIGITS = 64
"""Digits kept for a reader that has not come yet."""


class FrameStream:
    """Frames for one reader at a time; the oldest are dropped when it falls 10 s behind.

    The first reader gets what was received before it came; a later one starts live, and the
    earlier one's iterator ends.
    """

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=KEEP_FRAMES)
        self._wake = asyncio.Event()
        self._reader = 0
        self._closed = False

    def put(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._wake.set()

    def close(self) -> None:
        """No more frames will come; readers end after what is queued."""
        self._closed = True
        self._wake.set()

    def read(self) -> AsyncIterator[bytes]:
        """Take over the stream."""
        self._reader += 1
        if self._reader > 1:
            self._frames.clear()
        self._wake.set()  # lets the earlier reader see that its turn is over
        return self._iterate(self._reader)

    async def _iterate(self, reader: int) -> AsyncIterator[bytes]:
        while reader == self._reader:
            while self._frames and reader == self._reader:
                yield self._frames.popleft()
            if self._closed or reader != self._reader:
                return
            self._wake.clear()
            await self._wake.wait()


class DigitStream:
    """DTMF digits in order, for any number of readers.

    The first one also gets what was pressed before it came, the others what comes from then on.
    """

    def __init__(self) -> None:
        self._early: deque[str] = deque(maxlen=KEEP_DIGITS)
        self._readers: list[asyncio.Queue[str | None]] = []
        self._asked = False
        self._closed = False

    def put(self, digit: str) -> None:
        if not self._asked:
            self._early.append(digit)
        for reader in self._readers:
            reader.put_nowait(digit)

    def close(self) -> None:
        """No more will come; readers end after what they have left."""
        self._closed = True
        for reader in self._readers:
            reader.put_nowait(None)

    def read(self) -> AsyncIterator[str]:
        """From now on."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        if not self._asked:
            for digit in self._early:
                queue.put_nowait(digit)
        self._asked = True
        if self._closed:
            queue.put_nowait(None)
        else:
            self._readers.append(queue)
        return self._iterate(queue)

    async def _iterate(self, queue: asyncio.Queue[str | None]) -> AsyncIterator[str]:
        try:
            while (digit := await queue.get()) is not None:
                yield digit
        finally:
            if queue in self._readers:
                self._readers.remove(queue)
