"""The one door to inference: order, deadlines, cancellation, and no thread left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import DeadlinePassed, InferenceScheduler, Priority
from voicebot.turns.virtual_time import run_virtual

WAIT_S = 30.0


@dataclass
class Blocker:
    """A job that says when it runs and runs until told to end."""

    started: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> str:
        self.started.set()
        if not self.release.wait(WAIT_S):
            raise TimeoutError("nobody released the blocker")
        return "released"


@pytest.fixture
async def scheduler() -> AsyncIterator[InferenceScheduler]:
    before = set(threading.enumerate())
    scheduler = InferenceScheduler(workers=2)
    yield scheduler
    await asyncio.to_thread(scheduler.close)
    left = {t for t in set(threading.enumerate()) - before if t.name.startswith("inference")}
    assert not left


async def occupy(
    scheduler: InferenceScheduler, priority: Priority = Priority.PARTIAL
) -> tuple[Blocker, asyncio.Task[str]]:
    """Put a blocker on a worker and wait until it runs."""
    blocker = Blocker()
    task = asyncio.create_task(scheduler.run(priority, blocker))
    assert await asyncio.to_thread(blocker.started.wait, WAIT_S)
    return blocker, task


async def started_tasks_have_queued() -> None:
    """Tasks created before this call have reached their first wait when it returns."""
    await asyncio.sleep(0)


async def test_results_and_errors_come_back(scheduler: InferenceScheduler) -> None:
    assert await scheduler.run(Priority.CHOICE, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await scheduler.run(Priority.CHOICE, divmod, 7, 0)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await scheduler.run(Priority.CHOICE, next, iter(()))
    await asyncio.to_thread(scheduler.close)
    assert scheduler.in_flight == 0


async def test_the_final_recognition_overtakes_everything(scheduler: InferenceScheduler) -> None:
    first, task_1 = await occupy(scheduler)
    second, task_2 = await occupy(scheduler)
    order: list[str] = []
    jobs = [
        asyncio.create_task(scheduler.run(priority, order.append, priority.name))
        for priority in reversed(Priority)
    ]
    await started_tasks_have_queued()
    assert scheduler.queued == len(Priority)
    assert scheduler.busy == 2
    assert scheduler.in_flight == 2 + len(Priority)
    first.release.set()
    await asyncio.gather(task_1, *jobs[1:])
    assert order == ["FINAL_ASR", "FIRST_CLAUSE", "CHOICE", "PARTIAL"]
    second.release.set()
    await asyncio.gather(task_2, jobs[0])
    assert order[-1] == "BACKGROUND"


async def test_background_never_takes_the_last_worker(scheduler: InferenceScheduler) -> None:
    draft, draft_task = await occupy(scheduler, Priority.BACKGROUND)
    more = asyncio.create_task(scheduler.run(Priority.BACKGROUND, int, 1))
    for n in range(20):
        assert await scheduler.run(Priority.FINAL_ASR, int, n) == n
    assert scheduler.queued == 1
    assert not more.done()
    draft.release.set()
    assert await draft_task == "released"
    assert await more == 1


async def test_a_job_past_its_deadline_is_never_started(scheduler: InferenceScheduler) -> None:
    first, task_1 = await occupy(scheduler)
    second, task_2 = await occupy(scheduler)
    ran: list[int] = []
    with pytest.raises(DeadlinePassed, match="first_clause"):
        await scheduler.run(
            Priority.FIRST_CLAUSE, ran.append, 1, deadline_ms=10, stage="first_clause"
        )
    with pytest.raises(DeadlinePassed):
        await scheduler.run(Priority.FIRST_CLAUSE, ran.append, 2, deadline_ms=0)
    assert scheduler.queued == 0
    first.release.set()
    second.release.set()
    await asyncio.gather(task_1, task_2)
    await scheduler.run(Priority.BACKGROUND, int)
    assert ran == []


async def test_a_blocked_event_loop_does_not_start_a_late_job(
    scheduler: InferenceScheduler,
) -> None:
    first, task_1 = await occupy(scheduler)
    second, task_2 = await occupy(scheduler)
    ran: list[int] = []
    late = asyncio.create_task(scheduler.run(Priority.FINAL_ASR, ran.append, 1, deadline_ms=20))
    await started_tasks_have_queued()
    assert scheduler.queued == 1
    loop = asyncio.get_running_loop()
    due = loop.time() + 0.05
    while loop.time() < due:
        pass  # the loop is held up: its own deadline timer cannot fire
    first.release.set()
    second.release.set()
    while scheduler.in_flight:
        pass
    with pytest.raises(DeadlinePassed):
        await late
    await asyncio.gather(task_1, task_2)
    assert ran == []


async def test_a_deadline_met_leaves_the_result_alone(scheduler: InferenceScheduler) -> None:
    assert await scheduler.run(Priority.CHOICE, int, 5, deadline_ms=60_000) == 5


async def test_cancelling_a_waiting_job_drops_it(scheduler: InferenceScheduler) -> None:
    first, task_1 = await occupy(scheduler)
    second, task_2 = await occupy(scheduler)
    ran: list[int] = []
    waiting = asyncio.create_task(scheduler.run(Priority.FINAL_ASR, ran.append, 1))
    await started_tasks_have_queued()
    assert scheduler.queued == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert scheduler.queued == 0
    first.release.set()
    second.release.set()
    await asyncio.gather(task_1, task_2)
    await scheduler.run(Priority.PARTIAL, int)
    assert ran == []


async def test_cancelling_a_running_job_drops_its_result(scheduler: InferenceScheduler) -> None:
    blocker, task = await occupy(scheduler)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert scheduler.busy == 1
    blocker.release.set()
    await asyncio.to_thread(scheduler.close)
    assert scheduler.in_flight == 0


async def test_stage_durations_are_learned() -> None:
    estimates = StageEstimates({"asr": 0.0})
    scheduler = InferenceScheduler(estimates=estimates)
    await scheduler.run(Priority.PARTIAL, sum, range(1000), stage="asr")
    await scheduler.run(Priority.PARTIAL, int, stage="a stage without estimate")
    await asyncio.to_thread(scheduler.close)
    assert estimates.p95_ms("asr") > 0.0


async def test_closing_refuses_what_waits_and_what_comes() -> None:
    scheduler = InferenceScheduler()
    first, task_1 = await occupy(scheduler)
    second, task_2 = await occupy(scheduler)
    waiting = asyncio.create_task(scheduler.run(Priority.FINAL_ASR, int))
    await started_tasks_have_queued()
    assert scheduler.queued == 1
    closing = asyncio.create_task(asyncio.to_thread(scheduler.close))
    with pytest.raises(RuntimeError, match="closed before asr ran"):
        await waiting
    first.release.set()
    second.release.set()
    await asyncio.gather(closing, task_1, task_2)
    with pytest.raises(RuntimeError, match="closed"):
        await scheduler.run(Priority.FINAL_ASR, int)


def test_one_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        InferenceScheduler(workers=1)


def test_two_event_loops_share_one_scheduler() -> None:
    scheduler = InferenceScheduler()
    sums: list[int] = []

    async def use() -> int:
        jobs = (scheduler.run(Priority.PARTIAL, int, n) for n in range(100))
        return sum(await asyncio.gather(*jobs))

    threads = [threading.Thread(target=lambda: sums.append(asyncio.run(use()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    scheduler.close()
    assert sums == [4950] * 3
    assert scheduler.in_flight == 0


def test_a_loop_that_is_gone_does_not_hurt_the_workers() -> None:
    scheduler = InferenceScheduler()
    blocker = Blocker()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await scheduler.run(Priority.PARTIAL, blocker)

    asyncio.run(leave())
    blocker.release.set()
    assert run_virtual(lambda: scheduler.run(Priority.PARTIAL, int, 3), grace_s=WAIT_S) == 3
    scheduler.close()


async def until(happened: Callable[[], bool]) -> None:
    """The scheduler's threads tell nobody what they are at."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_worker_that_hangs_is_replaced_and_its_late_end_harms_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from voicebot.turns import scheduler as module

    monkeypatch.setattr(module, "STUCK_S", 0.05)
    release = threading.Event()
    scheduler = InferenceScheduler(workers=2)
    hung = [
        asyncio.create_task(scheduler.run(Priority.FINAL_ASR, release.wait, 30)) for _ in range(2)
    ]
    await until(lambda: scheduler.busy == 2)
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)
    await asyncio.sleep(0.1)
    answer = scheduler.run(Priority.FINAL_ASR, lambda: "still here")
    assert await asyncio.wait_for(answer, 10) == "still here"
    await until(lambda: scheduler.in_flight == 0)
    release.set()
    assert await asyncio.gather(
        *(scheduler.run(Priority.FINAL_ASR, lambda n=n: n) for n in range(6))
    ) == list(range(6))
    scheduler.close()


async def test_a_scheduler_with_a_hung_worker_can_be_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from voicebot.turns import scheduler as module

    monkeypatch.setattr(module, "STUCK_S", 0.0)
    release = threading.Event()
    scheduler = InferenceScheduler(workers=2)
    hung = asyncio.create_task(scheduler.run(Priority.FINAL_ASR, release.wait, 30))
    await until(lambda: scheduler.busy == 1)
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)
    await scheduler.run(Priority.FINAL_ASR, lambda: None)
    closing = threading.Thread(target=scheduler.close)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    release.set()
