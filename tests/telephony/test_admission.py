"""Admission in virtual time: limits, load, and a count that is always right."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from telephony.admission import Admission, Limits, Refusal
from telephony.errors import LineError
from telephony.overload import BACK_OFF, CALM_S, PROBE_S, Ceiling, Hysteresis, Smoothed
from telephony.token_bucket import SourceBuckets, TokenBucket

TICK_S = 0.01
# Limits that no test meets by accident.
ROOMY = {"max_calls": 1000, "calls_per_s": 1e6, "burst": 1000}


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Machine:
    """A machine that carries `capacity` calls: above it the loop lags and inference queues."""

    def __init__(self, capacity: float, limits: Limits) -> None:
        self.clock = Clock()
        self.admission = Admission(limits, self.clock)
        self.calls: dict[str, tuple[float, float]] = {}  # began, ends
        self.capacity = capacity
        self.queue_ms = 0.0
        self.rung = 0

    def run(self, seconds: float, calls_per_s: float, talk_s: float) -> list[int]:
        """Calls come evenly and all last `talk_s`; how many were in, every 10 ms."""
        course: list[int] = []
        due_s = self.clock.now_s
        end_s = self.clock.now_s + seconds
        while self.clock.now_s < end_s:
            self.clock.now_s += TICK_S
            self._hang_up()
            self._load()
            while due_s <= self.clock.now_s:
                due_s += 1 / calls_per_s
                self.rung += 1
                if self.admission.judge(f"call {self.rung}").admitted:
                    now_s = self.clock.now_s
                    self.calls[f"call {self.rung}"] = now_s, now_s + talk_s
            course.append(len(self.calls))
        return course

    def _hang_up(self) -> None:
        for call_id, (_, ends_s) in list(self.calls.items()):
            if ends_s <= self.clock.now_s:
                del self.calls[call_id]
                self.admission.release(call_id)

    def _load(self) -> None:
        # A call costs something only once its caller has begun to speak.
        speaking = sum(self.clock.now_s - began_s > 3 for began_s, _ in self.calls.values())
        load = speaking / self.capacity
        self.queue_ms = max(0.0, self.queue_ms + (load - 1) * 1000 * TICK_S)
        self.admission.observe_lag(5 * load + 300 * max(0.0, load - 1))
        self.admission.observe_queue(self.queue_ms)


def test_a_machine_that_is_too_slow_refuses_long_before_the_limit() -> None:
    slow = Machine(12, Limits(max_calls=200))
    course = slow.run(400, calls_per_s=2, talk_s=30)
    assert max(course) < 60
    assert 6 <= sum(course[20_000:]) / 20_000 <= 13
    assert max(course[20_000:]) <= 18
    refused = slow.admission.snapshot().refused
    assert refused[Refusal.LAG] + refused[Refusal.QUEUE] > 0


def test_a_fast_machine_goes_up_to_the_limit() -> None:
    fast = Machine(1000, Limits(max_calls=60))
    course = fast.run(120, calls_per_s=8, talk_s=40)
    assert max(course) == 60
    assert min(course[6000:]) >= 55
    assert set(fast.admission.snapshot().refused) == {Refusal.CALLS}


def test_an_unknown_machine_is_trusted_with_a_burst_and_then_with_more() -> None:
    machine = Machine(1000, Limits(max_calls=100, burst=10, calls_per_s=100))
    assert machine.run(4, calls_per_s=50, talk_s=1000)[-1] == 10
    assert machine.run(PROBE_S, calls_per_s=50, talk_s=1000)[-1] == 20
    assert machine.run(2 * PROBE_S, calls_per_s=50, talk_s=1000)[-1] == 80
    assert machine.run(2 * PROBE_S, calls_per_s=50, talk_s=1000)[-1] == 100


def test_what_the_machine_has_learned_is_kept_when_it_is_empty_again() -> None:
    slow = Machine(10, Limits(max_calls=200, burst=40))
    assert max(slow.run(60, calls_per_s=10, talk_s=20)) == 40
    slow.run(60, calls_per_s=0.01, talk_s=20)
    assert max(slow.run(15, calls_per_s=10, talk_s=20)) <= 33


def test_one_stall_refuses_nobody_and_a_lasting_one_everybody() -> None:
    clock = Clock()
    admission = Admission(Limits(**ROOMY), clock)
    assert admission.judge("first").admitted
    clock.now_s += 0.1
    admission.observe_lag(90)
    assert admission.refusal() is None
    for _ in range(25):
        clock.now_s += 0.1
        admission.observe_lag(90)
    assert admission.refusal() is Refusal.LAG
    assert admission.judge("a").why is Refusal.LAG
    # The loop recovers: after the mean has fallen, and then CALM_S more.
    for _ in range(30):
        clock.now_s += 0.1
        admission.observe_lag(0)
    assert admission.refusal() is Refusal.LAG
    for _ in range(30):
        clock.now_s += 0.1
        admission.observe_lag(0)
    assert admission.refusal() is None


def test_a_line_without_a_call_takes_one_however_slow_the_machine_is() -> None:
    clock = Clock()
    admission = Admission(Limits(), clock)
    for _ in range(100):
        clock.now_s += 1
        admission.observe_lag(1000)
        admission.observe_queue(60_000)
    assert admission.judge("first").admitted
    assert admission.judge("second").why is Refusal.LAG
    admission.release("first")
    assert admission.judge("third").admitted


def test_without_a_limit_of_lag_no_lag_is_too_long() -> None:
    clock = Clock()
    admission = Admission(Limits(max_lag_ms=math.inf, max_queue_ms=math.inf), clock)
    for number in range(20):
        clock.now_s += 1
        admission.observe_lag(10_000)
        admission.observe_queue(10_000)
        assert admission.judge(f"{number}").admitted


def test_a_queue_that_is_told_once_fades_as_it_is_worked_off() -> None:
    clock = Clock()
    admission = Admission(Limits(**ROOMY), clock)
    assert admission.judge("first").admitted
    admission.observe_queue(8000)
    refused_s = [second for second in range(20) if _pass(clock, admission, 1.0) is Refusal.QUEUE]
    assert refused_s, "eight seconds of waiting are too many"
    assert refused_s == list(range(refused_s[0], refused_s[-1] + 1))
    assert refused_s[0] <= 1
    assert refused_s[-1] <= 14


def _pass(clock: Clock, admission: Admission, seconds: float) -> Refusal | None:
    for _ in range(int(seconds / TICK_S)):
        clock.now_s += TICK_S
        admission.observe_lag(0)
    return admission.refusal()


def test_calls_a_second_are_a_bucket() -> None:
    clock = Clock()
    admission = Admission(Limits(max_calls=100, calls_per_s=2, burst=3), clock)
    for number in range(3):
        assert admission.judge(f"{number}").admitted
        admission.release(f"{number}")
    assert admission.judge("5").why is Refusal.RATE
    clock.now_s += 0.5
    assert admission.judge("6").admitted
    assert not admission.judge("7").admitted


def test_a_drained_line_takes_nobody_not_even_for_the_notice() -> None:
    admission = Admission(Limits(overflow="notice"), Clock())
    assert admission.judge("a").admitted
    admission.drain()
    assert admission.judge("b").why is Refusal.DRAINING
    assert admission.judge("a").admitted, "the call that is in stays"
    assert (admission.in_calls, admission.snapshot().draining) == (1, True)


def test_the_notice_has_its_own_places() -> None:
    admission = Admission(Limits(max_calls=2, overflow="notice", notice_calls=2), Clock())
    verdicts = [admission.judge(f"{n}") for n in range(5)]
    assert [v.admitted for v in verdicts] == [True] * 4 + [False]
    assert [v.overflow for v in verdicts] == [False, False, True, True, False]
    assert admission.refusal() is Refusal.CALLS
    admission.release("2")
    assert admission.refusal() is None
    admission.release("0")
    assert not admission.judge("5").overflow, "a caller who finds a place is served"
    state = admission.snapshot()
    assert (state.in_calls, state.notice_calls, state.admitted, state.noticed) == (3, 1, 3, 2)
    assert state.refused == {Refusal.CALLS: 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_calls", 0), ("calls_per_s", 0), ("burst", 0), ("max_lag_ms", -1), ("retry_after_s", 0)],
)
def test_limits_that_make_no_sense_are_refused(name: str, value: float) -> None:
    with pytest.raises(LineError, match=f"{name}: .* is expected, got {value}"):
        Limits(**{name: value})


class Crowd(RuleBasedStateMachine):
    """Calls come and go in any order; the count is checked against a plain set."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.limits = Limits(max_calls=4, calls_per_s=2, burst=3, overflow="notice", notice_calls=2)
        self.admission = Admission(self.limits, self.clock)
        self.inside: dict[str, bool] = {}
        self.taken = 0
        self.draining = False

    @rule(number=st.integers(0, 12))
    def ring(self, number: int) -> None:
        call_id = f"{number}"
        verdict = self.admission.judge(call_id)
        if call_id in self.inside:
            assert verdict.admitted
            assert verdict.overflow is self.inside[call_id]
        elif verdict.admitted:
            assert not self.draining
            self.inside[call_id] = verdict.overflow
            self.taken += 1
        else:
            assert verdict.why is not None

    @rule(number=st.integers(0, 12))
    def end(self, number: int) -> None:
        self.admission.release(f"{number}")
        self.inside.pop(f"{number}", None)

    @rule(lag_ms=st.floats(0, 5000), queue_ms=st.floats(0, 60_000), after_s=st.floats(0, 100))
    def load(self, lag_ms: float, queue_ms: float, after_s: float) -> None:
        self.clock.now_s += after_s
        self.admission.observe_lag(lag_ms)
        self.admission.observe_queue(queue_ms)

    @precondition(lambda self: self.taken > 8)
    @rule()
    def drain(self) -> None:
        self.admission.drain()
        self.draining = True

    @invariant()
    def the_count_is_right(self) -> None:
        state = self.admission.snapshot()
        assert self.admission.in_calls == state.in_calls == len(self.inside)
        assert state.notice_calls == sum(self.inside.values()) <= self.limits.notice_calls
        assert state.in_calls - state.notice_calls <= self.limits.max_calls
        assert state.admitted + state.noticed == self.taken
        assert 1 <= state.ceiling <= self.limits.max_calls
        if self.draining:
            assert state.why is Refusal.DRAINING


