"""A clause shaped as it comes is what it would be as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_models.wav import read_wav
from voicebot.speech.api import Pcm
from voicebot.speech.line_audio import TARGET_DBOV, Samples, active_level_dbov
from voicebot.speech.shaper import Decimator, Shaper, VoiceLevels

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"

RATE = 24_000


def clip(name: str) -> Pcm:
    """A recorded sentence at 8 kHz, with silence around it."""
    quiet = np.zeros(3200, np.int16)
    return np.concatenate([quiet, read_wav(FIXTURES / f"{name}.wav").mono(), quiet])


def clips() -> list[Pcm]:
    return [clip(path.stem) for path in sorted(FIXTURES.glob("*.wav"))[:12]]


def at_level(pcm: Pcm, level_dbov: float) -> Pcm:
    gain = 10 ** ((level_dbov - level(pcm)) / 20)
    return np.clip(np.rint(pcm * gain), -32768, 32767).astype(np.int16)


def level(pcm: Pcm) -> float:
    return active_level_dbov(pcm.astype(np.float32) / np.float32(32768), 8000)


def streamed(pcm: Pcm, chunk: int, known_dbov: float | None, rate: int = 8000) -> Pcm:
    shaper = Shaper(rate, known_dbov)
    parts = [shaper.push(pcm[at : at + chunk]) for at in range(0, len(pcm), chunk)]
    return np.concatenate([*parts, shaper.close()])


def tone(hz: float, seconds: float = 0.5) -> Samples:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 7, 480, 5000])
def test_chunks_of_any_size_give_the_same_8_khz(chunk: int) -> None:
    noise = np.random.default_rng(1).standard_normal(5000).astype(np.float32)
    one, many = Decimator(), Decimator()
    whole = np.concatenate([one.push(noise), one.close()])
    parts = [many.push(noise[at : at + chunk]) for at in range(0, len(noise), chunk)]
    assert np.concatenate([*parts, many.close()]) == pytest.approx(whole, abs=1e-5)
    assert len(whole) == pytest.approx(len(noise) / 3, abs=1)


def test_the_telephone_band_passes_without_delay_and_nothing_folds_into_it() -> None:
    for hz in (300.0, 1000.0, 3300.0):
        filter_ = Decimator()
        kept = np.concatenate([filter_.push(tone(hz)), filter_.close()])
        expected = tone(hz)[::3]
        assert kept[100:-100] == pytest.approx(expected[100:-100], abs=0.004)
    for hz in (4700.0, 6000.0, 7900.0, 11_000.0):
        assert np.abs(Decimator().push(tone(hz))[100:-100]).max() < 0.3 * 10 ** (-50 / 20)


@pytest.mark.parametrize("chunk_ms", [60, 200, 700])
def test_streamed_clauses_are_as_loud_as_whole_ones(chunk_ms: int) -> None:
    """Of a voice that is known: its clauses lie within 1 dB of its mean."""
    rng = np.random.default_rng(3)
    off = []
    for pcm in clips():
        spoken = at_level(pcm, -20.0 + rng.uniform(-1, 1))
        off.append(level(streamed(spoken, chunk_ms * 8, -20.0)) - TARGET_DBOV)
    print(f"{chunk_ms} ms: {np.round(off, 2)}")
    assert np.abs(off).max() <= 1.5


def test_a_voice_that_is_not_known_comes_close_from_its_first_chunk_on() -> None:
    off = [level(streamed(at_level(pcm, -18.0), 2400, None)) - TARGET_DBOV for pcm in clips()]
    print(np.round(off, 2))
    assert np.abs(off).max() <= 4.0


def test_silence_around_a_clause_is_cut_and_a_pause_inside_it_stays() -> None:
    speech = clip("barge_in")
    said = np.concatenate([speech, np.zeros(2400, np.int16), speech, np.zeros(8000, np.int16)])
    whole = Shaper(8000, -20.0)
    whole.push(said)
    for chunk in (160, 1111, len(said)):
        out = streamed(said, chunk, level(said))
        assert len(out) == pytest.approx(len(whole.whole()), abs=320)


def test_nothing_clicks() -> None:
    """No step larger than the source's, scaled: not at a join, not at either end."""
    for pcm in clips():
        spoken = at_level(pcm, -20.0)
        out = streamed(spoken, 500, -20.0).astype(float)
        gain = 10 ** ((TARGET_DBOV + 20.0) / 20)
        most = np.abs(np.diff(spoken.astype(float))).max() * gain * 1.2
        assert np.abs(np.diff(np.concatenate([[0.0], out, [0.0]]))).max() <= most + 2


def test_a_clause_that_breaks_off_fades() -> None:
    hum = np.rint(6000 * np.sin(np.arange(8000) * 0.2)).astype(np.int16)
    out = streamed(hum, 800, -18.0)
    assert abs(int(out[0])) <= 2 and abs(int(out[-1])) <= 2
    assert np.abs(out[-160:-140]).max() > 3 * np.abs(out[-20:]).max()


def test_nothing_is_held_back_but_silence_and_the_last_20_ms() -> None:
    shaper = Shaper(8000, -18.0)
    hum = np.rint(6000 * np.sin(np.arange(8000) * 0.2)).astype(np.int16)
    given = sum(len(shaper.push(hum[at : at + 800])) for at in range(0, 8000, 800))
    assert given == 8000 - 160
    assert len(shaper.push(np.zeros(4000, np.int16))) == 160 + 480 - 160, "60 ms of the silence"


@pytest.mark.parametrize("count", [0, 10, 24_000])
def test_silence_gives_nothing(count: int) -> None:
    assert len(streamed(np.zeros(count, np.int16), 480, None, RATE)) == 0


def test_a_level_is_the_mean_of_whole_clauses() -> None:
    levels = VoiceLevels()
    assert levels.get("a") is None
    levels.learn("a", -120.0)  # nothing was said
    assert levels.get("a") is None
    levels.learn("a", -20.0)
    levels.learn("a", -22.0)
    assert levels.get("a") == pytest.approx(-21.0)
    assert levels.get("b") is None


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="8000 or 24000 Hz, got 16000"):
        Shaper(16_000)
