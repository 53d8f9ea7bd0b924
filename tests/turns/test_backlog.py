"""How long the next model run would wait: what admission is told."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turns.test_scheduler import Blocker
from voicebot.turns.backlog import wait_ms
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler, Priority

TIMES = st.lists(st.floats(0, 5000), max_size=30)


@pytest.mark.parametrize(
    ("free", "queued", "wait"),
    [
        ((0, 0), (), 0),
        ((500, 0), (), 0),
        ((500, 300), (), 300),
        ((500, 300), (1000,), 500),
        ((-20, 300), (1000, 1000), 1000),
        ((0, 0), (600, 600, 600), 600),
    ],
)
def test_jobs_begin_on_the_first_free_worker(
    free: tuple[float, ...], queued: tuple[float, ...], wait: float
) -> None:
    assert wait_ms(free, queued) == wait


@given(TIMES.filter(len), TIMES)
def test_one_job_more_never_shortens_the_wait(free: list[float], queued: list[float]) -> None:
    assert wait_ms(free, [*queued, 100.0]) >= wait_ms(free, queued) >= 0


async def test_the_scheduler_tells_what_a_callers_job_would_wait() -> None:
    scheduler = InferenceScheduler(workers=2, estimates=StageEstimates({"asr": 60_000.0}))
    blockers = [Blocker() for _ in range(5)]
    try:
        assert scheduler.expected_wait_ms() == 0
        tasks = [
            asyncio.ensure_future(scheduler.run(Priority.FINAL_ASR, blocker))
            for blocker in blockers[:3]
        ]
        assert await asyncio.to_thread(blockers[0].started.wait, 30)
        assert await asyncio.to_thread(blockers[1].started.wait, 30)
        # Two run and one waits behind them: a fourth would begin when the second has ended.
        one_waits = scheduler.expected_wait_ms()
        assert 30_000 < one_waits <= 60_000
        later = asyncio.ensure_future(scheduler.run(Priority.BACKGROUND, blockers[3]))
        await asyncio.sleep(0)
        assert scheduler.expected_wait_ms() <= one_waits, "a caller's job passes background work"
        tasks.append(asyncio.ensure_future(scheduler.run(Priority.PARTIAL, blockers[4])))
        await asyncio.sleep(0)
        assert scheduler.expected_wait_ms() > one_waits
        for blocker in blockers:
            blocker.release.set()
        await asyncio.gather(*tasks, later)
        assert scheduler.expected_wait_ms() == 0
    finally:
        for blocker in blockers:
            blocker.release.set()
        await asyncio.to_thread(scheduler.close)
