"""Is this machine still fast enough? Smoothed measurements, hysteresis, a learned ceiling.

How many calls a machine carries cannot be read off a setting: it is found by looking at what
the calls do to it. Sans-I/O: time comes in as an argument.
"""

from __future__ import annotations

import math

SMOOTHING_S = 2.0
RECOVERED_AT = 0.5  # of the limit: far enough below it not to flap
CALM_S = 2.0
BACK_OFF = 0.8
PROBE_S = 5.0
GROWTH = 0.25
_WEIGHTED_AT_MOST_S = 5.0  # a process that was stopped for an hour forgets no more than this


class Smoothed:
    """Mean over about the last two seconds, weighted by time and not by number of samples.

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


class Ceiling:
    """How many calls this machine is trusted with, from what it has been seen to carry.

    A call costs something only seconds after it was let in, so a machine that is judged by its
    present load alone lets far too many in, drowns, empties and does it again. Hence TCP's way
    (RFC 5681) with calls for segments: from `start` doubled after every `PROBE_S` at it with
    half of the bearable strain at most, up to `most`; cut to four fifths of the calls that were
    in when strain has been too high for `PROBE_S` and does not fall; from then on raised by
    quarters, and by single calls near the number that was too many the last time.
    """

    def __init__(self, start: int, most: int) -> None:
        self.calls = min(start, most)
        self._most = most
        self._growth = 1.0
        self._too_many = 0
        self._at: tuple[bool, float, float] | None = None  # too high, strain then, since

    def update(self, in_calls: int, strain: float, now_s: float) -> None:
        """`strain` is what was measured over what is bearable: 1 is the most."""
        high = strain > 1
        if high:  # with more calls in than that, or with none, it tells nothing about them
            tells = 0 < in_calls <= self.calls
        else:  # as calls come and go, one is below the ceiling for moments
            tells = in_calls * 2 >= self.calls and strain < RECOVERED_AT
        if not tells:
            self._at = None
        elif self._at is None or self._at[0] is not high:
            if high or in_calls >= self.calls:
                self._at = high, strain, now_s
        elif now_s - self._at[2] >= PROBE_S and (high or in_calls >= self.calls):
            self._move(in_calls, high and strain >= self._at[1], high)
            self._at = high, strain, now_s

    def _move(self, in_calls: int, worse: bool, high: bool) -> None:
        if worse:
            self.calls = max(1, int(in_calls * BACK_OFF))
            self._growth, self._too_many = GROWTH, in_calls
        elif not high:
            near = BACK_OFF <= self.calls / max(self._too_many, 0.1) <= 1 / BACK_OFF
            step = 1 if near else max(2, int(self.calls * self._growth))
            self.calls = min(self._most, self.calls + step)
