"""The steps of the ramp: bring calls up, let them talk, measure one window."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.bench.line_load import Crowd, EndpointProcess
from tests.bench.line_numbers import Gaps, gaps_of

SETTLE_S = 1.0
BUSY_SETTLE_S = 2.0
Tell = Callable[[str, float], bool]
"""Is told what goes on and how far it is (0 to 1); always true."""


@dataclass(frozen=True)
class Step:
    """One row of the table. Percentages of one core; gaps as the kernel of the far end saw them.

    `silent` are packets of ours that were silence although the endpoint had speech queued: the
    stack's thread paces packets whatever Python does, so a starved queue shows here and not in
    the gaps. `lost_out` were sent by the endpoint and never came; `lost_in` is what it reports
    to have missed (RTCP). `sender_late_ms` is this program's own delay in sending (p99).
    """

    calls: int
    busy: bool
    up: int
    setups_per_s: float
    setup_p99_ms: float
    failures: tuple[str, ...]
    gaps: Gaps
    lost_in: int
    silent_percent: float
    heard_percent: float
    cpu_percent_a_call: float
    loop_percent: float
    memory_kib_a_call: float
    lag_ms: float
    threads: int
    files: int
    sender_late_ms: float
    dropped_here: int


@dataclass(frozen=True)
class Setup:
    """How the calls of a step came up; all zero where none were added."""

    per_s: float = 0.0
    p99_ms: float = 0.0


class Ramp:
    """Steps on one endpoint, one after the other; calls stay up from step to step."""

    def __init__(self, endpoint: EndpointProcess, crowd: Crowd, window_s: float) -> None:
        self._endpoint = endpoint
        self._crowd = crowd
        self._window_s = window_s
        self._idle_rss = endpoint.state().rss_bytes

    def step(self, calls: int, busy: bool, tell: Tell) -> Step:
        """Measure `calls` calls, with or without the busy thread."""
        failed_before = len(self._crowd.failures)
        setup = self._bring_up(calls, tell)
        self._crowd.run(SETTLE_S, lambda: tell("settling", 0))
        if busy:
            self._endpoint.tell("busy on")
            self._crowd.run(BUSY_SETTLE_S, lambda: tell("settling, busy", 0))
        try:
            return self._measure(calls, busy, setup, failed_before, tell)
        finally:
            if busy:
                self._endpoint.tell("busy off")

    def _bring_up(self, calls: int, tell: Tell) -> Setup:
        missing = calls - len(self._crowd.up)
        if missing <= 0:
            return Setup()
        tell("setting up", 0)
        start_s = time.monotonic()
        dialogs = self._crowd.bring_up(missing)
        taken_s = time.monotonic() - start_s
        times_ms = [dialog.setup_s * 1000 for dialog in dialogs if dialog.far_rtp]
        p99_ms = float(np.percentile(times_ms, 99)) if times_ms else 0.0
        return Setup(len(times_ms) / taken_s, p99_ms)

    def _measure(
        self, calls: int, busy: bool, setup: Setup, failed_before: int, tell: Tell
    ) -> Step:
        crowd, endpoint = self._crowd, self._endpoint
        crowd.media.heard()
        crowd.media.late_ms.clear()
        reports, dropped = dict(crowd.media.reports), crowd.media.dropped_here()
        said, before = endpoint.update(), endpoint.state()
        endpoint.lag_ms = 0.0
        start_s = time.monotonic()
        crowd.run(
            self._window_s,
            lambda: tell("measuring", (time.monotonic() - start_s) / self._window_s),
        )
        taken_s = time.monotonic() - start_s
        after, says = endpoint.state(), endpoint.update()
        gaps = gaps_of(crowd.media.heard())
        up = len(crowd.up)
        frames = says["frames"] - said["frames"]
        return Step(
            calls=calls,
            busy=busy,
            up=up,
            setups_per_s=setup.per_s,
            setup_p99_ms=setup.p99_ms,
            failures=tuple(crowd.failures[failed_before:]),
            gaps=gaps,
            lost_in=sum(
                max(0, lost - reports.get(ssrc, 0)) for ssrc, lost in crowd.media.reports.items()
            ),
            silent_percent=100 * gaps.silent / max(1, gaps.packets),
            heard_percent=100 * (1 - (says["silent"] - said["silent"]) / max(1, frames)),
            cpu_percent_a_call=100 * (after.cpu_s - before.cpu_s) / taken_s / max(1, up),
            loop_percent=100 * (after.loop_cpu_s - before.loop_cpu_s) / taken_s,
            memory_kib_a_call=(after.rss_bytes - self._idle_rss) / 1024 / max(1, up),
            lag_ms=endpoint.lag_ms,
            threads=after.threads,
            files=after.files,
            sender_late_ms=float(np.percentile(crowd.media.late_ms or [0.0], 99)),
            dropped_here=crowd.media.dropped_here() - dropped,
        )
