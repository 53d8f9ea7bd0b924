"""The cushion of a bridge in virtual time: jitter, stalls, drifting clocks, joints and ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from cushion_world import World, steps, talk
from line_support import find
from numpy.typing import NDArray

from telephony.cushion import MOST_MS, Cushion
from telephony.stretching import fading, longer, rising, shorter

Delay = Callable[[int], float]


def jitter(most_ms: float, seed: int = 5) -> Delay:
    """Each packet is late by anything up to `most_ms`."""
    delays = np.random.default_rng(seed).uniform(0, most_ms, 99_991)
    return lambda number: float(delays[number % len(delays)])


def stall(every: int, ms: float) -> Delay:
    """The path stands still for `ms` once in `every` packets, then gives out all at once."""
    return lambda number: max(0.0, ms - 20 * (number % every)) if number >= every else 0.0


def tone(seconds: float, hz: float = 200.0) -> NDArray[np.int16]:
    at = np.arange(int(seconds * 8000)) / 8000
    return (8000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)


@pytest.mark.parametrize("phase_ms", [0.0, 5.0, 9.9])
def test_a_clean_path_passes_every_sample_unchanged_and_soon(phase_ms: float) -> None:
    world = World(lambda _: phase_ms)
    said = talk(20)
    heard = world.play(said)
    assert world.cushion.count.in_speech == 0
    assert world.cushion.count.grown_ms <= 20
    assert max(world.margins_ms) <= 40
    _, snr_db = find(said[-8000 * 9 : -8000].astype(np.float64), heard)
    assert snr_db > 25  # a pause may have been made longer in it


@pytest.mark.parametrize(
    ("most_ms", "dry", "bound_ms"), [(10.0, 0, 40), (20.0, 0, 40), (60.0, 4, 80)]
)
def test_jitter_is_covered_and_no_more_than_that(most_ms: float, dry: int, bound_ms: int) -> None:
    world = World(jitter(most_ms))
    said = talk(120)
    heard = world.play(said)
    assert world.cushion.count.ran_dry - 1 <= dry  # once at the end, by right
    late = [at for at in world.silent_at_ms if 30_000 < at < 119_000]
    assert late == []
    assert np.percentile(world.margins_ms, 95) <= bound_ms
    assert steps(heard).max() <= 1.1 * steps(said.astype(float)).max(), "a click"


def test_it_starts_small_and_grows_with_the_jitter() -> None:
    world = World(lambda n: 0.0 if n < 1500 else jitter(60)(n))
    world.play(talk(90))
    calm, rough = world.margins_ms[100:1400], world.margins_ms[-1000:]
    assert np.mean(calm) <= 25
    assert np.mean(rough) >= np.mean(calm) + 10
    assert [at for at in world.silent_at_ms if 45_000 < at < 89_000] == []


def test_it_shrinks_again_in_the_pauses_when_the_path_is_calm_again() -> None:
    world = World(lambda n: jitter(60)(n) if n < 1500 else 0.0)
    world.play(talk(120))
    assert np.mean(world.margins_ms[-500:]) <= 25 < np.mean(world.margins_ms[500:1400])
    assert world.cushion.count.shrunk_ms > 10
    assert world.cushion.count.in_speech <= 4


@pytest.mark.parametrize("ppm", [200, -200])
def test_an_hour_of_drifting_clocks(ppm: int) -> None:
    """200 ppm are 720 ms in an hour: all of it is made up for, hardly any inside speech."""
    world = World(jitter(10), drift_ppm=ppm)
    world.play(np.tile(talk(60), 60))
    count = world.cushion.count
    assert [at for at in world.silent_at_ms if 2000 < at < 3_595_000] == []
    assert max(world.margins_ms) <= 60
    assert abs(count.shrunk_ms - count.grown_ms - 720 * np.sign(ppm)) <= 60
    assert (count.ran_dry, count.dropped) == (1, 0)
    assert count.in_speech <= 80  # of 180 000 frames


@pytest.mark.parametrize("ppm", [400, -400])
def test_a_tone_without_any_pause_is_changed_by_whole_periods(ppm: int) -> None:
    """Music on hold, a hum: with nowhere to hide, a period goes or comes without a click."""
    world = World(jitter(5), drift_ppm=ppm)
    said = tone(240)
    heard = world.play(said)
    count = world.cushion.count
    assert count.in_speech >= 3
    body = heard[400:-800]
    assert steps(body).max() <= 1.3 * steps(said.astype(float)).max()
    assert [at for at in world.silent_at_ms if 2000 < at < 239_000] == []


def test_a_stall_is_one_gap_with_soft_edges_and_the_delay_goes_back() -> None:
    world = World(lambda n: max(0.0, 400.0 - 20 * (n - 1000)) if n >= 1000 else 0.0)
    said = tone(60)
    heard = world.play(said)
    assert world.cushion.count.ran_dry == 2
    assert steps(heard[400:-800]).max() <= 1.5 * steps(said.astype(float)).max(), "a click"
    assert max(world.margins_ms) <= MOST_MS + 200
    assert world.margins_ms[-1] <= 120


@pytest.mark.parametrize("frozen_ms", [60, 150, 250])
def test_after_a_busy_moment_of_the_bot_the_delay_goes_back(frozen_ms: int) -> None:
    """A garbage collection, a starved process: what arrived meanwhile is kept, late."""
    world = World(jitter(5), frozen=lambda now_ms: 10_000 <= now_ms < 10_000 + frozen_ms)
    world.play(talk(20))
    per_s = [np.mean(world.margins_ms[at : at + 50]) for at in range(0, 950, 50)]
    assert per_s[10] >= per_s[9] + frozen_ms / 3
    assert per_s[-1] <= per_s[9] + 45
    assert world.cushion.count.in_speech <= 6


@pytest.mark.parametrize("stall_ms", [200, 1200])
def test_a_machine_that_stood_still_altogether_is_forgotten(stall_ms: int) -> None:
    """Nothing was sent meanwhile, so nothing tells how long it took but what has piled up."""
    world = World(
        jitter(5),
        frozen=lambda now_ms: 10_000 <= now_ms < 10_000 + stall_ms,
        stands=lambda now_ms: 10_000 <= now_ms < 10_000 + stall_ms,
    )
    world.play(talk(25))
    per_s = [np.mean(world.margins_ms[at : at + 50]) for at in range(0, 1100, 50)]
    assert max(world.margins_ms) <= MOST_MS + 100
    assert per_s[-1] <= per_s[9] + 45
    assert world.cushion.count.grown_ms <= 60


def test_repeated_stalls_do_not_pile_up() -> None:
    world = World(stall(250, 200.0))
    world.play(talk(60))
    assert max(world.margins_ms) <= MOST_MS
    assert world.cushion.count.dropped == 0


def test_saved_silence_is_no_lateness() -> None:
    """A far end that sends nothing in its pauses runs dry in each, and is not delayed for it."""
    world = World(jitter(10), sends=lambda number: number % 100 < 60)
    said = talk(40)
    world.play(said)
    spurts = np.array(world.margins_ms).reshape(-1)
    assert world.cushion.count.ran_dry >= 19
    assert spurts.max() <= 60


def test_only_whole_frames_leave_whatever_arrives() -> None:
    rng = np.random.default_rng(3)
    cushion = Cushion()
    said = talk(5).tobytes()
    at, out = 0, b""
    while at < len(said):
        size = 2 * int(rng.integers(0, 500))
        piece = cushion.pass_on(said[at : at + size], 20, at / 16)
        assert len(piece) % 320 == 0
        out += piece
        at += size
    out += cushion.finish()
    assert len(out) % 320 == 0
    assert len(out) >= len(said)


def test_the_end_dies_away_and_is_said_once() -> None:
    cushion = Cushion()
    said = tone(0.1)
    out = np.frombuffer(cushion.pass_on(said.tobytes(), 0, 0) + cushion.finish(), "<i2")
    assert np.abs(out[-8:].astype(float)).max() < 800 < np.abs(out[-200:].astype(float)).max()
    assert steps(out[200:].astype(float)).max() <= 1.5 * steps(said.astype(float)).max()
    assert cushion.finish() == b""


# --- the pieces ----------------------------------------------------------------------------
@pytest.mark.parametrize("hz", [90.0, 140.0, 250.0, 390.0])
def test_a_period_more_or_less_leaves_a_tone_a_tone(hz: float) -> None:
    at = np.arange(480) / 8000
    wave = 8000 * np.sin(2 * np.pi * hz * at)
    for change, sign in ((longer, 1), (shorter, -1)):
        middle = change(wave[160:320])
        lag = sign * (len(middle) - 160)
        assert 20 <= lag <= 120
        whole = np.concatenate((wave[:160], middle, wave[320:]))
        assert steps(whole).max() <= 1.1 * steps(wave).max()
        assert np.allclose((middle[0], middle[-1]), (wave[160], wave[319]), atol=2)


def test_silence_and_noise_are_changed_too() -> None:
    silence, noise = np.zeros(160), np.random.default_rng(1).normal(0, 50, 160)
    assert (len(longer(silence)), len(shorter(silence))) == (280, 40)
    assert 240 <= len(longer(noise, least=80)) <= 280
    assert not longer(silence).any()


def test_fades_begin_and_end_where_they_should() -> None:
    wave = 8000 * np.sin(2 * np.pi * 200 * np.arange(320) / 8000)
    after = fading(wave, 240)
    assert abs(after[159]) < 1
    assert not after[160:].any()
    joint = np.concatenate((wave, after))
    assert steps(joint).max() <= 1.5 * steps(wave).max()
    assert abs(rising(wave[:160])[1]) < abs(wave[1]) / 10
