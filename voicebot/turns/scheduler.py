"""Inference has one door: every model call goes through here, by priority and deadline."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from voicebot.turns.backlog import wait_ms
from voicebot.turns.estimates import StageEstimates

T = TypeVar("T")
WAITERS = 8  # requests to other machines at a time


class Priority(enum.IntEnum):
    """What is served first. Lower runs earlier; within a priority, first come, first served."""

    FINAL_ASR = 0
    FIRST_CLAUSE = 1
    CHOICE = 2
    PARTIAL = 3
    BACKGROUND = 4


class DeadlinePassed(Exception):
    """The job had not started when its deadline came; it was never run."""


class _State(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    OVER = enum.auto()


@dataclass(eq=False)
class _Job:
    fn: Callable[[], Any]
    stage: str
    priority: Priority
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]
    deadline_s: float | None
    state: _State = _State.WAITING
    started_s: float = 0.0


@dataclass(order=True)
class _Entry:
    priority: int
    number: int
    job: _Job = field(compare=False)


class InferenceScheduler:
    """Worker threads over the cores; callers await, models run off the event loop.

    - A job whose deadline comes before it has started is never started.
    - Cancelling the awaiting task drops a waiting job; a running one finishes (native code
      cannot be interrupted) and its result is dropped.
    - Background jobs never take the last free worker: a caller's turn never waits for one.

    - What only waits for another machine (`waits`) has threads of its own and takes no worker.

    Calls may come from several event loops. `close()` when done; it joins the threads.

    Args:
        workers: threads; at least 2, so that one can stay free of background work.
        estimates: learns each finished job's duration under its stage, where the stage is known.
    """

    def __init__(self, workers: int = 2, *, estimates: StageEstimates | None = None) -> None:
        if workers < 2:
            raise ValueError(
                f"scheduler: workers must be 2 or more (one is kept free), got {workers}"
            )
        self._estimates = estimates
        self._workers = workers
        self._changed = threading.Condition()
        self._queue: list[_Entry] = []
        self._numbers = itertools.count()
        self._waiting = 0
        self._running: set[_Job] = set()
        self._closed = False
        self._waiters: InferenceScheduler | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-{n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def queued(self) -> int:
        """Jobs that wait for a worker."""
        with self._changed:
            return self._waiting

    @property
    def busy(self) -> int:
        """Workers that are running a job."""
        with self._changed:
            return len(self._running)

    @property
    def in_flight(self) -> int:
        """Jobs waiting or running. Falls only after a job's result has reached its loop."""
        with self._changed:
            elsewhere = self._waiters.in_flight if self._waiters else 0
            return self._waiting + len(self._running) + elsewhere

    def expected_wait_ms(self) -> float:
        """How long a caller's job that was asked for now would wait for a worker.

        By the stages' estimates; background jobs do not count unless they run already. 0 without
        estimates.
        """
        now_s = time.monotonic()
        with self._changed:
            running = [
                self._estimate_ms(job) - (now_s - job.started_s) * 1000.0 for job in self._running
            ]
            queued = [
                self._estimate_ms(entry.job)
                for entry in self._queue
                if entry.job.state is _State.WAITING
                and entry.job.priority is not Priority.BACKGROUND
            ]
        idle = [0.0] * (self._workers - len(running))
        return wait_ms(running + idle, queued)

    async def run(
        self,
        priority: Priority,
        fn: Callable[..., T],
        *args: Any,
        deadline_ms: float | None = None,
        stage: str = "asr",
        waits: bool = False,
    ) -> T:
        """Run ``fn(*args)`` on a worker and return its result; what it raises is raised here.

        Args:
            priority: who goes first.
            deadline_ms: the job must have started this long from now (the loop's clock).
            stage: name under which its duration is learned.
            waits: it computes nothing here, but waits for a server.

        Raises:
            DeadlinePassed: no worker was free in time; nothing was run.
            RuntimeError: the scheduler is closed.
        """
        if waits:
            door = self._door_for_waiting()
            return await door.run(priority, fn, *args, deadline_ms=deadline_ms, stage=stage)
        if deadline_ms is not None and deadline_ms <= 0:
            raise DeadlinePassed(f"{stage}: the deadline had passed {-deadline_ms:.0f} ms before")
        loop = asyncio.get_running_loop()
        deadline_s = None if deadline_ms is None else loop.time() + deadline_ms / 1000.0
        job = _Job(lambda: fn(*args), stage, priority, loop, loop.create_future(), deadline_s)
        self._enqueue(job)
        timer = None if deadline_s is None else loop.call_at(deadline_s, self._expire, job)
        try:
            result: T = await job.result
            return result
        except asyncio.CancelledError:
            self._drop(job)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def close(self) -> None:
        """Cancel what waits, let what runs finish, join the threads. Idempotent; blocks."""
        with self._changed:
            self._closed = True
            left = [entry.job for entry in self._queue if entry.job.state is _State.WAITING]
            self._queue.clear()
            self._waiting = 0
            for job in left:
                job.state = _State.OVER
                _post(job, _fail, RuntimeError(f"scheduler: closed before {job.stage} ran"))
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self._waiters:
            self._waiters.close()

    def _door_for_waiting(self) -> InferenceScheduler:
        with self._changed:
            if self._waiters is None:
                self._waiters = InferenceScheduler(WAITERS, estimates=self._estimates)
            return self._waiters

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise RuntimeError(f"scheduler: closed; {job.stage} job refused")
            heapq.heappush(self._queue, _Entry(job.priority, next(self._numbers), job))
            self._waiting += 1
            self._changed.notify()

    def _drop(self, job: _Job) -> bool:
        """Take a waiting job out; False if it had started. The heap forgets it when it pops."""
        with self._changed:
            if job.state is not _State.WAITING:
                return False
            job.state = _State.OVER
            self._waiting -= 1
            return True

    def _expire(self, job: _Job) -> None:
        if self._drop(job):
            _fail(job, DeadlinePassed(f"{job.stage}: no worker was free before its deadline"))

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                value = job.fn()
            except BaseException as error:  # handed to the caller: a worker never dies of a job
                _post(job, _fail, error)
            else:
                _post(job, _succeed, value)
                self._learn(job.stage, time.monotonic() - job.started_s)
            with self._changed:
                job.state = _State.OVER
                self._running.discard(job)
                self._changed.notify_all()
            del job

    def _take(self) -> _Job | None:
        """Wait for the next job that may run; None when closed."""
        with self._changed:
            while True:
                self._sweep()
                if self._queue and self._may_start(self._queue[0].job):
                    job = heapq.heappop(self._queue).job
                    job.state = _State.RUNNING
                    self._waiting -= 1
                    self._running.add(job)
                    job.started_s = time.monotonic()
                    return job
                if self._closed:
                    return None
                self._changed.wait()

    def _sweep(self) -> None:
        """Clear the head of the queue of dropped and late jobs. Call with the lock held."""
        while self._queue:
            job = self._queue[0].job
            if job.state is _State.WAITING:
                # The loop's own timer may be late: a blocked loop must not start a late job.
                if job.deadline_s is None or job.loop.time() < job.deadline_s:
                    return
                job.state = _State.OVER
                late = DeadlinePassed(f"{job.stage}: no worker was free before its deadline")
                _post(job, _fail, late)
                self._waiting -= 1
            heapq.heappop(self._queue)

    def _may_start(self, job: _Job) -> bool:
        """A background job must leave one worker free. Call with the lock held."""
        free = self._workers - len(self._running)
        return free >= 2 if job.priority is Priority.BACKGROUND else True

    def _estimate_ms(self, job: _Job) -> float:
        if self._estimates is not None:
            with contextlib.suppress(KeyError):
                return self._estimates.p95_ms(job.stage)
        return 0.0

    def _learn(self, stage: str, duration_s: float) -> None:
        if self._estimates is not None:
            with contextlib.suppress(KeyError):
                self._estimates.observe(stage, duration_s * 1000.0)


def _post(job: _Job, settle: Callable[[_Job, Any], None], value: object) -> None:
    """Settle the job on its loop; a loop that is gone needs no answer."""
    with contextlib.suppress(RuntimeError):
        job.loop.call_soon_threadsafe(settle, job, value)


def _succeed(job: _Job, value: Any) -> None:
    if not job.result.done():
        job.result.set_result(value)


def _fail(job: _Job, error: Any) -> None:
    if isinstance(error, StopIteration):  # a future refuses it: it would end the awaiting task
        error = RuntimeError(f"{job.stage}: the job raised StopIteration")
    if not job.result.done():
        job.result.set_exception(error)
