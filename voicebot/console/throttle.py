"""How many sign-ins may fail, by account and by address. Pure: times come in as arguments."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_MOST_KEYS = 10_000


@dataclass(frozen=True)
class Limit:
    """At most `failures` within `window_s`; the next one waits until the oldest is that old."""

    failures: int
    window_s: float


class Throttle:
    """Counts failures by key. Old keys are forgotten when there are too many."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """How long `key` must wait for its next try; 0 if it may at once."""
        recent = self._recent(key, now_s)
        if len(recent) < self._limit.failures:
            return 0.0
        return recent[-self._limit.failures] + self._limit.window_s - now_s

    def take(self, key: str, now_s: float) -> None:
        """Count a try as failed until it is known to be none (`forget`): guesses sent at the same
        moment are counted before the first one is judged."""
        recent = self._recent(key, now_s)
        recent.append(now_s)
        self._failed[key] = recent[-self._limit.failures :]
        self._failed.move_to_end(key)
        while len(self._failed) > _MOST_KEYS:
            self._failed.popitem(last=False)

    def give_back(self, key: str) -> None:
        """The last try of `key` was none that failed."""
        if recent := self._failed.get(key):
            recent.pop()

    def forget(self, key: str) -> None:
        """The right person came."""
        self._failed.pop(key, None)

    def _recent(self, key: str, now_s: float) -> list[float]:
        since = now_s - self._limit.window_s
        return [at for at in self._failed.get(key, ()) if at > since]
