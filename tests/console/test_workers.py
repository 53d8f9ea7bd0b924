"""The console reads on threads of its own: a bound on them, and on what waits for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest

from tests.console.conftest import Browser
from voicebot.console import house as house_module
from voicebot.console.house import SETTLE_TRIES, House
from voicebot.console.workers import MOST_CHECKS, PAGE_THREADS, Workers, for_checks, for_pages
from voicebot.errors import BusyError, PackError, RecordsError

DEADLINE_S = 60.0


class Gate:
    """Work that lasts until the gate is opened; counts how many threads are in it at once."""

    def __init__(self) -> None:
        self._open, self._lock = threading.Event(), threading.Lock()
        self.inside, self.most, self.names = 0, 0, set[str]()

    def work(self) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.names.add(threading.current_thread().name)
        assert self._open.wait(DEADLINE_S)
        with self._lock:
            self.inside -= 1
        return "done"

    def open(self) -> None:
        self._open.set()

    async def entered(self, many: int) -> None:
        deadline_s = time.monotonic() + DEADLINE_S
        while self.inside < many:
            assert time.monotonic() < deadline_s, f"{self.inside} of {many} have begun"
            await asyncio.sleep(0.005)


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    made = Gate()
    yield made
    made.open()


async def test_pages_that_all_wait_leave_the_bots_threads_free(gate: Gate) -> None:
    workers = for_pages()
    asking = [asyncio.create_task(workers(gate.work)) for _ in range(50)]
    await gate.entered(PAGE_THREADS)
    async with asyncio.timeout(DEADLINE_S):
        assert await asyncio.to_thread(lambda: "free") == "free"
    gate.open()
    assert set(await asyncio.gather(*asking)) == {"done"}
    assert gate.most == PAGE_THREADS
    assert all(name.startswith("console") for name in gate.names)
    await workers.close()


async def test_checks_come_one_at_a_time_and_too_many_are_refused(gate: Gate) -> None:
    checks = for_checks()
    asking = [asyncio.create_task(checks(gate.work)) for _ in range(MOST_CHECKS)]
    await gate.entered(1)
    with pytest.raises(PackError, match="请过一会儿再提交"):
        await checks(gate.work)
    asking[-1].cancel()  # its browser has gone, and it had not begun
    with pytest.raises(asyncio.CancelledError):
        await asking.pop()
    asking.append(asyncio.create_task(checks(gate.work)))
    gate.open()
    assert await asyncio.gather(*asking) == ["done"] * MOST_CHECKS
    assert gate.most == 1
    await checks.close()


async def test_who_left_still_counts_while_their_work_goes_on(gate: Gate) -> None:
    workers = Workers("w", 1, 1, lambda: RecordsError("full"))
    gone = asyncio.create_task(workers(gate.work))
    await gate.entered(1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    with pytest.raises(RecordsError, match="full"):
        await workers(gate.work)
    gate.open()
    await workers.close()
    assert await workers(lambda: "again") == "again"
    await workers.close()


async def test_a_page_is_told_when_too_much_is_read(
    house: House, browser: Browser, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.workers, "_most", 1)
    busy = asyncio.create_task(house.ask(gate.work))
    await gate.entered(1)
    answer = await browser.get("/review")
    assert answer.status_code == 503 and "请稍后刷新" in answer.text
    # The database is there: nobody passes because they were signed in a moment ago.
    assert (await browser.get("/live")).status_code == 503
    gate.open()
    await busy
    assert (await browser.get("/live")).status_code == 200


async def test_all_pages_that_wait_for_an_end_ask_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ended = False

    def has_ended(call_id: str) -> bool:
        asked.append(call_id)
        return ended

    monkeypatch.setattr(house_module, "SETTLE_S", 0.0)
    monkeypatch.setattr(house.records, "has_ended", has_ended)
    pages = [asyncio.create_task(house.settled(call)) for call in "ab" for _ in range(10)]
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*pages)  # none of the two is ever kept: given up together
    assert sorted(asked) == ["a"] * SETTLE_TRIES + ["b"] * SETTLE_TRIES
    assert house.settling == {}

    asked.clear()
    first, second = [asyncio.create_task(house.settled("c")) for _ in range(2)]
    await asyncio.sleep(0)  # both have begun
    first.cancel()  # its browser has gone; the other page goes on
    ended = True
    async with asyncio.timeout(DEADLINE_S):
        await second
    assert first.cancelled() and set(asked) == {"c"} and house.settling == {}


async def test_a_full_queue_says_that_it_is_full(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = for_pages()
    monkeypatch.setattr(workers, "_most", 1)
    busy = asyncio.create_task(workers(gate.work))
    await gate.entered(1)
    with pytest.raises(BusyError, match="ask again later"):
        await workers(gate.work)
    gate.open()
    assert await busy == "done"
    await workers.close()
