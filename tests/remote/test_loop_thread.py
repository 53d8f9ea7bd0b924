"""The thread in which the online voice's requests run."""

from __future__ import annotations

import asyncio
import threading

from voicebot.remote.loop_thread import LoopThread


def test_a_task_that_does_not_go_is_told_again() -> None:
    started, ended = threading.Event(), threading.Event()

    async def stubborn() -> None:
        try:
            started.set()
            await asyncio.sleep(3600)
        finally:
            try:
                await asyncio.sleep(3600)  # a good-bye that nobody answers
            finally:
                ended.set()

    loop = LoopThread("test")
    task = loop.run(stubborn)
    assert started.wait(10)
    task.cancel()
    assert ended.wait(10)
    loop.close()


def test_a_task_cancelled_at_once_does_nothing() -> None:
    done = threading.Event()
    loop = LoopThread("test")
    busy = threading.Event()

    async def block() -> None:
        busy.wait(10)

    async def never() -> None:
        done.set()

    loop.run(block)
    loop.run(never).cancel()
    busy.set()
    loop.close()
    assert not done.is_set()


def test_closing_ends_tasks_and_a_cancel_after_it_is_nothing() -> None:
    started, ended = threading.Event(), threading.Event()

    async def wait() -> None:
        try:
            started.set()
            await asyncio.sleep(3600)
        finally:
            ended.set()

    loop = LoopThread("test")
    task = loop.run(wait)
    assert started.wait(10)
    loop.close()
    assert ended.is_set()
    task.cancel()
    loop.close()
