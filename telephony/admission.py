"""How many calls may come in: by rate, by number, and above all by what the machine bears.

The limits are upper bounds. What decides on a machine that is too small for them is measured:
how late the event loop runs, and how long the next inference would wait. Sans-I/O.
"""

from __future__ import annotations

import enum
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from telephony.errors import LineError
from telephony.overload import Ceiling, Hysteresis, Smoothed
from telephony.token_bucket import TokenBucket

_MOST_MS = 60_000.0


@dataclass(frozen=True)
class Limits:
    """Upper bounds for calls that ring us; calls that we place do not count.

    Attributes:
        max_calls: at the same time; a slower machine takes fewer by itself.
        calls_per_s: new calls, on the average.
        burst: new calls that may come at once, and the calls that a machine is trusted with
            until it has shown that it bears them.
        max_lag_ms: smoothed lateness of the event loop above which no call joins those that
            are in; `math.inf` is never.
        max_queue_ms: the same for the wait of the next inference.
        overflow: a call over the limits is refused (503), or let in to hear a notice.
        notice_calls: how many calls may be in for that at the same time.
        retry_after_s: what a refused caller is told to wait, at least; at most twice that.
        requests_per_s: SIP requests outside calls from one source address.

    Raises LineError for a limit that lets nothing in.
    """

    max_calls: int = 50
    calls_per_s: float = 10.0
    burst: int = 20
    max_lag_ms: float = 60.0
    max_queue_ms: float = 1500.0
    overflow: Literal["refuse", "notice"] = "refuse"
    notice_calls: int = 5
    retry_after_s: int = 5
    requests_per_s: float = 50.0

    def __post_init__(self) -> None:
        least = {
            "max_calls": 1,
            "calls_per_s": 0.01,
            "burst": 1,
            "max_lag_ms": 1,
            "max_queue_ms": 1,
            "notice_calls": 0,
            "retry_after_s": 1,
            "requests_per_s": 0.01,
        }
        for name, lowest in least.items():
            if not getattr(self, name) >= lowest:
                raise LineError(f"{name}: {lowest} or more is expected, got {getattr(self, name)}")


class Refusal(enum.StrEnum):
    """Why a call is not let in."""

    DRAINING = "draining"
    CALLS = "calls"
    RATE = "rate"
    LAG = "lag"
    QUEUE = "queue"


@dataclass(frozen=True)
class Verdict:
    """`overflow`: over the limits, and let in only to hear the notice."""

    admitted: bool
    overflow: bool = False
    why: Refusal | None = None


@dataclass(frozen=True)
class Snapshot:
    """The state of admission at one moment, for a console.

    `in_calls` has all calls, those of the notice (`notice_calls`) included. `ceiling` is how
    many the machine is trusted with now, `max_calls` or less. `why` is what a call that rang
    now would be refused for. `admitted`, `noticed` and `refused` count calls since the start.
    """

    in_calls: int
    notice_calls: int
    max_calls: int
    ceiling: int
    lag_ms: float
    queue_ms: float
    draining: bool
    why: Refusal | None
    admitted: int
    noticed: int
    refused: dict[Refusal, int] = field(default_factory=dict)


