"""The turn's time budget: made at the caller's last sound and handed down the turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StageTiming:
    """One line of the turn's waterfall; times in ms since the caller's last sound."""

    stage: str
    start_ms: float
    end_ms: float
    note: str = ""


@dataclass
class Budget:
    """What is left of the time in which the caller must hear the first sound.

    Args:
        started_s: the caller's last speech sample, on `clock`'s scale (seconds).
        limit_ms: first audio must leave by then.
        clock: seconds, monotonic; the call's clock (virtual in replay and tests).

    A stage declares its estimate; `fits` says whether it may start, and a refusal is kept in
    the waterfall so that the record shows what was skipped and why.
    """

    started_s: float
    limit_ms: float
    clock: Callable[[], float]
    stages: list[StageTiming] = field(default_factory=list)

    def elapsed_ms(self) -> float:
        """Milliseconds since the caller's last sound."""
        return (self.clock() - self.started_s) * 1000.0

    def remaining(self) -> float:
        """Milliseconds left before the limit; negative when it has passed."""
        return self.limit_ms - self.elapsed_ms()

    def fits(self, stage: str, estimate_ms: float) -> bool:
        """Whether a stage of this estimated length may start now; notes the refusal if not."""
        left = self.remaining()
        if estimate_ms <= left:
            return True
        now = self.elapsed_ms()
        self.stages.append(
            StageTiming(stage, now, now, f"skipped: needs {estimate_ms:.0f} ms, {left:.0f} left")
        )
        return False

    def note(self, stage: str, start_ms: float, note: str = "") -> None:
        """Record a stage that began at `start_ms` and ends now."""
        self.stages.append(StageTiming(stage, start_ms, self.elapsed_ms(), note))
