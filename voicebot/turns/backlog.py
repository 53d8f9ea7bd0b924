"""How long a job would wait behind others. Sans-I/O."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def wait_ms(free_in_ms: Iterable[float], queued_ms: Iterable[float]) -> float:
    """When the first worker is free for one more job, in ms from now.

    Args:
        free_in_ms: for each worker how long its running job still takes; 0 if it is idle.
        queued_ms: what the jobs before it take, in the order in which they will be begun.
    """
    free = [max(0.0, ms) for ms in free_in_ms]
    heapq.heapify(free)
    for job_ms in queued_ms:
        heapq.heapreplace(free, free[0] + job_ms)
    return free[0]
