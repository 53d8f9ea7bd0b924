"""Ten thousand strings that nobody meant to be read: always speakable, in bounded time, or refused.

What is refused is read as nothing (empty), or named instead of read (a web link).
"""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.speech.reading_table import read_table
from voicebot.speech.reading import Reader

READER = Reader()
SPELLER = Reader(links="spell")
SPEAKABLE = re.compile("[\u3400-\u4dbf\u4e00-\u9fffA-Z，。！？；：、 ]*")
SIGNS = (
    "0123456789.-+/:%~*_#[]()<>|`\"'\\ \nABCxyzGTVUKsmh年月日点个块第转号是℃，。硬盘密码端口"
    "×²μ½①Ⅳ٣𝟙ſKİ\u200b\u202e\ufeff\x00"
)
RANGES = ((0x20, 0x250), (0x2000, 0x2700), (0x3000, 0x9FFF), (0xFF00, 0xFFEF), (0x1D400, 0x1F9FF))
WRITTEN = [row.written for row in read_table()]
KINDS = ("signs", "any characters", "broken", "run together", "spaced")
MAX_CPU_S = 1.0  # for one string; a hundred times what the slowest takes on an idle core


def hostile(chance: random.Random, kind: str) -> str:
    if kind == "signs":
        return "".join(chance.choices(SIGNS, k=chance.randrange(80)))
    if kind == "any characters":
        picked = chance.choices(RANGES, k=chance.randrange(50))
        return "".join(chr(chance.randrange(*each)) for each in picked)
    if kind == "broken":
        one, other = chance.sample(WRITTEN, 2)
        cut = chance.randrange(len(one) + 1)
        return one[:cut] + chance.choice(SIGNS) + other[cut // 2 :]
    parts = chance.choices(WRITTEN, k=chance.randrange(1, 5))
    return ("" if kind == "run together" else " ").join(parts)


def check(reader: Reader, text: str) -> None:
    spoken = reader.read(text)
    assert SPEAKABLE.fullmatch(spoken), text
    assert not re.search("[A-Z]{2}", spoken), text
    assert spoken == "" or re.search("[\u3400-\u4dbf\u4e00-\u9fffA-Z]", spoken), text
    assert reader.read(spoken) == reader.read_plain(spoken) == spoken, text


@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_of_a_kind_are_speakable_or_refused(kind: str) -> None:
    chance = random.Random(f"reading {kind}")
    slowest_s = 0.0
    for nth in range(2000):
        text = hostile(chance, kind)
        started_s = time.process_time()
        check(SPELLER if nth % 8 == 0 else READER, text)
        slowest_s = max(slowest_s, time.process_time() - started_s)
    assert slowest_s < MAX_CPU_S


@settings(max_examples=300)
@given(
    st.text(
        st.one_of(st.sampled_from(SIGNS), st.characters(exclude_categories=["Cs"])), max_size=100
    )
)
def test_anything_becomes_speakable_or_nothing(text: str) -> None:
    check(READER, text)


UNITS = (
    "1", "1-", "a1", "1.", "1,", "1/", "1:", "1~", "1x", "1%", "0", "a", "a.", "a-", "a@", "A ",
    "[", "](", "[a](", "(", "<", "<a", "&lt;", "*", "**", "_", "`", "- ", "# ", ">", "|", "|-",
    "第1", "1个", "x", "RAID1/", "RAID ", "192.168.", "::", "f:", "00:", "密码", "密码是",
    "序列号：", "http://", "www.a.", "/dev/", "Ctrl+", "F1", "①", "¥1,", "2026-", "-1", "0x", "1V",
    "V1.", "按", "版本1.", "1 ", "138****",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_endless_repetition_takes_bounded_time(unit: str) -> None:
    started_s = time.process_time()
    for reader in (READER, SPELLER):
        spoken = reader.read(unit * 2000)
        assert SPEAKABLE.fullmatch(spoken)
    assert time.process_time() - started_s < 2 * MAX_CPU_S
