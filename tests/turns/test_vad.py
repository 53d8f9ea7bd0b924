"""The two-stage detector: what reaches Silero, and what it does with the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import sounds

from voicebot.turns.levels import NoiseFloor, level_db
from voicebot.turns.vad import WINDOW_SAMPLES, SpeechDetector, VadReading


class Recorder:
    """A Silero that keeps what it was given and answers with a set probability."""

    def __init__(self, probability: float = 0.0) -> None:
        self.probability = probability
        self.windows: list[npt.NDArray[np.int16]] = []

    def __call__(self, window: npt.NDArray[np.int16]) -> float:
        assert window.shape == (WINDOW_SAMPLES,)
        assert window.dtype == np.int16
        self.windows.append(window.copy())
        return self.probability


def feed(detector: SpeechDetector, samples: sounds.Int16) -> list[VadReading]:
    return [detector.feed(frame) for frame in sounds.frames(samples)]


def loud(seconds: float, seed: int = 1) -> sounds.Int16:
    return sounds.to_int16(sounds.babble_like(seconds, -20.0, seed=seed))


def quiet(seconds: float) -> sounds.Int16:
    return sounds.to_int16(sounds.pink(seconds, -62.0))


def test_speech_reaches_silero_whole_and_in_order() -> None:
    silero = Recorder()
    samples = loud(1.6)
    feed(SpeechDetector(silero), samples)
    whole = len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
    assert np.array_equal(np.concatenate(silero.windows), samples[:whole])


def test_a_quiet_line_rarely_wakes_silero() -> None:
    silero = Recorder()
    readings = feed(SpeechDetector(silero), quiet(20.0))
    assert len(silero.windows) < 625 / 4  # of the 625 windows that went by
    assert not any(reading.is_speech for reading in readings)


def test_silero_hears_the_quarter_second_before_the_gate_opened_without_a_gap() -> None:
    silero = Recorder()
    detector = SpeechDetector(silero)
    samples = np.concatenate((quiet(6.4), loud(0.64)))
    feed(detector, samples)
    at = 6400 * 8 - 8 * WINDOW_SAMPLES
    heard = np.concatenate(silero.windows)
    assert np.array_equal(heard[-(len(samples) - at) :][: len(samples) - at], samples[at:])


def test_a_talker_too_soft_for_webrtc_still_opens_the_gate() -> None:
    silero = Recorder(0.9)
    detector = SpeechDetector(silero)
    feed(detector, quiet(6.0))
    before = len(silero.windows)
    feed(detector, sounds.to_int16(sounds.babble_like(1.0, -45.0)))
    assert len(silero.windows) - before > 20


def test_speech_needs_the_threshold_to_begin_and_less_to_go_on() -> None:
    silero = Recorder(0.45)
    detector = SpeechDetector(silero, threshold=0.5)
    tone = sounds.to_int16(sounds.white(0.4, -20.0))
    assert not any(reading.is_speech for reading in feed(detector, tone))
    silero.probability = 0.6
    assert all(reading.is_speech for reading in feed(detector, tone)[2:])
    silero.probability = 0.4
    assert all(reading.is_speech for reading in feed(detector, tone))
    silero.probability = 0.3
    assert not any(reading.is_speech for reading in feed(detector, tone)[2:])


def test_speech_ends_with_its_sound_even_if_silero_lingers() -> None:
    silero = Recorder(0.9)
    detector = SpeechDetector(silero)
    assert feed(detector, loud(1.0))[5].is_speech
    assert not any(reading.is_speech for reading in feed(detector, quiet(0.3))[1:])


def test_the_noise_floor_follows_the_room_but_not_the_talker() -> None:
    floor = NoiseFloor()
    for _ in range(250):
        floor.feed(-45.0, is_speech=False)
    assert floor.level_db == pytest.approx(-45.0, abs=0.5)
    for _ in range(250):
        floor.feed(-20.0, is_speech=True)
    assert floor.level_db == pytest.approx(-45.0, abs=0.5)
    for _ in range(50):
        floor.feed(-65.0, is_speech=False)
    assert floor.level_db == pytest.approx(-65.0, abs=0.5)
    floor.feed(level_db(np.zeros(160, np.int16)), is_speech=False)
    assert floor.level_db == pytest.approx(-65.0, abs=0.5)


def test_levels_are_rms_in_dbfs() -> None:
    assert level_db(np.full(160, -32768, np.int16)) == pytest.approx(0.0)
    assert level_db(sounds.to_int16(sounds.white(1.0, -30.0))) == pytest.approx(-30.0, abs=0.1)
    assert level_db(np.zeros(160, np.int16)) == -96.0
    assert level_db(np.zeros(0, np.int16)) == -96.0