def test_the_count_is_right_whatever_happens() -> None:
    run_state_machine_as_test(
        Crowd, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )


def test_threads_that_ring_and_hang_up_leave_nobody_behind() -> None:
    admission = Admission(Limits(max_calls=7, calls_per_s=1e9, burst=1_000_000))
    most = 0
    failures: list[BaseException] = []

    def callers(thread: int) -> None:
        nonlocal most
        try:
            for number in range(400):
                call_id = f"{thread}-{number}"
                if admission.judge(call_id).admitted:
                    most = max(most, admission.in_calls)
                    admission.release(call_id)
                    admission.release(call_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=callers, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert admission.in_calls == 0
    assert 1 <= most <= 7


@given(
    rate=st.floats(0.1, 100),
    size=st.integers(1, 50),
    waits_s=st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_a_bucket_never_gives_more_than_its_rate(
    rate: float, size: int, waits_s: list[float]
) -> None:
    bucket, now_s, given_ = TokenBucket(rate, size, 0.0), 0.0, 0
    for wait_s in waits_s:
        now_s += wait_s
        given_ += bucket.take(now_s)
    assert given_ <= size + rate * now_s + 1e-6
    assert bucket.holds(now_s + 1 / rate + 1e-6), "who waits is served"


@given(st.lists(st.integers(0, 500), min_size=1, max_size=400))
def test_made_up_sources_do_not_grow_the_table(sources: list[int]) -> None:
    buckets = SourceBuckets(rate=1, size=2, most=16)
    for source in sources:
        buckets.take(f"192.0.2.{source}", 0.0)
        assert len(buckets) <= 16


def test_the_source_heard_longest_ago_is_forgotten_first() -> None:
    buckets = SourceBuckets(rate=0.001, size=1, most=2)
    assert [buckets.take(name, 0.0) for name in "abaca"] == [True, True, False, True, False]
    assert buckets.take("b", 0.0), "b was pushed out and begins anew"


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 10)), min_size=1, max_size=60),
    st.floats(1, 500),
)
def test_hysteresis_needs_calm_to_go_off(steps: list[tuple[float, float]], limit: float) -> None:
    switch, now_s = Hysteresis(limit), 0.0
    last_unrest_s = -1.0
    for value, wait_s in steps:
        now_s += wait_s
        was_on = switch.on
        switch.update(value, now_s)
        if value > limit:
            assert switch.on
        if value > limit / 2:
            last_unrest_s = now_s
            assert switch.on or not was_on
        elif was_on and not switch.on:
            assert now_s - last_unrest_s >= CALM_S


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 10)), min_size=1, max_size=60))
def test_a_mean_stays_within_what_it_is_the_mean_of(steps: list[tuple[float, float]]) -> None:
    mean, now_s = Smoothed(0.0), 0.0
    for value, wait_s in steps:
        now_s += wait_s
        mean.update(value, now_s)
        assert 0 <= mean.value <= max(value for value, _ in steps) + 1e-9


