"""The gate cuts, joins and reports; a scripted recognizer stands in for the model."""

from __future__ import annotations

import numpy as np
import pytest

from asr_models import segments
from asr_models.api import Alternative, Recognition
from asr_models.gated import GatedRecognizer
from asr_models.segments import SegmentOptions, speech_segments

SECOND = 8000


class LoudnessVad:
    """Stands in for Silero: a frame is speech as surely as it is loud."""

    def fork(self) -> LoudnessVad:
        return self

    def __call__(self, frame: np.ndarray) -> float:
        return float(np.abs(frame.astype(int)).max() / 32768)


class LengthRecognizer:
    """Writes one character a second of audio, or refuses."""

    name = "length"

    def __init__(self, rejected: str = "") -> None:
        self.rejected = rejected

    def recognize(
        self, pcm: np.ndarray, sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        if self.rejected:
            return Recognition("", 0.0, cpu_s=1.0, rejected=self.rejected)
        text = "字" * round(len(pcm) / sample_rate)
        return Recognition(text, 0.5 if len(text) == 1 else 1.0, (Alternative(text, -0.1),), 0, 1.0)


def audio(*parts: tuple[float, float]) -> np.ndarray:
    """(seconds, loudness 0..1) one after the other."""
    return np.concatenate(
        [np.full(int(seconds * SECOND), level * 32767, np.int16) for seconds, level in parts]
    )


def gated(rejected: str = "") -> GatedRecognizer:
    return GatedRecognizer(LengthRecognizer(rejected), LoudnessVad())  # type: ignore[arg-type]


def test_stretches_are_joined_and_weighed() -> None:
    heard = gated().recognize(audio((1, 0), (3, 0.9), (1, 0), (0.8, 0.9), (1, 0)))
    assert heard.text == "字字字，字"
    assert heard.confidence == pytest.approx((3 * 1.0 + 0.5) / 4)
    assert heard.alternatives == ()
    assert heard.audio_ms == 6800
    assert heard.cpu_s >= 2.0


def test_one_stretch_keeps_its_alternatives() -> None:
    assert gated().recognize(audio((3, 0.9))).alternatives == (Alternative("字字字", -0.1),)


def test_what_is_no_speech_reaches_no_model() -> None:
    heard = gated().recognize(audio((5, 0.2), (0.03, 0.9), (5, 0.2)))
    assert (heard.text, heard.rejected) == ("", "no speech")
    assert gated().recognize(np.zeros(0, np.int16)).rejected == "no speech"


def test_the_guards_word_is_passed_on() -> None:
    heard = gated("repeat").recognize(audio((2, 0.9)))
    assert (heard.text, heard.rejected, heard.confidence) == ("", "repeat", 0.0)


def test_short_pauses_stay_inside_and_onsets_are_kept() -> None:
    vad = LoudnessVad()
    inside = speech_segments(audio((1, 0), (1, 0.9), (0.4, 0), (1, 0.9), (1, 0)), vad)  # type: ignore[arg-type]
    assert len(inside) == 1
    first, end = inside[0]
    assert 0.7 < first / SECOND < 0.9
    assert 3.5 < end / SECOND < 3.7


def test_endless_speech_is_cut_at_its_weakest_place() -> None:
    pcm = audio((20, 0.9), (0.1, 0.5), (20, 0.9))
    pieces = speech_segments(pcm, LoudnessVad(), SegmentOptions(max_ms=25_000))  # type: ignore[arg-type]
    assert len(pieces) == 2
    assert 20.0 <= pieces[0][1] / SECOND <= 20.1
    assert pieces[0][1] == pieces[1][0]
    assert max(end - first for first, end in pieces) <= 25 * SECOND


def test_a_last_odd_frame_is_padded_not_lost() -> None:
    assert len(segments.speech_probabilities(audio((0.05, 0.9)), LoudnessVad())) == 2  # type: ignore[arg-type]
