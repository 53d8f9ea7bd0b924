"""Is this machine still fast enough? Smoothed measurements, hysteresis, a learned ceiling.

How many calls a machine carries cannot be read off a setting: it is found by looking at what
the calls do to it. Sans-I/O: time comes in as an argument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SMOOTHING_S = 1.0
RECOVERED_AT = 0.5  # of the limit: far enough below it not to flap
CALM_S = 2.0
BACK_OFF = 0.8
PROBE_S = 5.0
GROWTH = 0.1
_WEIGHTED_AT_MOST_S = 5.0  # a process that was stopped for an hour forgets no more than this


class Smoothed:
    """Mean over about the last second, weighted by time and not by number of samples.

    One stall of a second is one sample, and as long as the hundred good samples around it.
    """

    def __init__(self, now_s: float) -> None:
        self.value = 0.0
        self._at_s = now_s

    def update(self, value: float, now_s: float) -> None:
        """`value` has been true since the last update."""
        weighted_s = min(max(now_s - self._at_s, 0.0), _WEIGHTED_AT_MOST_S)
        self._at_s = max(now_s, self._at_s)
        self.value += (value - self.value) * -math.expm1(-weighted_s / SMOOTHING_S)


class Hysteresis:
    """On above `limit`; off again after `CALM_S` without a break below half of it."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._calm_since_s: float | None = None
        self.on = False

    def update(self, value: float, now_s: float) -> None:
        if value > self._limit:
            self.on = True
        if value > self._limit * RECOVERED_AT:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= CALM_S:
            self.on = False


@dataclass
class Ceiling:
    """How many calls this machine has been seen to carry, between 1 and `most`.

    A call costs something only seconds after it was let in, so a machine that is judged by its
    present load alone lets far too many in, drowns, empties and does it again. So the number
    that drowned it is remembered: multiplied down when overload begins (and again while it
    lasts with no more calls than that), raised by a tenth for every `PROBE_S` at the ceiling
    in good health.
    """

    most: int
    calls: int = 0
    _overloaded: bool = False
    _since_s: float = 0.0

    def __post_init__(self) -> None:
        self.calls = self.most

    def update(self, in_calls: int, overloaded: bool, now_s: float) -> None:
        begins = overloaded and not self._overloaded
        pressed = in_calls <= self.calls if overloaded else in_calls >= self.calls
        if begins:
            self._lower(in_calls)
        elif overloaded == self._overloaded and pressed:
            if now_s - self._since_s < PROBE_S:
                return
            if overloaded:
                self._lower(in_calls)
            else:
                self.calls = min(self.most, self.calls + max(1, int(self.calls * GROWTH)))
        self._overloaded, self._since_s = overloaded, now_s

    def _lower(self, in_calls: int) -> None:
        self.calls = max(1, min(self.calls, int(in_calls * BACK_OFF)))
