"""Threads of the console's own: however much is read here, the bot's others stay free."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from voicebot.errors import BusyError, PackError, VoicebotError

CLOSE_S = 3.0
PAGE_THREADS, MOST_READS = 4, 200
CHECK_THREADS, MOST_CHECKS = 1, 4

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """Runs blocking work on at most `threads` threads.

    More than `most` at a time, those that wait included, are refused with `refusal`.
    """

    def __init__(
        self, name: str, threads: int, most: int, refusal: Callable[[], VoicebotError]
    ) -> None:
        self._name, self._threads, self._most = name, threads, most
        self._refusal = refusal
        self._pool: ThreadPoolExecutor | None = None
        self._at_work, self._counting = 0, threading.Lock()

    async def __call__(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Run `work` on a thread; what it raises comes back. Raises the refusal."""
        if self._at_work >= self._most:
            raise self._refusal()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=self._name)
        call = functools.partial(contextvars.copy_context().run, work, *args, **options)
        future = self._pool.submit(call)
        # Counted until it is done, not until who asked for it has gone.
        self._count(1)
        future.add_done_callback(lambda _: self._count(-1))
        return await asyncio.wrap_future(future)

    def _count(self, more: int) -> None:
        with self._counting:
            self._at_work += more

    async def close(self) -> None:
        """Drop what has not begun and wait, at most `CLOSE_S`, for what has. Idempotent."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.shutdown(wait=False, cancel_futures=True)
        ending = asyncio.create_task(asyncio.to_thread(pool.shutdown))
        await asyncio.wait({ending}, timeout=CLOSE_S)


def for_pages() -> Workers:
    """For what pages read and write."""
    return Workers(
        "console",
        PAGE_THREADS,
        MOST_READS,
        lambda: BusyError(f"console: more than {MOST_READS} reads wait; ask again later"),
    )


def for_checks() -> Workers:
    """For the checks of changed packs, one at a time: each takes seconds of a core."""
    return Workers(
        "console-check",
        CHECK_THREADS,
        MOST_CHECKS,
        lambda: PackError("别人的修改正在检查，排队的太多；您的修改没有保存，请过一会儿再提交。"),
    )
