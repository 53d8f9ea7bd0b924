"""Gaps in received speech: what is put in, how it ends, and what is left untouched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_support import samples, voice

from telephony.concealment import Concealer


def vowel(seconds: float, hz: float) -> bytes:
    t = np.arange(int(8000 * seconds)) / 8000
    wave = 7000 * np.sin(2 * np.pi * hz * t) + 3000 * np.sin(4 * np.pi * hz * t + 1)
    return bytes(wave.astype("<i2").tobytes())


@pytest.mark.parametrize("hz", [80, 120, 187, 230, 310])
def test_a_vowel_goes_on_through_a_gap_of_20_ms(hz: float) -> None:
    whole = vowel(0.3, hz)
    concealer = Concealer()
    concealer.received(whole[:3200])
    made, real = samples(concealer.missing(1)), samples(whole[3200:3520])
    assert np.corrcoef(made, real)[0, 1] > 0.95
    step = abs(made[0] - samples(whole[:3200])[-1])
    assert step < 3 * np.max(np.abs(np.diff(samples(whole))))  # no click


def test_it_fades_and_is_silent_after_60_ms() -> None:
    concealer = Concealer()
    concealer.received(vowel(0.3, 120))
    made = samples(concealer.missing(5))
    loudness = [float(np.std(made[at : at + 160])) for at in range(0, 800, 160)]
    assert loudness[0] > 4000
    assert loudness[0] > loudness[1] > loudness[2] > 100
    assert not made[480:].any()


def test_what_comes_next_is_blended_for_4_ms_and_then_left_alone() -> None:
    concealer = Concealer()
    concealer.received(vowel(0.3, 120))
    concealer.missing(1)
    after = voice(0.02)
    heard = concealer.received(after)
    assert heard[64:] == after[64:]
    assert heard[:64] != after[:64]
    assert concealer.received(after) == after


def test_without_a_gap_every_byte_passes() -> None:
    concealer = Concealer()
    assert b"".join(concealer.received(voice(0.02, n)) for n in range(5)) == b"".join(
        voice(0.02, n) for n in range(5)
    )


def test_a_gap_before_any_speech_is_silence() -> None:
    concealer = Concealer()
    concealer.received(voice(0.02))
    assert concealer.missing(2) == bytes(640)


def test_silence_goes_on_as_silence() -> None:
    concealer = Concealer()
    concealer.received(bytes(1600))
    assert concealer.missing(1) == bytes(320)


@given(st.lists(st.one_of(st.integers(1, 6), st.binary(max_size=400).map(lambda b: b * 2))))
def test_lengths_are_kept_whatever_comes(steps: list[int | bytes]) -> None:
    concealer = Concealer()
    for step in steps:
        if isinstance(step, int):
            assert len(concealer.missing(step)) == step * 320
        else:
            assert len(concealer.received(step)) == len(step)
