"""The inference scheduler of a replay: jobs really run, but the clock is charged by a table.

One thing happens at a time. The loop hands over to a job's thread and stands still until the job
ends or spends time; spending makes the job wait on the virtual clock. So threads take turns like
coroutines, and a run is the same each time, whatever the machine is doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from voicebot.replay.costs import Costs
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import DeadlinePassed, InferenceScheduler, Priority

T = TypeVar("T")
_here = threading.local()


@dataclass(eq=False)
class _Job:
    """One call of `fn`; its thread runs while `go` lets it, until it gives way again."""

    fn: Callable[[], Any]
    stage: str
    priority: Priority
    result: asyncio.Future[Any]
    takes_worker: bool
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gave_way: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    spends_ms: float = 0.0
    owed_ms: float = 0.0
    lane: Hashable = None
    over: bool = False
    waiting: bool = True
    value: Any = None
    error: BaseException | None = None
    thread: threading.Thread | None = None


def spend(ms: float) -> None:
    """In a job of a replay: wait so long on the virtual clock. Elsewhere nothing happens."""
    job: _Job | None = getattr(_here, "job", None)
    if job is None or ms <= 0:
        return
    job.spends_ms = ms
    job.gave_way.release()
    job.go.acquire()


def owe(ms: float, lane: Hashable) -> None:
    """In a job of a replay: what it does takes so long, seen from outside; it goes on at once.

    What is owed in one `lane` takes its time one after the other: a stream's readings.
    """
    job: _Job | None = getattr(_here, "job", None)
    if job is not None:
        job.owed_ms += ms
        job.lane = lane


class ModelledScheduler(InferenceScheduler):
    """As `InferenceScheduler`, for one call at a time on a pure virtual-time loop.

    Priorities, deadlines and the worker kept free of background work are the same; durations are
    those of `costs`.
    """

    def __init__(self, costs: Costs, workers: int = 2) -> None:
        super().__init__(workers)
        self._costs = costs
        self._most = workers
        self._heap: list[tuple[int, int, _Job]] = []
        self._count = itertools.count()
        self._active: list[_Job] = []
        self._lanes: dict[Hashable, float] = {}

    @property
    def queued(self) -> int:
        """Jobs that wait for a worker."""
        return sum(job.waiting for _, _, job in self._heap)

    @property
    def busy(self) -> int:
        """Workers that are running a job."""
        return sum(job.takes_worker for job in self._active)

    @property
    def in_flight(self) -> int:
        """Jobs waiting or running."""
        return self.queued + len(self._active)

    def expected_wait_ms(self) -> float:
        """One call at a time: nobody else's jobs are in the way."""
        return 0.0

    async def run(
        self,
        priority: Priority,
        fn: Callable[..., T],
        *args: Any,
        deadline_ms: float | None = None,
        stage: str = "asr",
        waits: bool = False,
    ) -> T:
        """See `InferenceScheduler.run`."""
        if deadline_ms is not None and deadline_ms <= 0:
            raise DeadlinePassed(f"{stage}: the deadline had passed {-deadline_ms:.0f} ms before")
        loop = asyncio.get_running_loop()
        job = _Job(lambda: fn(*args), stage, priority, loop.create_future(), not waits)
        heapq.heappush(self._heap, (int(priority), next(self._count), job))
        timer = None
        if deadline_ms is not None:
            timer = loop.call_later(deadline_ms / 1000, self._give_up_on, job)
        self._start_what_may()
        try:
            result: T = await job.result
            return result
        except asyncio.CancelledError:
            job.waiting = False  # one that runs goes on, and its result is dropped
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def end_call(self) -> None:
        """The call's loop is gone: let the jobs that it left behind run out."""
        self._heap.clear()
        for job in self._active:
            while not job.over:
                self._turn_of(job)
        self._active.clear()
        self._lanes.clear()

    def _give_up_on(self, job: _Job) -> None:
        if job.waiting and not job.result.done():
            job.waiting = False
            late = DeadlinePassed(f"{job.stage}: no worker was free before its deadline")
            job.result.set_exception(late)

    def _start_what_may(self) -> None:
        while self._heap:
            _, _, job = self._heap[0]
            if job.waiting and job.takes_worker:
                free = self._most - self.busy
                if free < (2 if job.priority is Priority.BACKGROUND else 1):
                    return
            heapq.heappop(self._heap)
            if job.waiting:
                job.waiting = False
                self._active.append(job)
                job.thread = threading.Thread(target=_body, args=(job,), daemon=True)
                job.thread.start()
                self._go_on(job)

    def _turn_of(self, job: _Job) -> None:
        """Let the job's thread run until it gives way."""
        job.go.release()
        job.gave_way.acquire()
        if job.over and job.thread is not None:
            job.thread.join()

    def _go_on(self, job: _Job) -> None:
        self._turn_of(job)
        loop = asyncio.get_running_loop()
        if not job.over:
            loop.call_later(job.spends_ms / 1000, self._go_on, job)
            return
        own_ms = job.owed_ms or (0.0 if job.spends_ms else self._costs.stage_ms(job.stage))
        begins_s = max(loop.time(), self._lanes.get(job.lane, 0.0) if job.lane else 0.0)
        ends_s = begins_s + own_ms / 1000
        if job.lane is not None:
            self._lanes[job.lane] = ends_s
        loop.call_at(ends_s, self._settle, job)

    def _settle(self, job: _Job) -> None:
        self._active.remove(job)
        if not job.result.done():
            if job.error is not None:
                job.result.set_exception(job.error)
            else:
                job.result.set_result(job.value)
        with contextlib.suppress(RuntimeError):
            self._start_what_may()


def _body(job: _Job) -> None:
    job.go.acquire()
    _here.job = job
    try:
        job.value = job.fn()
    except BaseException as error:  # handed to who waits for it
        job.error = error
    job.over = True
    job.gave_way.release()


class FrozenEstimates(StageEstimates):
    """What each stage takes, by the table: nothing is learned, so no call depends on another."""

    def __init__(self, costs: Costs) -> None:
        super().__init__({})
        self._costs = costs

    def observe(self, stage: str, duration_ms: float) -> None:
        """Nothing is learned in a replay."""

    def p95_ms(self, stage: str) -> float:
        """The table's."""
        return self._costs.estimate_ms(stage)
