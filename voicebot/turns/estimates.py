"""How long a stage takes here: learned 95th percentiles, for the turn's budget."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping


class SlidingQuantile:
    """Nearest-rank quantile of the last `window` values, updated in O(window) per value."""

    def __init__(self, quantile: float, window: int) -> None:
        if not 0.0 < quantile <= 1.0 or window < 1:
            raise ValueError(
                f"quantile must be in (0, 1] and window at least 1, got {quantile} and {window}"
            )
        self._quantile = quantile
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self._window = window

    def __len__(self) -> int:
        return len(self._recent)

    def add(self, value: float) -> None:
        """Take one value in; the oldest one beyond the window leaves."""
        self._recent.append(value)
        insort(self._sorted, value)
        if len(self._recent) > self._window:
            oldest = self._recent.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]

    def value(self) -> float:
        """The quantile. Raises ValueError while there is no value."""
        if not self._sorted:
            raise ValueError("no values yet: add() one before asking for the quantile")
        rank = -(-len(self._sorted) * self._quantile // 1)
        return self._sorted[int(rank) - 1]


class StageEstimates:
    """p95 of each stage's duration over its last `WINDOW` runs, in ms. Thread-safe.

    A new process knows nothing: until a stage has run `COLD_RUNS` times its estimate is the
    default given here, or the slowest run so far if that was slower (a default must not hide a
    slow machine).

    Args:
        defaults_ms: cold-start estimate of each stage; these are the known stages.
    """

    WINDOW = 200
    COLD_RUNS = 20
    QUANTILE = 0.95

    def __init__(self, defaults_ms: Mapping[str, float]) -> None:
        self._defaults_ms = dict(defaults_ms)
        self._lock = threading.Lock()
        self._observed = {
            stage: SlidingQuantile(self.QUANTILE, self.WINDOW) for stage in defaults_ms
        }
        self._slowest_ms = dict.fromkeys(defaults_ms, 0.0)

    def observe(self, stage: str, duration_ms: float) -> None:
        """Learn one run. A run cancelled part-way is observed with the time it had taken."""
        with self._lock:
            self._known(stage).add(duration_ms)
            self._slowest_ms[stage] = max(self._slowest_ms[stage], duration_ms)

    def p95_ms(self, stage: str) -> float:
        """The estimate to hand to `Budget.fits`, in ms. Raises KeyError for an unknown stage."""
        with self._lock:
            observed = self._known(stage)
            if len(observed) < self.COLD_RUNS:
                return max(self._defaults_ms[stage], self._slowest_ms[stage])
            return observed.value()

    def _known(self, stage: str) -> SlidingQuantile:
        try:
            return self._observed[stage]
        except KeyError:
            known = ", ".join(sorted(self._observed))
            raise KeyError(f"unknown stage {stage!r}; stages given: {known}") from None
