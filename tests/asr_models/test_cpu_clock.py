from __future__ import annotations

import threading
import time

from asr_models.cpu_clock import WorkerClock, thread_ids


def test_only_the_given_threads_are_counted() -> None:
    release = threading.Event()
    before = thread_ids()
    sleeper = threading.Thread(target=release.wait)
    sleeper.start()
    clock = WorkerClock(thread_ids() - before)
    started, process_started = clock.seconds(), time.process_time()
    while time.process_time() - process_started < 0.05:
        sum(range(1000))  # this thread works, the other one waits
    counted = clock.seconds() - started
    release.set()
    sleeper.join()
    assert counted < 0.01


def test_without_threads_the_process_is_counted() -> None:
    clock = WorkerClock(frozenset())
    started = clock.seconds()
    while clock.seconds() - started < 0.01:
        sum(range(1000))
    assert clock.seconds() > started


def test_an_ended_thread_falls_back_to_the_process() -> None:
    assert WorkerClock(frozenset({2**22})).seconds() > 0
