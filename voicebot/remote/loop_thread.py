"""An event loop in a thread of its own, for a blocking engine on an async library."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

_CLOSE_S = 1.0  # for a polite good-bye to a server that may not answer


class LoopTask:
    """A coroutine that runs in the loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, start: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._loop, self._start_coroutine = loop, start
        self._task: asyncio.Task[None] | None = None
        self._is_cancelled = False
        self._call(self._start)

    def cancel(self) -> None:
        """End it soon; whatever it does about that is over within a second."""
        self._call(self._cancel)

    def _call(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and its tasks with it
            self._loop.call_soon_threadsafe(function)

    def _start(self) -> None:
        if not self._is_cancelled:
            self._task = self._loop.create_task(self._start_coroutine())

    def _cancel(self) -> None:
        self._is_cancelled = True
        if self._task is not None and self._task.cancel():
            self._loop.call_later(_CLOSE_S, self._task.cancel)


class LoopThread:
    """Starts with the first task; ends with `close`, with this object, or with the program."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._close: Callable[[], object] = lambda: None

    def run(self, start: Callable[[], Coroutine[Any, Any, None]]) -> LoopTask:
        """Run the coroutine that `start` makes. It must catch its own errors. Thread-safe."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(
                    target=_work, args=(self._loop,), name=self._name, daemon=True
                )
                thread.start()
                self._close = weakref.finalize(self, _end, self._loop, thread)
            return LoopTask(self._loop, start)

    def close(self) -> None:
        """Cancel what runs and end the thread; a later `run` starts another."""
        with self._lock:
            self._close()
            self._loop = None


def _work(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        for task in (tasks := asyncio.all_tasks(loop)):
            task.cancel()
        loop.run_until_complete(_gone(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _gone(tasks: set[asyncio.Task[Any]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=_CLOSE_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(2 * _CLOSE_S)
