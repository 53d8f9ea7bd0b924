"""The language model's rung: asked in time, behind a filler, or not at all; and the record says."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from voicebot.errors import LanguageError
from voicebot.language.api import Cancelled, Late
from voicebot.remote.breaker import Breaker
from voicebot.session.ladder import TRIAL_AFTER, Ladder
from voicebot.turns.budget import Budget
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual

LIMIT_MS, PATIENCE_MS = 1000.0, 2500.0


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    made = InferenceScheduler()
    yield made
    made.close()


class Turn:
    """A ladder and a budget that begins now; `late` counts the fillers that were called for."""

    def __init__(self, scheduler: InferenceScheduler, estimate_ms: float = 100.0) -> None:
        self.estimates = StageEstimates({"choice": estimate_ms})
        self.breaker_s = [0.0]
        breaker = Breaker(clock=lambda: self.breaker_s[0])
        self.ladder = Ladder(scheduler, self.estimates, remote=True, breaker=breaker)
        self.late = 0
        self.budget = self.fresh()

    def fresh(self, used_ms: float = 0.0) -> Budget:
        clock = asyncio.get_running_loop().time
        started_s = clock() - used_ms / 1000
        budget = Budget(started_s, LIMIT_MS, clock, patience_ms=PATIENCE_MS)
        budget.on_late = self._late
        return budget

    def _late(self) -> None:
        self.late += 1

    def notes(self) -> list[str]:
        return [f"{stage.stage} {stage.note}".strip() for stage in self.budget.stages]


def answers(allowed_ms: float, gone: Cancelled) -> str:
    return "好"


async def test_what_fits_is_asked_in_time(scheduler: InferenceScheduler) -> None:
    turn = Turn(scheduler)
    assert await turn.ladder.ask("choice", answers, turn.budget) == "好"
    assert (turn.late, turn.notes()) == (0, ["choice"])


async def test_what_fits_behind_a_filler_only_calls_for_one(scheduler: InferenceScheduler) -> None:
    turn = Turn(scheduler, estimate_ms=1800.0)
    assert await turn.ladder.ask("choice", answers, turn.budget) == "好"
    assert turn.late == 1


async def test_what_fits_nowhere_is_skipped_and_the_record_says_why(
    scheduler: InferenceScheduler,
) -> None:
    turn = Turn(scheduler, estimate_ms=1800.0)
    turn.budget = turn.fresh(used_ms=900)
    assert await turn.ladder.ask("choice", answers, turn.budget) is None
    assert turn.late == 0
    assert turn.notes()[0].startswith("choice skipped: needs 1800 ms, 1")


def hangs(told: list[bool]) -> Callable[[float, Cancelled], str]:
    """An engine that keeps no deadline, but looks whether anybody waits."""

    def job(allowed_ms: float, gone: Cancelled) -> str:
        give_up_s = time.monotonic() + 20
        while not gone() and time.monotonic() < give_up_s:
            time.sleep(0.005)
        told.append(gone())
        return "zu spät"

    return job


def until(happened: Callable[[], bool], limit_s: float = 10.0) -> bool:
    end_s = time.monotonic() + limit_s
    while not happened() and time.monotonic() < end_s:
        time.sleep(0.005)
    return happened()


def test_a_model_that_hangs_is_left_behind_at_the_deadline(scheduler: InferenceScheduler) -> None:
    told: list[bool] = []

    async def ask() -> None:
        turn = Turn(scheduler)
        assert await turn.ladder.ask("choice", hangs(told), turn.budget) is None
        assert turn.budget.elapsed_ms() < LIMIT_MS + 500
        assert turn.notes() == ["choice late: nothing within 1000 ms"]

    run_virtual(ask, busy=lambda: scheduler.in_flight > 0)
    assert until(lambda: told == [True])


async def test_a_caller_who_goes_on_cancels_at_the_engine(scheduler: InferenceScheduler) -> None:
    turn, told = Turn(scheduler), list[bool]()
    asking = asyncio.create_task(turn.ladder.ask("choice", hangs(told), turn.budget))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asyncio.to_thread(until, lambda: told == [True])


def fails(allowed_ms: float, gone: Cancelled) -> str:
    raise LanguageError("language: 127.0.0.1: there is no connection to it")


def is_late(allowed_ms: float, gone: Cancelled) -> str:
    raise Late("language: nothing")


async def test_after_three_failures_it_is_not_asked_for_a_while(
    scheduler: InferenceScheduler,
) -> None:
    turn = Turn(scheduler)
    for _ in range(4):
        assert await turn.ladder.ask("choice", fails, turn.budget) is None
    assert turn.notes()[0] == "choice failed: language: 127.0.0.1: there is no connection to it"
    assert turn.notes()[3] == "choice skipped: failed before, rests for 30 s"
    turn.breaker_s[0] = 31.0
    assert await turn.ladder.ask("choice", answers, turn.fresh()) == "好"


async def test_a_stage_that_was_slow_is_tried_again_after_a_while(
    scheduler: InferenceScheduler,
) -> None:
    """Its estimate is what it once took, and nothing would ever tell that it is faster now."""
    turn = Turn(scheduler)
    turn.estimates.observe("choice", 60_000.0)
    asked = [await turn.ladder.ask("choice", answers, turn.fresh()) for _ in range(TRIAL_AFTER + 1)]
    assert asked == [None] * TRIAL_AFTER + ["好"]
    assert turn.late == 1


async def test_what_was_late_is_remembered(scheduler: InferenceScheduler) -> None:
    turn = Turn(scheduler, estimate_ms=10.0)
    assert await turn.ladder.ask("choice", is_late, turn.budget) is None
    assert turn.estimates.p95_ms("choice") > 900


async def test_requests_that_wait_for_a_server_take_no_worker(
    scheduler: InferenceScheduler,
) -> None:
    from voicebot.turns.scheduler import Priority

    release = threading.Event()
    waiting = [
        asyncio.create_task(scheduler.run(Priority.CHOICE, release.wait, 20, waits=True))
        for _ in range(4)
    ]
    here = await asyncio.wait_for(scheduler.run(Priority.FINAL_ASR, lambda: "hier"), 10)
    assert here == "hier"
    assert await asyncio.to_thread(until, lambda: scheduler.in_flight == 4)
    assert scheduler.busy == 0
    release.set()
    assert await asyncio.gather(*waiting) == [True] * 4


async def test_by_text_there_is_no_hurry(scheduler: InferenceScheduler) -> None:
    turn = Turn(scheduler, estimate_ms=25_000.0)
    assert await turn.ladder.ask("choice", answers, None) == "好"
