"""Taking calls: each in a task of its own, until told to stop; then none is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import structlog

from telephony import Call, Endpoint, LineError
from telephony.admission import Admission

QUEUE_WATCH_S = 0.25
log = structlog.get_logger(__name__)

Take = Callable[[Call], Awaitable[None]]


class Serving:
    """Answers the calls of an endpoint.

    Args:
        endpoint: the line; `run` starts and stops it.
        take: serves one call from its ringing to its end; it never raises.
        drain_timeout_s: how long calls in progress have to end by themselves.
        on_draining: told how many calls are left, while that is waited for.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        take: Take,
        drain_timeout_s: float,
        on_draining: Callable[[int], None] = lambda left: None,
    ) -> None:
        self._endpoint = endpoint
        self._take = take
        self._drain_timeout_s = drain_timeout_s
        self._on_draining = on_draining
        self._calls: set[asyncio.Task[None]] = set()

    async def idle(self) -> None:
        """Wait until nobody is on the line."""
        while self._calls:
            await asyncio.wait(set(self._calls))

    async def run(
        self,
        stop: asyncio.Event,
        hurry: asyncio.Event,
        *,
        on_ready: Callable[[], None] = lambda: None,
        beside: Iterable[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        """Take calls until `stop` is set, then let those in progress end; `hurry` ends them.

        `beside` runs as long as calls are taken. Raises LineError if the line cannot be opened
        or dies, and what `on_ready` raises.
        """
        await self._endpoint.start()
        work: list[asyncio.Task[None]] = []
        taking = asyncio.ensure_future(self._take_calls())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            on_ready()
            for each in beside:
                work.append(_watched(each(), "work beside the line has died"))
            # A bot that can no longer take calls must end, not sit there deaf.
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if taking.done() and not stop.is_set():
                taking.result()
                raise LineError("sip: the stack has died; start the bot again")
            await _cancel(*work)
            await self._drain(hurry)
        finally:
            await _cancel(*work, stopping)
            await self._endpoint.stop()
            await _cancel(taking)
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def _take_calls(self) -> None:
        async for call in self._endpoint.incoming():
            task = _watched(self._serve(call), "a call was not served to its end")
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def _serve(self, call: Call) -> None:
        await self._take(call)

    async def _drain(self, hurry: asyncio.Event) -> None:
        draining = asyncio.ensure_future(self._endpoint.drain(self._drain_timeout_s))
        hurrying = asyncio.ensure_future(hurry.wait())
        telling = asyncio.ensure_future(self._tell_who_is_left())
        try:
            await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
            if draining.done() and not draining.result():
                log.warning("calls are cut off", after_s=self._drain_timeout_s)
        finally:
            await _cancel(draining, hurrying, telling)

    async def _tell_who_is_left(self) -> None:
        while self._calls:
            self._on_draining(len(self._calls))
            await asyncio.wait(set(self._calls), return_when=asyncio.FIRST_COMPLETED)


async def watch_queue(expected_wait_ms: Callable[[], float], judge: Admission) -> None:
    """Tell admission how long the next caller's model run would wait; until cancelled."""
    while True:
        judge.observe_queue(expected_wait_ms())
        await asyncio.sleep(QUEUE_WATCH_S)


def _watched(work: Coroutine[Any, Any, None], died: str) -> asyncio.Task[None]:
    """A task whose failure is logged as it happens: nobody waits for its result."""

    def done(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(died, exc_info=error)

    task = asyncio.create_task(work)
    task.add_done_callback(done)
    return task


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel and wait; what they raised was taken from them before, or is of no use now."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
