"""Learned stage durations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.turns.estimates import SlidingQuantile, StageEstimates


@given(
    st.lists(st.floats(0, 1e4), min_size=1, max_size=300),
    st.floats(0.01, 1.0),
    st.integers(1, 50),
)
def test_the_quantile_is_the_nearest_rank_of_the_last_window(
    values: list[float], quantile: float, window: int
) -> None:
    sliding = SlidingQuantile(quantile, window)
    for value in values:
        sliding.add(value)
    recent = sorted(values[-window:])
    assert len(sliding) == len(recent)
    assert sliding.value() == recent[math.ceil(len(recent) * quantile) - 1]


def test_a_cold_stage_uses_its_default_until_it_has_run_often_enough() -> None:
    estimates = StageEstimates({"asr": 300.0})
    for _ in range(19):
        estimates.observe("asr", 100.0)
    assert estimates.p95_ms("asr") == 300.0
    estimates.observe("asr", 100.0)
    assert estimates.p95_ms("asr") == 100.0


def test_a_slow_machine_is_believed_at_once() -> None:
    estimates = StageEstimates({"asr": 300.0})
    estimates.observe("asr", 900.0)
    assert estimates.p95_ms("asr") == 900.0


def test_old_slowness_is_forgotten_after_200_runs() -> None:
    estimates = StageEstimates({"asr": 300.0})
    for _ in range(50):
        estimates.observe("asr", 900.0)
    for _ in range(200):
        estimates.observe("asr", 200.0)
    assert estimates.p95_ms("asr") == 200.0


def test_errors_say_what_is_known() -> None:
    with pytest.raises(KeyError, match=r"unknown stage 'tts'; stages given: asr, search"):
        StageEstimates({"search": 20.0, "asr": 300.0}).p95_ms("tts")
    with pytest.raises(ValueError, match="no values yet"):
        SlidingQuantile(0.95, 10).value()
    with pytest.raises(ValueError, match=r"got 1\.5 and 10"):
        SlidingQuantile(1.5, 10)
