"""The scheduler of a replay: what a job takes on the virtual clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.replay.costs import CostsError, load_costs
from voicebot.replay.modelled_time import FrozenEstimates, ModelledScheduler, owe, spend
from voicebot.turns.scheduler import DeadlinePassed, Priority
from voicebot.turns.virtual_time import run_virtual

COSTS = replace(load_costs(), stages={"a": 100.0, "b": 300.0})


def timeline(talk: Callable[[ModelledScheduler, list[str]], Awaitable[None]]) -> list[str]:
    """What happened, with the virtual ms at which it did."""
    scheduler = ModelledScheduler(COSTS)
    seen: list[str] = []

    async def run() -> None:
        await talk(scheduler, seen)

    try:
        run_virtual(run)
    finally:
        scheduler.end_call()
        scheduler.close()
    return seen


def now() -> str:
    return f"{asyncio.get_running_loop().time() * 1000:.0f}"


def test_a_job_takes_its_stages_cost_however_long_it_took() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        await scheduler.run(Priority.CHOICE, time.sleep, 0.02, stage="a")
        seen.append(now())
        await scheduler.run(Priority.CHOICE, lambda: None, stage="unknown")
        seen.append(now())

    assert timeline(talk) == ["100", "150"]


def test_two_workers_and_what_is_urgent_goes_first() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        async def job(name: str, priority: Priority) -> None:
            await scheduler.run(priority, lambda: None, stage="a")
            seen.append(f"{name} {now()}")

        order = [("x", Priority.PARTIAL), ("y", Priority.PARTIAL), ("z", Priority.PARTIAL)]
        jobs = [asyncio.create_task(job(*each)) for each in order]
        await asyncio.sleep(0)
        jobs.append(asyncio.create_task(job("first", Priority.FINAL_ASR)))
        await asyncio.gather(*jobs)

    assert timeline(talk) == ["x 100", "y 100", "first 200", "z 200"]


def test_background_work_leaves_a_worker_free() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        slow = [
            asyncio.create_task(scheduler.run(Priority.BACKGROUND, lambda: None, stage="b"))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        await scheduler.run(Priority.FINAL_ASR, lambda: None, stage="a")
        seen.append(now())
        await asyncio.gather(*slow)
        seen.append(now())

    assert timeline(talk) == ["100", "600"]


def test_a_job_that_finds_no_worker_in_time_is_not_run() -> None:
    ran: list[str] = []

    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        busy = [
            asyncio.create_task(scheduler.run(Priority.CHOICE, lambda: None, stage="b"))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(DeadlinePassed):
            await scheduler.run(Priority.PARTIAL, lambda: ran.append("ran"), deadline_ms=60)
        seen.append(now())
        await asyncio.gather(*busy)

    assert timeline(talk) == ["60"]
    assert not ran


def test_spending_inside_a_job_lets_others_go_on() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        loop = asyncio.get_running_loop()

        def makes() -> None:
            for piece in range(3):
                spend(100)
                loop.call_soon_threadsafe(lambda p=piece: seen.append(f"{p} {now()}"))

        job = asyncio.create_task(scheduler.run(Priority.FIRST_CLAUSE, makes, stage="voice"))
        await asyncio.sleep(0.15)
        seen.append(f"meanwhile {now()}")
        await job

    assert timeline(talk) == ["0 100", "meanwhile 150", "1 200", "2 300"]


def test_one_streams_readings_take_their_time_one_after_the_other() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        async def reading(lane: str) -> None:
            await scheduler.run(Priority.FINAL_ASR, lambda: owe(100, lane), stage="asr")
            seen.append(f"{lane} {now()}")

        await asyncio.gather(reading("one"), reading("one"))

    assert timeline(talk) == ["one 100", "one 200"]


def test_errors_reach_who_waits_and_a_call_may_end_with_work_under_way() -> None:
    async def talk(scheduler: ModelledScheduler, seen: list[str]) -> None:
        with pytest.raises(ZeroDivisionError):
            await scheduler.run(Priority.CHOICE, lambda: 1 // 0, stage="a")
        left = asyncio.create_task(
            scheduler.run(Priority.CHOICE, lambda: (spend(1e6), spend(1e6)), stage="a")
        )
        await asyncio.sleep(0)
        left.cancel()

    assert timeline(talk) == []


def test_estimates_are_the_tables_and_learn_nothing() -> None:
    estimates = FrozenEstimates(COSTS)
    before = estimates.p95_ms("asr")
    estimates.observe("asr", 9999.0)
    assert estimates.p95_ms("asr") == before == COSTS.final_ms + 2 * COSTS.final_ms_per_s


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("quick_ms = 1", "expected the keys"),
        ("= nonsense", "no table of costs"),
        (None, "no table of costs"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str | None, told: str) -> None:
    file = tmp_path / "costs.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CostsError, match=told):
        load_costs(file)


@pytest.mark.parametrize("cost", ["-1", "nan", "inf", "true"])
def test_a_table_with_a_cost_that_is_no_time(tmp_path: Path, cost: str) -> None:
    file = tmp_path / "costs.toml"
    whole = Path("voicebot/replay/costs.toml").read_text("utf-8")
    file.write_text(whole.replace("final_ms = 380", f"final_ms = {cost}"))
    with pytest.raises(CostsError, match="0 or more"):
        load_costs(file)
