"""After the stream: the second pass, its hotwords, and punctuation, on FunASR's own classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asr_models.funasr_paraformer import FunasrRecognizer
from asr_models.funasr_second import agreement, with_marks
from tests.asr_models.stream_contract import check_stream_contract, feed
from tests.funasr.conftest import Pcm, at_16k
from tests.funasr.folders import contextual, offline, punctuator

Line = Callable[[str], Pcm]
Own = Callable[[Path], Any]


@pytest.fixture(scope="module")
def made(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folders = tmp_path_factory.mktemp("models")
    return lambda build: build(tiny, folders / build.__name__)


@pytest.fixture(scope="module")
def offline_folder(made: Callable[..., Path]) -> Path:
    return made(offline)


def test_the_second_pass_is_funasrs_own(
    tiny: Path, offline_folder: Path, own: Own, line: Line
) -> None:
    both = FunasrRecognizer(tiny, second_pass=offline_folder)
    alone = FunasrRecognizer(tiny)
    for name in ("disk_missing", "warranty"):
        text = own(offline_folder).generate(input=at_16k(line(name)))[0]["text"].replace(" ", "")
        stream = both.stream()
        feed(stream, line(name))
        first = stream.partial()
        heard = stream.final()
        assert heard.text == text != ""
        assert first.text == alone.recognize(line(name)).text != heard.text
        assert [other.text for other in heard.alternatives] == [heard.text, first.text]
        agreed = agreement(first.text, heard.text)
        assert heard.confidence == pytest.approx(first.confidence * agreed)
        assert heard.spans
    check_stream_contract(both, line("disk_missing"), line("warranty"))


def test_hotwords_reach_the_models_bias_encoder(
    tiny: Path, made: Callable[..., Path], line: Line
) -> None:
    folder = made(contextual)
    terms = ("服务", "一 万", "会议")
    biased = FunasrRecognizer(tiny, second_pass=folder, hotwords=terms)
    plain = FunasrRecognizer(tiny, second_pass=folder)
    for recognizer, words in ((biased, ["服务", "一万", "会议", "<s>"]), (plain, None)):
        assert recognizer.recognize(line("warranty")).text
        second = recognizer._engines.second
        assert second is not None
        ids = second.model.network.hotword_list
        tokens = second.model._auto.kwargs["tokenizer"].ids2tokens
        assert (ids and ["".join(tokens(word)) for word in ids]) == words


def test_punctuation_is_the_models_and_the_characters_are_ours(
    tiny: Path, tmp_path: Path, line: Line
) -> None:
    marked = FunasrRecognizer(tiny, punctuation=punctuator(tmp_path / "punc"))
    plain = FunasrRecognizer(tiny).recognize(line("disk_missing")).text
    heard = marked.recognize(line("disk_missing"))
    assert heard.text == "，".join(plain) + "。"
    assert heard.alternatives[0].text == plain
    stream = marked.stream()
    feed(stream, line("disk_missing"))
    assert stream.partial().text == plain, "marks are for finals"


def test_all_models_together(
    tiny: Path, vad_folder: Path, offline_folder: Path, tmp_path: Path, line: Line
) -> None:
    everything = FunasrRecognizer(
        tiny,
        vad=vad_folder,
        second_pass=offline_folder,
        punctuation=punctuator(tmp_path / "punc"),
    )
    second = FunasrRecognizer(tiny, second_pass=offline_folder)
    for name in ("warranty", "yes"):
        heard = everything.recognize(line(name))
        assert heard.text == "，".join(second.recognize(line(name)).text) + "。"


def test_marks_never_change_a_word() -> None:
    assert with_marks("NF5280M6的灯亮了", "Nf5280m6的灯，亮了。") == "NF5280M6的灯，亮了。"
    assert with_marks("我说,raid 卡坏了", " 我说，Raid，卡坏了？") == "我说，raid， 卡坏了？"
    assert with_marks("硬盘坏了", "硬盘好了。") == "硬盘坏了"
    assert with_marks("硬盘坏了", "") == "硬盘坏了"


def test_agreement_counts_syllables() -> None:
    assert agreement("硬盘坏了", "应盘坏了") == 1.0
    assert agreement("硬盘坏了", "硬盘好了") == 0.75
    assert agreement("", "硬盘") == agreement("硬盘", "") == 0.0
