from __future__ import annotations

import pytest

from asr_models.metrics import (
    ErrorCount,
    character_errors,
    edit_distance,
    number_reading,
    syllable_errors,
)


def test_edits_are_counted() -> None:
    assert edit_distance("abc", "abc") == 0
    assert edit_distance("", "abc") == 3
    assert edit_distance("kitten", "sitting") == 3


@pytest.mark.parametrize(
    ("reference", "heard", "errors"),
    [
        ("硬盘坏了", "硬盘坏了。", 0),
        ("硬盘坏了", "硬盤壞了", 0),
        ("按一", "按1", 0),
        ("二零二六年", "2026年", 0),
        ("一共二十五台", "一共25台", 0),
        ("幺八六", "186", 0),
        ("硬盘坏了", "硬盘怀了", 1),
        ("硬盘坏了", "", 4),
    ],
)
def test_character_errors(reference: str, heard: str, errors: int) -> None:
    assert character_errors(reference, heard).errors == errors


def test_homophones_are_right_by_sound() -> None:
    assert syllable_errors("硬盘坏了", "应盘怀了").errors == 0
    assert syllable_errors("硬盘坏了", "硬盘好了") == ErrorCount(1, 4)


@pytest.mark.parametrize(
    ("digits", "reading"),
    [
        ("0", "零"),
        ("10", "十"),
        ("105", "一百零五"),
        ("2000", "二千"),
        ("10005", "一万零五"),
        ("123456", "十二万三千四百五十六"),
        ("007", "零零七"),
        ("123456789", "一二三四五六七八九"),
    ],
)
def test_numbers_are_read(digits: str, reading: str) -> None:
    assert number_reading(digits) == reading


def test_counts_add_up() -> None:
    assert (ErrorCount(1, 4) + ErrorCount(1, 4)).rate == 0.25
    assert ErrorCount().rate == 0.0
