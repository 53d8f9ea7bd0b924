"""Figures where a number is awaited: a second search, believed where it is sure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from asr_models.api import Recognition
from asr_models.domain import Domain
from asr_models.wav import read_wav
from asr_models.whisper_ct2 import WhisperRecognizer
from asr_models.whisper_decode import Encoded, Hypothesis, WhisperDecoder
from asr_models.whisper_figures import in_groups, is_number
from asr_models.whisper_reading import WhisperReader
from asr_models.whisper_weights import load_whisper

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"


class TwoSearches:
    """A decoder whose free search finds `free`, and whose search for figures finds `figures`."""

    def __init__(self, free: str, figures: str, score: float) -> None:
        self.texts = (free, figures)
        self.score = score
        self.prompts: list[str] = []

    def prompt_ids(self, prompt: str) -> list[int]:
        self.prompts.append(prompt)
        return []

    def generate(
        self, encoded: Encoded, prompt_ids: Sequence[int], *, beam_size: int
    ) -> tuple[list[Hypothesis], float]:
        return [Hypothesis((0,), -0.2, 0.0)], 0.1

    def figures(self, encoded: Encoded, free: Sequence[int]) -> tuple[Hypothesis | None, float]:
        return Hypothesis((1,), self.score, 0.0), 0.05

    def text(self, ids: Sequence[int]) -> str:
        return "".join(self.texts[each] for each in ids)


def read(free: str, figures: str, score: float) -> Recognition:
    reader = WhisperReader(TwoSearches(free, figures, score), beam_size=5)  # type: ignore[arg-type]
    best = reader.best(Encoded(np.zeros(0), 2000, 0.0), "看不到硬盘。", figures=True)
    quick, _ = reader.quick(Encoded(np.zeros(0), 2000, 0.0), "看不到硬盘。", figures=True)
    assert quick == best
    return best


def test_figures_that_are_sure_are_what_was_said_and_the_words_another_guess() -> None:
    heard = read("腰巴尺寸", "1 8 4 4", -0.3)
    assert [each.text for each in heard.alternatives] == ["1844", "腰巴尺寸"]
    assert heard.text == "1844"
    assert heard.cpu_s == pytest.approx(0.15)
    words = Domain((), ["腰巴尺寸"], rescore=True)
    assert words.understand(heard).text == "1844", "no language model knows figures"


@pytest.mark.parametrize(
    ("figures", "score"),
    [("1 8 4 4", -0.9), ("3", -0.1), ("，", -0.1), ("四" * 20, -0.1)],
    ids=["unsure", "one", "none", "a loop"],
)
def test_words_stay_where_the_figures_are_no_number(figures: str, score: float) -> None:
    assert read("我不知道", figures, score).text == "我不知道"


def test_figures_are_grouped_as_they_were_said() -> None:
    assert [in_groups(text) for text in ("1 8 4 4", "6,3,3", "Y L 2 0")] == ["1844", "633", "YL20"]
    assert in_groups("3 7 2，五五八,") == "372，五五八"


def test_a_number_is_two_signs_and_no_more_than_can_be_said() -> None:
    assert is_number("YL", -0.5, 1000)
    assert is_number("幺三八零零", -0.5, 1000)
    assert not is_number("幺三八零零幺", -0.5, 1000)
    assert not is_number("YL", -0.7, 1000)


def test_no_prompt_is_read_where_figures_are_awaited() -> None:
    decoder = TwoSearches("四八五", "四八五", -0.1)
    reader = WhisperReader(decoder, beam_size=5)  # type: ignore[arg-type]
    reader.best(Encoded(np.zeros(0), 2000, 0.0), "看不到硬盘。", figures=True)
    reader.best(Encoded(np.zeros(0), 2000, 0.0), "看不到硬盘。")
    assert decoder.prompts == ["", "看不到硬盘。"]


def clip(name: str) -> npt.NDArray[np.int16]:
    return read_wav(FIXTURES / f"{name}.wav").mono()


@pytest.mark.weights
def test_a_search_for_figures_writes_nothing_else(models: Path) -> None:
    decoder = WhisperDecoder(load_whisper(models / "whisper-base"), workers=1)
    encoded = decoder.encode(clip("serial_group2"), 8000)
    found, _ = decoder.generate(encoded, (), beam_size=1, figures_only=True)
    text = decoder.text(found[0].ids)
    assert text
    assert all(char in "零一二三四五六七八九两,， " or char.isascii() for char in text)
    assert decoder.figures(encoded, found[0].ids) == (None, 0.0), "figures already"
    words = decoder.encode(clip("disk_missing"), 8000)
    for encoded_clip, free in ((encoded, (1, 2)), (words, ())):
        other, _ = decoder.figures(encoded_clip, free)
        assert (other is None) is (not free)


@pytest.mark.weights
def test_words_are_still_heard_where_figures_are_awaited(whisper: WhisperRecognizer) -> None:
    for name in ("dont_know", "wait", "human"):
        pcm = clip(name)
        stream = whisper.stream(figures=True, prompt="看不到硬盘。")
        stream.accept(pcm)
        assert stream.final().text == whisper.recognize(pcm).text
