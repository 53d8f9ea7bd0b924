"""A soak: calls come and go for a long time; does the endpoint grow?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tests.bench.line_load import Crowd, EndpointProcess
from tests.bench.line_numbers import ProcessState

SAMPLE_S = 10.0
TRIM_S = 0.5
"""So long before each sample free memory is given back: threads that come and go leave holes."""
CALL_S = (20.0, 60.0)
WARM_UP = 0.25
"""The first share of the samples is left out: pools and caches fill up once."""
RSS_SHARE = 0.02
"""Fitted growth of up to this share of the memory is an allocator's noise."""


@dataclass(frozen=True)
class Growth:
    """A straight line through what was sampled after the warm-up, over its whole length."""

    name: str
    first: float
    last: float
    fitted: float
    allowed: float

    @property
    def grows(self) -> bool:
        return self.fitted > self.allowed


@dataclass(frozen=True)
class Sample:
    at_s: float
    rss_bytes: int
    threads: int
    files: int
    up: int


def growth_of(samples: list[Sample]) -> list[Growth]:
    """Memory, threads and files; the allowance for the latter two is one call's worth.

    How many calls are up differs from sample to sample, and with them threads and files, so
    these are compared at the same number of calls by fitting both.
    """
    kept = samples[int(len(samples) * WARM_UP) :]
    at = np.array([sample.at_s for sample in kept])
    up = np.array([sample.up for sample in kept], float)
    span = at[-1] - at[0]
    result = []
    for name in ("rss_bytes", "threads", "files"):
        values = np.array([getattr(sample, name) for sample in kept], float)
        columns = np.column_stack([at, up, np.ones_like(at)])
        slope = float(np.linalg.lstsq(columns, values, rcond=None)[0][0])
        a_call = 4.0  # threads or files that one more or less call makes
        allowed = RSS_SHARE * values.mean() if name == "rss_bytes" else a_call
        result.append(
            Growth(name, float(values[0]), float(values[-1]), float(slope * span), float(allowed))
        )
    return result


class Soak:
    """Keeps `calls` calls up; each lasts 20 to 60 s and is replaced by a new one."""

    def __init__(self, endpoint: EndpointProcess, crowd: Crowd, calls: int) -> None:
        self._endpoint = endpoint
        self._crowd = crowd
        self._calls = calls
        self._random = random.Random(1)
        self._ends_s: dict[str, float] = {}
        self._sample_s = 0.0
        self._trimmed = False
        self.samples: list[Sample] = []
        self.made = 0

    def run(self, minutes: float, tell: Callable[[str, float], bool]) -> None:
        """Blocks until it is over."""
        start_s = time.monotonic()
        self._sample_s = start_s + SAMPLE_S

        def step() -> bool:
            now_s = time.monotonic()
            self._replace(now_s)
            if now_s >= self._sample_s - TRIM_S and not self._trimmed:
                self._trimmed = True
                self._endpoint.tell("trim")
            if now_s >= self._sample_s:
                self._sample_s += SAMPLE_S
                self._trimmed = False
                self._sample(now_s - start_s)
                self._crowd.media.heard()
            what = f"soak, {self.made} calls made, {len(self._crowd.failures)} failed"
            return tell(what, (now_s - start_s) / 60 / minutes)

        self._crowd.run(minutes * 60, step)

    def _replace(self, now_s: float) -> None:
        up = self._crowd.up
        for dialog in up:
            ends_s = self._ends_s.setdefault(dialog.call_id, now_s + self._random.uniform(*CALL_S))
            if now_s >= ends_s:
                del self._ends_s[dialog.call_id]
                self._crowd.hang_up(dialog)
        if len(up) + self._crowd.calling < self._calls and self._crowd.calling < 2:
            self.made += 1
            self._crowd.dial()

    def _sample(self, at_s: float) -> None:
        state: ProcessState = self._endpoint.state()
        up = len(self._crowd.up)
        self.samples.append(Sample(at_s, state.rss_bytes, state.threads, state.files, up))

    def verdict(self) -> tuple[bool, list[str], dict[str, Any]]:
        """Whether nothing grows, lines to print, and the same for a file."""
        growths = growth_of(self.samples)
        lines = [
            f"{growth.name}: {growth.first:,.0f} -> {growth.last:,.0f}, fitted "
            f"{growth.fitted:+,.0f} over the run (allowed {growth.allowed:,.0f}): "
            + ("GROWS" if growth.grows else "no growth")
            for growth in growths
        ]
        steady = not any(growth.grows for growth in growths)
        details = {
            "calls_made": self.made,
            "failures": self._crowd.failures,
            "growth": [asdict(growth) for growth in growths],
            "samples": [asdict(sample) for sample in self.samples],
        }
        return steady, lines, details
