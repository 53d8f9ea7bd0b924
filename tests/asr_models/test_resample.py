"""Sample rates change without clicks at packet edges and almost without delay."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_models.resample import (
    DELAY_SAMPLES_16K,
    Downsampler16To8,
    Upsampler8To16,
    to_8k,
    to_rate,
)


def tone(hz: float, rate: int, seconds: float = 1.0, delay_s: float = 0.0) -> np.ndarray:
    return 10000 * np.sin(2 * np.pi * hz * (np.arange(int(rate * seconds)) / rate - delay_s))


def snr_db(wanted: np.ndarray, got: np.ndarray) -> float:
    settled = slice(100, None)
    error = got[settled] - wanted[settled]
    return float(10 * np.log10(np.mean(wanted[settled] ** 2) / np.mean(error**2)))


@pytest.mark.parametrize("hz", [300, 1000, 3000, 3400])
def test_telephone_band_passes_both_ways(hz: int) -> None:
    delay_s = DELAY_SAMPLES_16K / 16000
    up = Upsampler8To16().process(tone(hz, 8000).astype(np.int16))
    assert snr_db(tone(hz, 16000, delay_s=delay_s), up) > 40
    down = Downsampler16To8().process(up)
    assert snr_db(tone(hz, 8000, delay_s=2 * delay_s), down) > 40
    assert 2 * delay_s < 0.003


@pytest.mark.parametrize("hz", [4600, 5500, 7500])
def test_what_8_khz_cannot_hold_is_gone(hz: int) -> None:
    down = Downsampler16To8().process(tone(hz, 16000).astype(np.int16))
    assert np.std(down[50:]) < np.std(tone(hz, 16000)) / 200  # 46 dB


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_packet_sizes_make_no_difference(sizes: list[int]) -> None:
    pcm = np.random.default_rng(1).integers(-20000, 20000, sum(sizes)).astype(np.int16)
    edges = np.cumsum([0, *sizes])
    packets = [pcm[a:b] for a, b in itertools.pairwise(edges)]
    for stream in (Upsampler8To16, Downsampler16To8):
        whole, parts = stream(), stream()
        joined = np.concatenate([parts.process(packet) for packet in packets])
        assert np.array_equal(joined, whole.process(pcm))


def test_lengths_come_out_as_told() -> None:
    assert len(Upsampler8To16().process(np.zeros(160, np.int16))) == 320
    assert len(Downsampler16To8().process(np.zeros(320, np.int16))) == 160


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = np.repeat(np.array([32767, -32768] * 50, np.int16), 8)
    up = Upsampler8To16().process(square).astype(int)
    assert np.abs(np.diff(up)).max() < 65000


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 44100, 48000])
def test_finished_audio_of_any_rate_goes_to_8_khz(rate: int) -> None:
    got = to_8k(tone(1000, rate).astype(np.int16), rate)
    assert abs(len(got) - 8000) <= 1
    middle = slice(200, 7800)
    assert snr_db(tone(1000, 8000)[middle], got[:8000][middle]) > 40


def test_the_same_rate_and_no_audio_pass_untouched() -> None:
    pcm = tone(500, 8000).astype(np.int16)
    assert to_rate(pcm, 8000, 8000) is pcm
    assert len(to_rate(pcm[:0], 44100, 8000)) == 0
