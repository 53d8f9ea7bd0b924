"""A stream of any length over a bounded one, whose reader here writes how long its audio was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from asr_models.api import Alternative, Partial, Recognition, Span
from asr_models.joined import join_recognitions, join_texts
from asr_models.long_stream import LONGEST_S, LongStream

RATE = 1000


class Bounded:
    """Writes one character a second; `stable` is all but the last one."""

    def __init__(self) -> None:
        self._pcm = np.zeros(0, np.int16)

    @property
    def samples(self) -> int:
        return len(self._pcm)

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        self._pcm = np.concatenate([self._pcm, pcm])

    def audio(self) -> npt.NDArray[np.int16]:
        return self._pcm

    def _text(self, until: int | None) -> tuple[str, int]:
        samples = len(self._pcm[:until])
        assert samples <= LONGEST_S * RATE
        return "字" * (samples // RATE), samples

    def partial(self, until: int | None = None) -> Partial:
        text, samples = self._text(until)
        return Partial(text, text[:-1], 0.5, samples)

    def final(self, until: int | None = None) -> Recognition:
        text, samples = self._text(until)
        return Recognition(text, 0.8, audio_ms=samples, cpu_s=0.1, spans=(Span(text, 0, 1, 0.8),))


def test_a_short_utterance_is_passed_through() -> None:
    stream = LongStream(Bounded, RATE)
    stream.accept(np.ones(5 * RATE, np.int16))
    assert stream.samples == 5 * RATE
    assert stream.partial() == Partial("字" * 5, "字" * 4, 0.5, 5000)
    assert stream.final(3 * RATE).text == "字" * 3


def test_a_long_one_is_cut_where_it_is_quietest() -> None:
    stream = LongStream(Bounded, RATE)
    sound = np.full(70 * RATE, 1000, np.int16)
    sound[20_000:20_200] = 0
    for start in range(0, len(sound), RATE):
        stream.accept(sound[start : start + RATE])
        stream.partial()
    heard = stream.final()
    assert heard.audio_ms == 70_000
    assert heard.text.startswith("字" * 20 + "，")
    assert 66 <= heard.text.count("字") <= 70
    assert heard.spans[1].start_ms == pytest.approx(20_100, abs=60)
    assert stream.partial().text.startswith(stream.partial().stable)


def test_the_time_of_reading_a_head_is_counted_once() -> None:
    stream = LongStream(Bounded, RATE)
    stream.accept(np.ones(40 * RATE, np.int16))
    assert stream.final().cpu_s == pytest.approx(0.2)
    assert stream.final().cpu_s == pytest.approx(0.1)


def test_parts_are_joined_by_their_weight() -> None:
    one = Recognition(
        "硬盘坏了", 0.9, (Alternative("硬盘坏了", -0.1),), spans=(Span("硬", 10, 20, 1),)
    )
    two = Recognition("对。", 0.4, spans=(Span("对。", 5, 9, 1),))
    none = Recognition("", 0.0, rejected="repeat")
    joined = join_recognitions([(0, one), (700, none), (900, two)], audio_ms=1500, cpu_s=0.3)
    assert (joined.text, joined.alternatives) == ("硬盘坏了，对。", ())
    assert joined.confidence == pytest.approx(0.8)
    assert [span.start_ms for span in joined.spans] == [10, 905]
    assert join_recognitions([(0, none)], audio_ms=9, cpu_s=0.0).rejected == "repeat"
    assert join_texts(["好。", "", "是"]) == "好。是"
