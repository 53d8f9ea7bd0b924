"""The rung of the ladder on which a language model stands: asked in time, or behind a filler.

Whoever asks has an answer without it, and takes that where this returns None: there was no time,
the model was late or failed, or it rests after failing. The waterfall says which.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import structlog

from voicebot.errors import LanguageError
from voicebot.language.api import Abandoned, Cancelled, Late
from voicebot.remote.breaker import Breaker
from voicebot.turns.budget import Budget
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import DeadlinePassed, InferenceScheduler, Priority

T = TypeVar("T")
Job = Callable[[float, Cancelled], T]
"""Called in a worker with the ms that it may take and the question whether anybody still waits."""

NO_HURRY_MS = 30_000.0  # where nobody is on the phone
GRACE_MS = 50.0  # an engine keeps its deadline by itself; one that does not is left behind
TRIAL_AFTER = 10
"""So many skips in a row, and a stage is tried once more: else one slow spell would end its use."""

log = structlog.get_logger(__name__)


class Ladder:
    """One bot's; used from the event loops of its calls.

    Args:
        remote: the model computes elsewhere, so that waiting for it takes no worker.
        breaker: counts what was late or failed, and lets the model rest.
    """

    def __init__(
        self,
        scheduler: InferenceScheduler,
        estimates: StageEstimates,
        *,
        remote: bool,
        breaker: Breaker | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._estimates = estimates
        self._remote = remote
        self._breaker = breaker or Breaker()
        self._skipped: Counter[str] = Counter()

    async def ask(self, stage: str, job: Job[T], budget: Budget | None) -> T | None:
        """What `job` returns, if it is there in time.

        `stage` is one of the estimates'. Cancelled, or late: the job is told that nobody waits.
        """
        allowed_ms = self._allowed(stage, budget)
        if allowed_ms is None:
            return None
        if not self._breaker.allows():
            if budget:
                budget.skip(stage, f"failed before, rests for {self._breaker.rest_s:.0f} s")
            return None
        start_ms = budget.elapsed_ms() if budget else 0.0
        gone = threading.Event()
        note, result = "", None
        try:
            async with asyncio.timeout((allowed_ms + GRACE_MS) / 1000):
                result = await self._scheduler.run(
                    Priority.CHOICE,
                    job,
                    allowed_ms,
                    gone.is_set,
                    deadline_ms=allowed_ms,
                    stage=stage,
                    waits=self._remote,
                )
            self._breaker.succeeded()
        except DeadlinePassed:
            note = "skipped: no worker was free"
        except (Late, Abandoned, TimeoutError):
            self._estimates.observe(stage, allowed_ms)  # it takes that long at the least
            self._breaker.failed()
            note = f"late: nothing within {allowed_ms:.0f} ms"
        except LanguageError as error:
            self._breaker.failed()
            note = f"failed: {error}"
            log.warning("language model failed", stage=stage, error=str(error))
        finally:
            gone.set()
        if budget:
            budget.note(stage, start_ms, note)
        return result

    def _allowed(self, stage: str, budget: Budget | None) -> float | None:
        if budget is None:
            return NO_HURRY_MS
        estimate_ms = self._estimates.p95_ms(stage)
        if self._skipped[stage] >= TRIAL_AFTER:
            estimate_ms = min(estimate_ms, 0.9 * budget.patience_left())
        allowed_ms = budget.affords(stage, estimate_ms)
        if allowed_ms is None or allowed_ms <= 0:
            self._skipped[stage] += 1
            return None
        self._skipped[stage] = 0
        return allowed_ms