class Admission:
    """Decides about each new call and knows which are in. Methods may be called by any thread.

    `observe_lag` is the line's to call, `observe_queue` the application's: whenever its queue
    has changed, and at least once a second while anything waits.
    """

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._lock = threading.Lock()
        now_s = clock()
        self._bucket = TokenBucket(self.limits.calls_per_s, self.limits.burst, now_s)
        self._lag, self._queue = Smoothed(now_s), Smoothed(now_s)
        self._late = Hysteresis(self.limits.max_lag_ms)
        self._waiting = Hysteresis(self.limits.max_queue_ms)
        self._told_ms, self._told_at_s = 0.0, now_s
        self._ceiling = Ceiling(self.limits.burst, self.limits.max_calls)
        self._draining = False
        self._in: dict[str, bool] = {}  # Call-ID: in for the notice only
        self._admitted = self._noticed = 0
        self._refused: Counter[Refusal] = Counter()

    @property
    def in_calls(self) -> int:
        """Calls that were let in and have not ended, those of the notice included."""
        return len(self._in)

    def observe_lag(self, ms: float) -> None:
        """How much later than asked for the event loop has just run; to be told often."""
        with self._lock:
            now_s = self._clock()
            self._lag.update(_measured(ms), now_s)
            self._measure(now_s)

    def observe_queue(self, ms: float) -> None:
        """How long an inference that was asked for now would wait before it begins."""
        with self._lock:
            now_s = self._clock()
            self._measure(now_s)
            self._told_ms, self._told_at_s = _measured(ms), now_s

    def _measure(self, now_s: float) -> None:
        # What would have waited 800 ms is served 800 ms later: old news fade by themselves.
        left_ms = max(0.0, self._told_ms - (now_s - self._told_at_s) * 1000)
        self._queue.update(left_ms, now_s)
        self._late.update(self._lag.value, now_s)
        self._waiting.update(self._queue.value, now_s)
        strain = max(
            self._lag.value / self.limits.max_lag_ms, self._queue.value / self.limits.max_queue_ms
        )
        self._ceiling.update(len(self._in) - self._notices(), strain, now_s)

    def _notices(self) -> int:
        return sum(self._in.values())

    def drain(self) -> None:
        """Let no call in any more."""
        with self._lock:
            self._draining = True

    def judge(self, call_id: str) -> Verdict:
        """Let the call with this Call-ID in, or not. One that is in stays as it is."""
        with self._lock:
            if call_id in self._in:
                return Verdict(True, self._in[call_id])
            now_s = self._clock()
            why = self._refusal(now_s)
            if why is None:
                self._bucket.take(now_s)
                self._in[call_id] = False
                self._admitted += 1
                return Verdict(True)
            if self._has_notice(why):
                self._in[call_id] = True
                self._noticed += 1
                return Verdict(True, overflow=True, why=why)
            self._refused[why] += 1
            return Verdict(False, why=why)

    def refusal(self) -> Refusal | None:
        """Why a call that rang now would be refused; None if it would be let in."""
        with self._lock:
            why = self._refusal(self._clock())
            return None if why is not None and self._has_notice(why) else why

    def _refusal(self, now_s: float) -> Refusal | None:
        if self._draining:
            return Refusal.DRAINING
        served = len(self._in) - self._notices()
        if served >= self.limits.max_calls:
            return Refusal.CALLS
        # Trouble without any call is not due to calls, and one is needed to learn of its end.
        if served and self._late.on:
            return Refusal.LAG
        if served and self._waiting.on:
            return Refusal.QUEUE
        if served >= self._ceiling.calls:
            return Refusal.CALLS
        return None if self._bucket.holds(now_s) else Refusal.RATE

    def _has_notice(self, why: Refusal) -> bool:
        return (
            self.limits.overflow == "notice"
            and why is not Refusal.DRAINING
            and self._notices() < self.limits.notice_calls
        )

    def release(self, call_id: str) -> None:
        """The call has ended, or never was one. Idempotent."""
        with self._lock:
            self._in.pop(call_id, None)

    def snapshot(self) -> Snapshot:
        """What to show of it."""
        with self._lock:
            why = self._refusal(self._clock())
            return Snapshot(
                in_calls=len(self._in),
                notice_calls=self._notices(),
                max_calls=self.limits.max_calls,
                ceiling=self._ceiling.calls,
                lag_ms=self._lag.value,
                queue_ms=self._queue.value,
                draining=self._draining,
                why=why,
                admitted=self._admitted,
                noticed=self._noticed,
                refused=dict(self._refused),
            )


def _measured(ms: float) -> float:
    """A figure to reckon with: a NaN or an infinity would never leave the mean again."""
    return min(ms, _MOST_MS) if ms > 0 else 0.0
