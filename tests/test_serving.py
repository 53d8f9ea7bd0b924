"""Told to stop, the bot finishes its calls; told twice, it hangs them up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog

from telephony import Call, LineError
from telephony.admission import Admission, Refusal
from telephony.file_line import FileCall, FileEndpoint
from voicebot.serving import QUEUE_WATCH_S, Serving, watch_queue
from voicebot.turns.virtual_time import run_virtual


@dataclass
class Talked:
    """Answers calls and notes how each ended."""

    ends: list[str] = field(default_factory=list)

    async def take(self, call: Call) -> None:
        await call.answer()
        self.ends.append((await call.wait_ended()).reason)


@dataclass
class Run:
    """Serves three calls of 5, 6 and 7 s; `at` is done at so many seconds."""

    drain_timeout_s: float = 60.0
    left: list[int] = field(default_factory=list)
    talked: Talked = field(default_factory=Talked)
    took_s: float = 0.0

    def __call__(self, at: dict[float, Callable[[asyncio.Event, asyncio.Event], None]]) -> Run:
        run_virtual(lambda: self._serve(at), busy=lambda: False)
        return self

    async def _serve(self, at: dict[float, Callable[[asyncio.Event, asyncio.Event], None]]) -> None:
        loop = asyncio.get_running_loop()
        calls = [FileCall(bytes(16_000 * seconds), tail_ms=0) for seconds in (5, 6, 7)]
        serving = Serving(
            FileEndpoint(calls), self.talked.take, self.drain_timeout_s, self.left.append
        )
        stop, hurry = asyncio.Event(), asyncio.Event()
        for seconds, act in at.items():
            loop.call_later(seconds, act, stop, hurry)
        began_s = loop.time()
        await serving.run(stop, hurry)
        self.took_s = loop.time() - began_s
        assert asyncio.all_tasks() == {asyncio.current_task()}


def stop(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    stop.set()


def hurry(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    hurry.set()


def test_calls_in_progress_end_by_themselves() -> None:
    run = Run()({1.0: stop})
    assert run.talked.ends == ["recording ended"] * 3
    assert run.left == [3, 2, 1]
    assert 6.9 <= run.took_s <= 7.2


def test_told_twice_it_hangs_up() -> None:
    run = Run()({1.0: stop, 5.5: hurry})
    assert run.talked.ends == ["recording ended", "hung up", "hung up"]
    assert run.left == [3, 2]
    assert 5.4 <= run.took_s <= 5.7


def test_the_time_to_drain_is_bounded() -> None:
    run = Run(drain_timeout_s=2.0)({1.0: stop})
    assert run.talked.ends == ["hung up"] * 3
    assert 2.9 <= run.took_s <= 3.2


def test_with_nobody_on_the_line_it_ends_at_once() -> None:
    run = Run()({9.0: stop})
    assert (run.left, round(run.took_s)) == ([], 9)


async def test_a_line_that_dies_ends_the_bot() -> None:
    class DeadEndpoint(FileEndpoint):
        async def start(self) -> None:
            self._queue.put_nowait(None)

    serving = Serving(DeadEndpoint(), Talked().take, 1.0)
    with pytest.raises(LineError, match="start the bot again"):
        await asyncio.wait_for(serving.run(asyncio.Event(), asyncio.Event()), 5)


class StoppedEndpoint(FileEndpoint):
    """Counts how often it was stopped."""

    stops = 0

    async def stop(self) -> None:
        self.stops += 1
        await super().stop()


async def test_a_reader_who_is_gone_does_not_leave_the_line_open() -> None:
    def ready() -> None:
        raise BrokenPipeError("nobody reads our output")

    endpoint = StoppedEndpoint()
    serving = Serving(endpoint, Talked().take, 1.0)
    with pytest.raises(BrokenPipeError):
        await serving.run(asyncio.Event(), asyncio.Event(), on_ready=ready)
    assert endpoint.stops == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_work_beside_the_line_that_cannot_begin_does_not_leave_it_open() -> None:
    def cannot_begin() -> Coroutine[Any, Any, None]:
        raise RuntimeError("no such work")

    endpoint = StoppedEndpoint()
    serving = Serving(endpoint, Talked().take, 1.0)
    with pytest.raises(RuntimeError, match="no such work"):
        await serving.run(asyncio.Event(), asyncio.Event(), beside=[cannot_begin])
    assert endpoint.stops == 1


def test_work_beside_the_line_does_not_die_without_a_word() -> None:
    async def dies() -> None:
        raise RuntimeError("the queue cannot be measured")

    async def serve() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(2.0, stop.set)
        await Serving(FileEndpoint(), Talked().take, 1.0).run(stop, asyncio.Event(), beside=[dies])

    with structlog.testing.capture_logs() as logs:
        run_virtual(serve, busy=lambda: False)
    (told,) = logs
    assert told["event"] == "work beside the line has died"
    assert str(told["exc_info"]) == "the queue cannot be measured"


def test_admission_is_told_of_the_queue_while_it_waits() -> None:
    waits = iter([0.0, 4000.0] + [9000.0] * 100)

    async def watch() -> Admission:
        loop = asyncio.get_running_loop()
        judge = Admission(clock=loop.time)
        assert judge.judge("in").admitted  # an idle line would take one call in any case
        watching = asyncio.ensure_future(watch_queue(lambda: next(waits), judge))
        await asyncio.sleep(40 * QUEUE_WATCH_S)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return judge

    judge = run_virtual(watch, busy=lambda: False)
    assert judge.snapshot().queue_ms > 1500
    assert judge.refusal() is Refusal.QUEUE
