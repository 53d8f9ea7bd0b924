"""Trimming, levelling and fading of a clause."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.speech.line_audio import (
    TARGET_DBOV,
    Samples,
    active_level_dbov,
    faded,
    line_ready,
    trim,
)

RATE = 24_000


def tone(seconds: float, amplitude: float = 0.1, rate: int = RATE) -> Samples:
    t = np.arange(int(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def hush(seconds: float, rate: int = RATE) -> Samples:
    noise = np.random.default_rng(1).standard_normal(int(seconds * rate))
    return (noise * 1e-4).astype(np.float32)


def test_level_of_a_steady_tone_is_its_power() -> None:
    assert active_level_dbov(tone(2.0, 0.5), RATE) == pytest.approx(-9.03, abs=0.05)


def test_long_pauses_do_not_lower_the_active_level() -> None:
    speech = np.concatenate([tone(1.0), hush(2.0), tone(1.0), hush(2.0)])
    assert active_level_dbov(speech, RATE) == pytest.approx(-23.0, abs=1.0)


def test_silence_around_a_clause_is_cut_with_a_small_margin() -> None:
    cut = trim(np.concatenate([hush(0.4), tone(1.0), hush(0.8)]), RATE)
    assert 1.0 <= len(cut) / RATE <= 1.12


def test_a_pause_inside_a_clause_stays() -> None:
    cut = trim(np.concatenate([hush(0.4), tone(0.5), hush(0.5), tone(0.5), hush(0.8)]), RATE)
    assert 1.5 <= len(cut) / RATE <= 1.62


@pytest.mark.parametrize("amplitude", [0.003, 0.05, 0.9])
def test_every_clause_comes_out_at_the_same_level(amplitude: float) -> None:
    pcm = line_ready(np.concatenate([hush(0.4) * amplitude, tone(1.5, amplitude)]), RATE)
    level = active_level_dbov(pcm.astype(np.float32) / np.float32(32768), 8000)
    assert level == pytest.approx(TARGET_DBOV, abs=0.3)


def test_a_peak_is_never_clipped_to_reach_the_level() -> None:
    spiky = hush(1.0) * np.float32(30)
    spiky[::2400] = 0.9
    assert np.abs(line_ready(spiky, RATE).astype(int)).max() < 32767


def test_24_khz_becomes_8_khz_of_the_same_length() -> None:
    assert len(line_ready(tone(1.0), RATE)) == pytest.approx(8000, abs=10)


def test_a_clause_begins_and_ends_at_zero() -> None:
    clause = faded(np.full(8000, 0.5, np.float32), 8000)
    assert clause[0] == 0 and clause[-1] == 0
    assert np.all(clause[100:7000] == 0.5)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(10), np.zeros(24_000)])
def test_silence_gives_nothing(samples: Samples) -> None:
    assert len(line_ready(samples.astype(np.float32), RATE)) == 0
