"""Inference has one door: every model call goes through here, by priority and deadline."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from voicebot.turns.backlog import wait_ms
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.jobs import Entry, Job, Priority, State, fail, post, succeed

__all__ = ["DeadlinePassed", "InferenceScheduler", "Priority"]

T = TypeVar("T")
WAITERS = 8  # requests to other machines at a time
STUCK_S = 15.0
"""A job that nobody waits for any more and that still runs after so long has lost its worker."""


class DeadlinePassed(Exception):
    """The job had not started when its deadline came; it was never run."""


class InferenceScheduler:
    """Worker threads over the cores; callers await, models run off the event loop.

    - A job whose deadline comes before it has started is never started.
    - Cancelling the awaiting task drops a waiting job; a running one finishes (native code
      cannot be interrupted) and its result is dropped.
    - Background jobs never take the last free worker: a caller's turn never waits for one.

    - A worker whose job hangs, with nobody waiting, is replaced after `STUCK_S`.
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
        self._queue: list[Entry] = []
        self._numbers = itertools.count()
        self._waiting = 0
        self._running: set[Job] = set()
        self._lost: set[Job] = set()
        self._closed = False
        self._waiters: InferenceScheduler | None = None
        self._threads: list[threading.Thread] = []
        for _ in range(workers):
            self._hire()

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
                if entry.job.state is State.WAITING
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
        job = Job(lambda: fn(*args), stage, priority, loop, loop.create_future(), deadline_s)
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
            left = [entry.job for entry in self._queue if entry.job.state is State.WAITING]
            self._queue.clear()
            self._waiting = 0
            for job in left:
                job.state = State.OVER
                post(job, fail, RuntimeError(f"scheduler: closed before {job.stage} ran"))
            self._changed.notify_all()
            stuck = {job.thread for job in self._lost}
        for thread in self._threads:
            if thread not in stuck:
                thread.join()
        if self._waiters:
            self._waiters.close()

    def _door_for_waiting(self) -> InferenceScheduler:
        with self._changed:
            if self._closed:
                raise RuntimeError("scheduler: closed; no more requests are taken")
            if self._waiters is None:
                self._waiters = InferenceScheduler(WAITERS, estimates=self._estimates)
            return self._waiters

    def _hire(self) -> None:
        name = f"inference-{len(self._threads)}"
        self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
        self._threads[-1].start()

    def _replace_stuck(self) -> None:
        """Call with the lock held."""
        late_s = time.monotonic() - STUCK_S
        for job in [job for job in self._running if job.abandoned and job.started_s < late_s]:
            self._running.discard(job)
            self._lost.add(job)
            self._hire()

    def _enqueue(self, job: Job) -> None:
        with self._changed:
            if self._closed:
                raise RuntimeError(f"scheduler: closed; {job.stage} job refused")
            self._replace_stuck()
            heapq.heappush(self._queue, Entry(job.priority, next(self._numbers), job))
            self._waiting += 1
            self._changed.notify()

    def _drop(self, job: Job) -> bool:
        """Take a waiting job out; False if it had started. The heap forgets it when it pops."""
        with self._changed:
            if job.state is not State.WAITING:
                job.abandoned = True
                return False
            job.state = State.OVER
            self._waiting -= 1
            return True

    def _expire(self, job: Job) -> None:
        if self._drop(job):
            fail(job, DeadlinePassed(f"{job.stage}: no worker was free before its deadline"))

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                value = job.fn()
            except BaseException as error:  # handed to the caller: a worker never dies of a job
                post(job, fail, error)
            else:
                post(job, succeed, value)
                self._learn(job.stage, time.monotonic() - job.started_s)
            with self._changed:
                job.state = State.OVER
                self._running.discard(job)
                self._changed.notify_all()
                if job in self._lost:  # another has its place
                    self._lost.discard(job)
                    return
            del job

    def _take(self) -> Job | None:
        """Wait for the next job that may run; None when closed."""
        with self._changed:
            while True:
                self._sweep()
                if self._queue and self._may_start(self._queue[0].job):
                    job = heapq.heappop(self._queue).job
                    job.state = State.RUNNING
                    self._waiting -= 1
                    self._running.add(job)
                    job.started_s = time.monotonic()
                    job.thread = threading.current_thread()
                    return job
                if self._closed:
                    return None
                self._changed.wait()

    def _sweep(self) -> None:
        """Clear the head of the queue of dropped and late jobs. Call with the lock held."""
        while self._queue:
            job = self._queue[0].job
            if job.state is State.WAITING:
                # The loop's own timer may be late: a blocked loop must not start a late job.
                if job.deadline_s is None or job.loop.time() < job.deadline_s:
                    return
                job.state = State.OVER
                late = DeadlinePassed(f"{job.stage}: no worker was free before its deadline")
                post(job, fail, late)
                self._waiting -= 1
            heapq.heappop(self._queue)

    def _may_start(self, job: Job) -> bool:
        """A background job must leave one worker free. Call with the lock held."""
        free = self._workers - len(self._running)
        return free >= 2 if job.priority is Priority.BACKGROUND else True

    def _estimate_ms(self, job: Job) -> float:
        if self._estimates is not None:
            with contextlib.suppress(KeyError):
                return self._estimates.p95_ms(job.stage)
        return 0.0

    def _learn(self, stage: str, duration_s: float) -> None:
        if self._estimates is not None:
            with contextlib.suppress(KeyError):
                self._estimates.observe(stage, duration_s * 1000.0)
