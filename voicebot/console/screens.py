"""Which seats have a page open, and which story each of them shows.

A seat's telephone is to ring once its screen tells the story. The page says so itself when it has
drawn it; a page that does not answer in time holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT_S = 1.0
_MOST_KEPT = 1000


class Screens:
    """Used from the bot's event loop."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._seen: OrderedDict[tuple[str, str], asyncio.Event] = OrderedDict()

    @contextmanager
    def opened(self, seat: str) -> Iterator[None]:
        """A page of this seat is followed while the block runs."""
        self._open[seat] += 1
        try:
            yield
        finally:
            self._open[seat] -= 1
            if not self._open[seat]:
                del self._open[seat]

    def seen(self, seat: str, call_id: str) -> None:
        """The page of a seat has drawn the story of a call."""
        self._event(seat, call_id).set()

    async def shown(self, seat: str, call_id: str, limit_s: float = LIMIT_S) -> bool:
        """Wait until the seat's screen tells the story; False at once if it has no page open, and
        after `limit_s`."""
        if not self._open[seat]:
            return False
        try:
            async with asyncio.timeout(limit_s):
                return await self._event(seat, call_id).wait()
        except TimeoutError:
            return False

    def _event(self, seat: str, call_id: str) -> asyncio.Event:
        key = (seat, call_id)
        event = self._seen.setdefault(key, asyncio.Event())
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_KEPT:
            self._seen.popitem(last=False)
        return event
