"""Virtual time: waits are skipped, work is not, and a hang is an error."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.virtual_time import VirtualDeadlockError, VirtualTimeLoop, run_virtual


def test_an_hour_of_waiting_takes_no_time_and_ends_exactly_then() -> None:
    async def wait() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(asyncio.sleep(3600) for _ in range(3)))
        return loop.time(), time.monotonic()

    began = time.monotonic()
    virtual, ended = run_virtual(wait)
    assert virtual == pytest.approx(3600.0, abs=1e-6)
    assert ended - began < 30


def test_timers_fire_in_order_at_their_own_times() -> None:
    async def tick() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        log: list[tuple[str, float]] = []

        async def after(name: str, delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            log.append((name, round(loop.time(), 6)))

        await asyncio.gather(after("c", 8.0), after("a", 0.02), after("b", 1.5))
        return log

    assert run_virtual(tick) == [("a", 0.02), ("b", 1.5), ("c", 8.0)]


def test_a_timeout_fires_in_virtual_time() -> None:
    async def never() -> None:
        async with asyncio.timeout(90):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(never)


def test_compute_counts_while_waits_do_not() -> None:
    scheduler = InferenceScheduler()
    release = threading.Event()

    async def call() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(100)
        began = loop.time()
        ticker = asyncio.create_task(asyncio.sleep(0.2))
        job = asyncio.create_task(scheduler.run(Priority.FINAL_ASR, release.wait, 30))
        await ticker  # real: a job is in flight
        waited = loop.time() - began
        release.set()
        await job
        await asyncio.sleep(100)
        return waited, loop.time() - began

    began_real = time.monotonic()
    try:
        waited, total = run_virtual(call, busy=lambda: scheduler.in_flight > 0)
    finally:
        scheduler.close()
    real = time.monotonic() - began_real
    assert waited >= 0.2
    assert total >= 100.2
    assert 0.2 <= real < 30


def test_a_result_is_never_overtaken_by_a_jump() -> None:
    scheduler = InferenceScheduler()

    async def race() -> int:
        lost = 0
        for n in range(200):
            try:
                async with asyncio.timeout(3600):
                    assert await scheduler.run(Priority.PARTIAL, int, n) == n
            except TimeoutError:
                lost += 1
        return lost

    try:
        assert run_virtual(race, busy=lambda: scheduler.in_flight > 0) == 0
    finally:
        scheduler.close()


def test_to_thread_is_waited_for_without_being_announced() -> None:
    gate = threading.Event()

    async def work() -> str:
        loop = asyncio.get_running_loop()
        loop.call_soon(gate.set)
        async with asyncio.timeout(3600):
            await asyncio.to_thread(gate.wait)
        return "done"

    assert run_virtual(work) == "done"


def test_another_threads_wakeup_is_heard() -> None:
    async def wait_for_thread() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        thread = threading.Thread(
            target=loop.call_soon_threadsafe, args=(answer.set_result, "awake")
        )
        thread.start()
        result = await answer
        thread.join()
        return result

    assert run_virtual(wait_for_thread, grace_s=30) == "awake"


def test_waiting_for_nothing_is_an_error_not_a_hang() -> None:
    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(VirtualDeadlockError, match="nobody will send"):
        run_virtual(hang, grace_s=0.01)


def test_the_impure_clock_adds_what_was_skipped_to_real_time() -> None:
    loop = VirtualTimeLoop(lambda: False)
    try:
        loop.run_until_complete(asyncio.sleep(1000))
        assert loop.skipped_s == pytest.approx(1000.0, abs=1.0)
        assert loop.time() - time.monotonic() == pytest.approx(loop.skipped_s, abs=1.0)
    finally:
        loop.close()
