"""CPU time of native worker threads, which Python's own clocks cannot tell apart."""

from __future__ import annotations

import sys
import time
from pathlib import Path

_TASKS = Path("/proc/self/task")


def thread_ids() -> frozenset[int]:
    """Return the kernel ids of this process's threads (empty where there is no /proc)."""
    try:
        return frozenset(int(entry.name) for entry in _TASKS.iterdir())
    except OSError:
        return frozenset()


class WorkerClock:
    """Sums the CPU time of given threads; without their ids, of the whole process."""

    def __init__(self, threads: frozenset[int]) -> None:
        usable = threads if sys.platform.startswith("linux") else frozenset()
        # Linux: the clock of any thread of this process, as pthread_getcpuclockid(3) builds it.
        self._clocks = [(~thread << 3) | 6 for thread in sorted(usable)]

    def seconds(self) -> float:
        if not self._clocks:
            return time.process_time()
        try:
            return sum(time.clock_gettime(clock) for clock in self._clocks)
        except OSError:  # a worker ended: its time can no longer be read
            self._clocks = []
            return time.process_time()
