"""What many pages show at the same time, made once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """One reading at a time, for all that ask meanwhile.

    Who asks gets what was read from then on, never what was begun before. Lives on one event loop.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._lock = asyncio.Lock()
        self._begun = 0
        self._last: tuple[int, T] | None = None  # the latest reading that came to its end

    async def __call__(self) -> T:
        """Raises what the reading raises; others then read for themselves."""
        asked = self._begun
        async with self._lock:
            if self._last is None or self._last[0] <= asked:
                self._begun += 1
                self._last = self._begun, await self._read()
            return self._last[1]


class Version(Generic[T]):
    """Makes something anew when `version` has changed or it is older than `most_s`, not before."""

    def __init__(
        self,
        make: Callable[[], T],
        version: Callable[[], int],
        clock_s: Callable[[], float],
        most_s: float,
    ) -> None:
        self._make, self._version = make, version
        self._clock_s, self._most_s = clock_s, most_s
        self._made: tuple[int, float, T] | None = None

    def __call__(self) -> T:
        """As it is now."""
        version, now_s = self._version(), self._clock_s()
        made = self._made
        if made is None or made[0] != version or now_s - made[1] >= self._most_s:
            made = self._made = (version, now_s, self._make())
        return made[2]
