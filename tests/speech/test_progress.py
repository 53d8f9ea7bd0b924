"""How far a text was said, and where another voice could go on with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.progress import may_part, said_up_to, speakable

TEXT = "先看，电源灯。再看RAID卡！"


@pytest.mark.parametrize(
    ("said", "words", "left"),
    [
        (0, "先看", "电源灯。再看RAID卡！"),
        (0, "先看，", "电源灯。再看RAID卡！"),
        (3, "电源", "灯。再看RAID卡！"),
        (3, "电源灯", "再看RAID卡！"),
        (0, "", TEXT),
        (0, "，", TEXT),
        (7, "再看RAID卡", ""),
        (0, "说了更多更多更多更多更多更多", ""),
    ],
)
def test_words_take_their_marks_with_them(said: int, words: str, left: str) -> None:
    assert TEXT[said_up_to(TEXT, said, words) :] == left


@given(st.text("先看，。RAID 5二三", max_size=20), st.integers(0, 20))
def test_any_two_parts_make_the_whole(text: str, cut: int) -> None:
    first = said_up_to(text, 0, text[:cut])
    whole = said_up_to(text, first, text[cut:])
    assert not speakable(text[whole:])
    assert sum(map(str.isalnum, text[:first])) == sum(map(str.isalnum, text[:cut]))


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("工单号是", "20261122001", False),
        ("工单号是2026", "1122001", False),
        ("请按", "Ctrl键", False),
        ("请按Ctrl", "键", True),
        ("三七二", "五五八", False),
        ("三七二，", "五五八", True),
        ("Y L ", "二零五九", False),
        ("先看", "一下电源灯", True),
        ("先看电源灯，", "再看硬盘灯", True),
        ("亮不亮。", "", True),
    ],
)
def test_no_number_or_code_is_begun_or_torn(before: str, after: str, may: bool) -> None:
    assert may_part(before + after, len(before)) is may
