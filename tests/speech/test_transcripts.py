"""The voice's benches count what was heard wrong, and not how it was written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.transcripts import Slip, code_places, nearest, slips
from tests.bench.voice_lines import CONFIRMATION, LINES, voice_lines


def errors(said: str, written: str) -> int:
    return len(slips(*nearest([said], written)))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("机器的型号是yl五二八零g三对不对", "机器的型号是YL5280G3，对不对？"),
        ("工单号是二零二六一一二二零零一", "工单号是，2026-1122-001。"),
        ("工单号是二零二六幺幺二二零零幺", "工单号是二零二六一一二二零零一"),
        ("最多支持三十二根", "最多支持32根"),
        ("两台已经修好了", "二台已经修好了。"),
        ("电量只剩下百分之十五", "电量只剩下15%"),
        ("温度是四十六摄氏度", "溫度是46℃"),
        ("温度是四十六摄氏度", "温度是46°C"),
        ("重量是三十二点五公斤", "重量是32.5公斤"),
        ("地址是一九二点一六八点一点一零零", "地址是192.168.1.100"),
        ("需要十二到十六个小时", "需要12-16个小时"),
        ("电话是四零零八六零", "电话是400-860"),
        ("每分钟一万二千转", "每分钟12,000转"),
        ("二零二六年一月十一日九点三十分", "2026年1月11日9点30分"),
    ],
)
def test_another_way_of_writing_is_no_error(said: str, written: str) -> None:
    assert errors(said, written) == 0


@pytest.mark.parametrize(
    ("said", "written", "count"),
    [
        ("工单号是二零二六一一二二零零一", "工单号是2026112201", 1),
        ("型号是五二八零", "型号是5218", 2),
        ("最多支持三十二根", "最多支持42根", 1),
        ("做锐德五", "坐瑞德五", 2),
        ("请按f二进入", "请按S2进入", 1),
        ("好的", "", 2),
        ("好的", "好的好的", 2),
    ],
)
def test_what_was_heard_wrong_is_counted(said: str, written: str, count: int) -> None:
    assert errors(said, written) == count


def test_slips_say_what_was_taken_for_what_and_where() -> None:
    assert slips("型号是f二好吗", "型号是s二吗") == [Slip("f", "s", True), Slip("好", "", False)]
    assert slips("一二", "一三二") == [Slip("", "三", True)]


def test_figures_in_a_row_and_letters_are_codes() -> None:
    said = "三台yl五二八零"
    assert code_places(said) == frozenset(range(2, 8))


def test_either_of_two_right_transcripts_is_right() -> None:
    assert nearest(["做锐德五", "做raid五"], "做RAID5") == ("做raid五", "做raid五")


def test_no_sentence_is_in_both_sets() -> None:
    texts = [line.text for path in (LINES, CONFIRMATION) for line in voice_lines(path)]
    assert len(set(texts)) == len(texts) == 172


@pytest.mark.parametrize(("path", "count"), [(LINES, 100), (CONFIRMATION, 72)])
def test_the_set_is_whole(path: Path, count: int) -> None:
    lines = voice_lines(path)
    assert len(lines) == count
    assert len({line.kind for line in lines[:5]}) == 5
    for line in lines:
        for heard in line.heard:
            assert not any(char.isascii() and char.isdigit() for char in heard), line
            assert not any(char in "{|}" for char in heard), line
            assert heard == heard.lower()
