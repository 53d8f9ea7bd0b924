"""A piece of work for the inference scheduler, and how its result reaches who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Priority(enum.IntEnum):
    """What is served first. Lower runs earlier; within a priority, first come, first served."""

    FINAL_ASR = 0
    FIRST_CLAUSE = 1
    CHOICE = 2
    PARTIAL = 3
    BACKGROUND = 4


class State(enum.Enum):
    """Where a job is."""

    WAITING = enum.auto()
    RUNNING = enum.auto()
    OVER = enum.auto()


@dataclass(eq=False)
class Job:
    """One call of `fn`. `abandoned`: nobody waits for its result any more."""

    fn: Callable[[], Any]
    stage: str
    priority: Priority
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]
    deadline_s: float | None
    state: State = State.WAITING
    started_s: float = 0.0
    abandoned: bool = False
    thread: threading.Thread | None = None


@dataclass(order=True)
class Entry:
    """A job's place in the queue."""

    priority: int
    number: int
    job: Job = field(compare=False)


def post(job: Job, settle: Callable[[Job, Any], None], value: object) -> None:
    """Settle the job on its loop; a loop that is gone needs no answer."""
    with contextlib.suppress(RuntimeError):
        job.loop.call_soon_threadsafe(settle, job, value)


def succeed(job: Job, value: Any) -> None:
    """It returned `value`."""
    if not job.result.done():
        job.result.set_result(value)


def fail(job: Job, error: Any) -> None:
    """It raised `error`."""
    if isinstance(error, StopIteration):  # a future refuses it: it would end the awaiting task
        error = RuntimeError(f"{job.stage}: the job raised StopIteration")
    if not job.result.done():
        job.result.set_exception(error)
