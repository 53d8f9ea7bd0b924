"""The service's words, in whatever state they come, mapped back onto the written text."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.edge_words import SpokenWords, heard, marks
from voicebot.speech.reading import Reader

READER = Reader()


def pieces(text: str) -> list[str]:
    """The units that `text` falls into."""
    decided = [step.written for step in READER.explain(text)]
    ends = [mark.written for mark in marks(text, READER.read(text), decided)]
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您好，请讲。", "您|好，|请|讲。"),
        ("重启BMC，再长按5秒", "重|启|BMC，|再|长|按|5秒"),
        ("热线400-860-0011。", "热|线|400-860-0011。"),
        ("您的YL5280G3请按Ctrl+A", "您|的|YL5280G3|请|按|Ctrl+A"),
        ("RAID10坏了2块盘", "RAID10|坏|了|2块|盘"),
        ("温度10-35℃", "温|度|10-35℃"),
        ("2二号", "2|二|号"),
        ("二2", "二|2"),
        ("（请）讲！😀", "（请）|讲！😀"),
        ("**长按**电源", "**长|按**|电|源"),
        ("看https://a.example/b吧", "看|https://a.example/b|吧"),
        ("ＢＭＣ重启", "ＢＭＣ|重|启"),
        ("5", "5"),
    ],
)
def test_characters_stand_alone_and_a_code_is_one_unit(text: str, expected: str) -> None:
    assert pieces(text) == expected.split("|")


def test_a_reading_that_cannot_be_matched_is_one_unit_from_there_on() -> None:
    ends = marks("您好，重启一下机器", "您好，重新启动一下主机")
    assert [(m.heard, m.written) for m in ends] == [(1, 1), (2, 3), (10, 9)]
    ends = marks("好，BMC重启了", "好， B M C 复位了")
    assert [(m.heard, m.written) for m in ends] == [(1, 2), (7, 8)]


def test_a_pause_goes_with_what_is_before_it() -> None:
    assert pieces("好， -5℃，请：BMC") == ["好， ", "-5℃，", "请：", "BMC"]


def test_a_word_is_said_when_its_sound_is_over() -> None:
    words = SpokenWords("您好，请讲。", "您好，请讲。")
    words.add("您好", 0.1, 0.4)
    words.add("请", 0.5, 0.7)
    assert words.said_by(0.39) is None
    said = words.said_by(0.7)
    assert said is not None and (said.text, said.at_s) == ("您好，", 0.4)
    said = words.said_by(0.7)
    assert said is not None and (said.text, said.at_s) == ("请", 0.7)
    assert words.said_by(9.0) is None and not words.is_over
    assert words.rest() == "讲。" and words.is_over


def test_a_word_that_ends_inside_a_code_says_nothing_yet() -> None:
    words = SpokenWords("拨400转1", "拨四零零转一")
    for n, word in enumerate(["拨", "四零", "零转", "一"]):
        words.add(word, n, n + 1)
    texts = []
    while (said := words.said_by(99)) is not None:
        texts.append((said.text, said.at_s))
    assert texts == [("拨", 1), ("400转", 3), ("1", 4)]


def test_a_word_ends_where_the_next_one_begins() -> None:
    words = SpokenWords("我有一只", "我有一只")  # times of the real service
    reported = [("我", 0.05, 0.2375), ("有", 0.175, 0.4), ("一", 0.325, 0.57), ("只", 0.48, 0.71)]
    for word, start_s, end_s in reported:
        words.add(word, start_s, end_s)
    ends = []
    while (said := words.said_by(9.0)) is not None:
        ends.append((said.text, said.at_s))
    assert ends == [("我", 0.175), ("有", 0.325), ("一", 0.48), ("只", 0.71)]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ([("请", 0.5, 0.7), ("您好", 0.1, 0.4)], ["您好，请"]),  # out of order
        ([("您好", 0.1, 0.4), ("您好", 0.1, 0.4)], ["您好，"]),  # twice
        ([("请", 0.5, 0.7)], ["您好，请"]),  # one is missing
        ([("讲", 0.02, 0.1)], []),  # three characters in 20 ms: nobody spoke those
        ([("您好", 0.0, 0.4), ("请", 0.0, 0.5), ("讲", 0.0, 0.6)], ["您好，"]),  # no times
        ([("您好", 0.1, math.nan)], []),
        ([("您好", 0.1, math.inf)], []),
        ([("您好", math.nan, 0.4)], []),
        ([("Hello", 0.1, 0.4), ("请", 0.5, 0.7)], ["您好，请"]),
        ([("", 0.1, 0.4), ("，", 0.4, 0.5)], []),
        ([("您好", 0.1, 9e9), ("请", 0.5, 0.7)], []),  # an overflow: wait for the end
        ([("您好", -5.0, -4.0)], []),
    ],
)
def test_words_in_disorder(reported: list[tuple[str, float, float]], expected: list[str]) -> None:
    words = SpokenWords("您好，请讲。", "您好，请讲。")
    for word, start_s, end_s in reported:
        words.add(word, start_s, end_s)
    texts = []
    while (said := words.said_by(60.0)) is not None:
        texts.append(said.text)
    assert texts == expected
    assert "".join(texts) + words.rest() == "您好，请讲。"


WRITTEN = st.text(
    st.one_of(st.sampled_from("您好请讲二一二RAID05-.，。*+℃ "), st.characters(codec="utf-8")),
    max_size=40,
)
REPORTED = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.floats(-1, 20)))


@given(WRITTEN, REPORTED)
def test_every_character_is_covered_once_and_in_order(
    text: str, reported: list[tuple[int, int, float]]
) -> None:
    reading = READER.read(text)
    decided = [step.written for step in READER.explain(text)]
    ends = marks(text, reading, decided)
    assert all(a.heard < b.heard and a.written < b.written for a, b in itertools.pairwise(ends))
    words, spoken, texts = SpokenWords(text, reading, decided), heard(reading), []
    for at, length, start_s in reported:
        words.add(spoken[at : at + length], start_s, start_s + 0.2)
        while (said := words.said_by(start_s)) is not None:
            assert said.text
            texts.append(said.text)
    assert "".join(texts) + words.rest() == text
    assert words.is_over
