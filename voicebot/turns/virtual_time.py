"""An event loop whose waits cost nothing: long calls run in seconds, compute still counts."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualDeadlockError(RuntimeError):
    """Everything waits for something that can never come: a test or a replay would hang."""


class _SkippingSelector(selectors.BaseSelector):
    """The real selector, except that an idle wait for a timer jumps the clock instead.

    `busy` must turn False only after the finished work's wake-up was sent, so: busy first, then
    the file descriptors; a result can never be overtaken by a jump.
    """

    def __init__(
        self, busy: Callable[[], bool], skip: Callable[[float], None], grace_s: float
    ) -> None:
        self._real = selectors.DefaultSelector()
        self._busy = busy
        self._skip = skip
        self._grace_s = grace_s

    BUSY_SLICE_S = 0.05
    """Longest real wait before `busy` is asked again: work may end without a wake-up."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        if self._busy():
            limit = self.BUSY_SLICE_S if timeout is None else min(timeout, self.BUSY_SLICE_S)
            return self._real.select(limit)
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is not None:
            self._skip(timeout)
            return []
        return self._last_chance()

    def _last_chance(self) -> list[tuple[selectors.SelectorKey, int]]:
        """No timer, nothing in flight: only a thread or socket nobody told us of could help."""
        ready = self._real.select(self._grace_s)
        if ready or self._busy():
            return ready
        raise VirtualDeadlockError(
            "virtual time: all tasks wait, no timer is set, no job is in flight and nothing came "
            f"within {self._grace_s:g} s of real time; something is awaited that nobody will send"
        )

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """asyncio loop that jumps to the next timer whenever it would only wait.

    ``loop.time()`` is real time plus all the time skipped: a job on a worker thread takes as long
    as it takes, a wait of eight seconds takes none. With `busy` None the clock is pure: it starts
    at 0 and moves by jumps alone, so a run is the same every time.

    Args:
        busy: whether work is in flight whose real duration must pass
            (``lambda: scheduler.in_flight > 0``). Work given to ``run_in_executor`` and
            ``to_thread`` is counted by the loop itself.
        grace_s: real seconds to wait for an unannounced thread before VirtualDeadlockError.

    `call_soon_threadsafe` wakes the loop as usual.
    """

    def __init__(self, busy: Callable[[], bool] | None = None, *, grace_s: float = 1.0) -> None:
        self._outside_busy = busy
        self._pure = busy is None
        self._skipped_s = 0.0
        self._executor_jobs = 0
        super().__init__(_SkippingSelector(self._is_busy, self._skip, grace_s))

    def time(self) -> float:
        """Seconds on the virtual clock; safe to read from any thread."""
        return self._skipped_s if self._pure else time.monotonic() + self._skipped_s

    @property
    def skipped_s(self) -> float:
        """Seconds that were skipped instead of waited for."""
        return self._skipped_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As in asyncio; the job counts as in flight until its result is here."""
        future = super().run_in_executor(executor, func, *args)
        self._executor_jobs += 1
        future.add_done_callback(self._executor_done)
        return future

    def _executor_done(self, future: asyncio.Future[Any]) -> None:
        self._executor_jobs -= 1

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        """As in asyncio; its joining thread is in flight, or its time-out would be skipped to."""
        self._executor_jobs += 1
        try:
            await super().shutdown_default_executor(*args, **kwargs)
        finally:
            self._executor_jobs -= 1

    def _is_busy(self) -> bool:
        if self._executor_jobs > 0:
            return True
        return self._outside_busy is not None and self._outside_busy()

    def _skip(self, seconds: float) -> None:
        self._skipped_s += seconds


def run_virtual(
    coro_fn: Callable[[], Coroutine[Any, Any, T]],
    *,
    busy: Callable[[], bool] | None = None,
    grace_s: float = 1.0,
) -> T:
    """``asyncio.run`` in virtual time: runs ``coro_fn()`` to its end and returns its result.

    Leftover tasks are cancelled as by asyncio.run. Raises VirtualDeadlockError where a real loop
    would hang.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(busy, grace_s=grace_s)) as runner:
        return runner.run(coro_fn())
