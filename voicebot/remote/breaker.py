"""A circuit breaker: what fails is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Leaves a failing service alone for a while, then lets one request try it again.

    Opens after `failures` in a row, for `rest_s`. Thread-safe. `clock` gives seconds.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        rest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._rest_s, self._clock = failures, rest_s, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._closed_again_s = 0.0

    @property
    def rest_s(self) -> float:
        """How long a rest is."""
        return self._rest_s

    @property
    def resting(self) -> bool:
        """Whether it is not to be tried now; asking takes no trial away."""
        with self._lock:
            return self._failed >= self._limit and self._clock() < self._closed_again_s

    def allows(self) -> bool:
        """Whether it may be tried now. When the rest is over, one caller gets a trial."""
        with self._lock:
            if self._failed < self._limit:
                return True
            if self._clock() < self._closed_again_s:
                return False
            self._closed_again_s = self._clock() + self._rest_s
            return True

    def succeeded(self) -> None:
        """A request was answered."""
        with self._lock:
            self._failed = 0

    def failed(self) -> bool:
        """One was not; returns whether the service rests from now on."""
        with self._lock:
            self._failed += 1
            self._closed_again_s = self._clock() + self._rest_s
            return self._failed >= self._limit
