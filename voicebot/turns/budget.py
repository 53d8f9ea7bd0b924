"""The turn's time budget: made at the caller's last sound and handed down the turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


def nobody() -> None:
    """Nobody minds a late reply."""


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
        patience_ms: behind a filler a reply may take until then; no more than `limit_ms` without.
        on_late: told when a stage begins that needs the filler.

    A stage declares its estimate; `fits` and `affords` say whether it may start, and a refusal is
    kept in the waterfall so that the record shows what was skipped and why.
    """

    started_s: float
    limit_ms: float
    clock: Callable[[], float]
    stages: list[StageTiming] = field(default_factory=list)
    patience_ms: float = 0.0
    on_late: Callable[[], None] = nobody

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
        self.skip(stage, f"needs {estimate_ms:.0f} ms, {left:.0f} left")
        return False

    def affords(self, stage: str, estimate_ms: float) -> float | None:
        """How many ms a stage of this estimated length may take, in time or behind a filler.

        None if it may not start; the refusal is noted. `on_late` is told of a filler's need.
        """
        if estimate_ms <= self.remaining():
            return self.remaining()
        left = self.patience_left()
        if estimate_ms > left:
            self.skip(stage, f"needs {estimate_ms:.0f} ms, {left:.0f} left behind a filler")
            return None
        self.on_late()
        return left

    def patience_left(self) -> float:
        """Milliseconds left behind a filler; negative when they have passed."""
        return max(self.patience_ms, self.limit_ms) - self.elapsed_ms()

    def skip(self, stage: str, why: str) -> None:
        """Record a stage that was left out."""
        now = self.elapsed_ms()
        self.stages.append(StageTiming(stage, now, now, f"skipped: {why}"))

    def note(self, stage: str, start_ms: float, note: str = "") -> None:
        """Record a stage that began at `start_ms` and ends now."""
        self.stages.append(StageTiming(stage, start_ms, self.elapsed_ms(), note))