def test_the_mean_weighs_time_and_not_samples() -> None:
    def mean_of(stall_samples: int) -> float:
        mean = Smoothed(0.0)
        for n in range(1, stall_samples + 1):
            mean.update(1000, n / stall_samples)
        return mean.value

    assert mean_of(1) == pytest.approx(mean_of(100))


@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.floats(0, 3), st.floats(0, 20)), min_size=1, max_size=80
    )
)
def test_the_ceiling_stays_within_its_bounds(steps: list[tuple[int, float, float]]) -> None:
    ceiling, now_s = Ceiling(start=20, most=100), 0.0
    for in_calls, strain, wait_s in steps:
        now_s += wait_s
        before = ceiling.calls
        ceiling.update(in_calls, strain, now_s)
        assert 1 <= ceiling.calls <= 100
        if ceiling.calls < before:
            assert strain > 1
            assert ceiling.calls == max(1, int(in_calls * BACK_OFF))
        if ceiling.calls > before:
            assert strain < 0.5
            assert in_calls >= before


def test_a_fast_machine_recovers_from_a_bad_minute() -> None:
    machine = Machine(1000, Limits(max_calls=60))
    assert max(machine.run(60, calls_per_s=4, talk_s=20)) == 60
    machine.capacity = 5
    machine.run(30, calls_per_s=4, talk_s=20)
    machine.capacity, machine.queue_ms = 1000, 0.0
    assert max(machine.run(150, calls_per_s=4, talk_s=20)) == 60


@pytest.mark.parametrize(
    "observe", [lambda a: a.observe_lag(float("nan")), lambda a: a.observe_queue(float("nan"))]
)
def test_a_measurement_that_is_no_number_does_not_close_the_line_for_ever(
    observe: Callable[[Admission], None],
) -> None:
    clock = Clock()
    admission = Admission(Limits(**ROOMY), clock)
    assert admission.judge("first").admitted
    clock.now_s += 1
    observe(admission)
    for _ in range(1000):
        clock.now_s += TICK_S
        admission.observe_lag(1000)
    assert admission.refusal() is Refusal.LAG
