"""What many pages show is made once for all of them, and never older than who asks for it."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.console.live import LiveCalls
from voicebot.console.shared import Shared, Version
from voicebot.session import events as facts


class Slow:
    """A reading that ends when it is told to; its value is its number."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.failing = False

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.go.wait()
        if self.failing:
            raise ValueError("broken")
        return number


async def begin(shared: Shared[int], many: int) -> list[asyncio.Task[int]]:
    """Askers that have all asked by the time this returns."""
    tasks = [asyncio.create_task(shared()) for _ in range(many)]
    await asyncio.sleep(0)  # each runs up to where it waits
    return tasks


async def test_those_who_ask_during_a_reading_share_the_next() -> None:
    slow = Slow()
    shared = Shared(slow)
    first = await begin(shared, 1)
    later = await begin(shared, 20)
    slow.go.set()
    assert await asyncio.gather(*first, *later) == [1] + [2] * 20
    assert await shared() == 3, "nobody gets what was read before they asked"


async def test_one_who_leaves_or_fails_spoils_nothing_for_the_others() -> None:
    slow = Slow()
    shared = Shared(slow)
    leaving = await begin(shared, 1)
    others = await begin(shared, 2)
    leaving[0].cancel()
    slow.go.set()
    assert await asyncio.gather(*others) == [2, 2]
    slow.failing = True
    with pytest.raises(ValueError, match="broken"):
        await shared()
    slow.failing = False
    assert await shared() == 4


def test_a_part_is_made_anew_when_something_happened_or_some_time_has_passed() -> None:
    live, made = LiveCalls(), []
    now_s = 0.0
    shown = Version(
        lambda: made.append(1) or len(made), lambda: live.version, lambda: now_s, most_s=0.1
    )
    assert [shown(), shown()] == [1, 1]
    live("a", facts.CallAnswered(0, "13800138000", "400", "PCMA", "demo"))
    assert [shown(), shown()] == [2, 2]
    now_s = 0.1
    assert [shown(), shown()] == [3, 3]
