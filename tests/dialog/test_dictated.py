"""What is a group of figures in recognized text, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialog.dictated import dictated_groups, read_back_sizes, regroup, spoken_group


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("三七二", ("372",)),
        ("三七二，五五八", ("372", "558")),
        ("372 558", ("372", "558")),
        ("幺三八洞洞", ("13800",)),
        ("序列号是二一九幺", ("2191",)),
        ("我的序列号是nf五二八零", ("NF5280",)),
        ("呃，拐拐勾", ("779",)),
        ("三个零两个八", ("00088",)),
        ("十八，一百零五", ("18", "105")),
        ("一百五，两千三百，一千零五", ("150", "2300", "1005")),
        ("２１９", ("219",)),
        ("二一九杠零零七", ("219", "007")),
        ("三七留", ("376",)),
        ("然后是五五八", ("558",)),
        ("A B 三", ("A", "B", "3")),
        ("找到了 YL二零九五", ("YL2095",)),
        ("看到了，是二零九五", ("2095",)),
        ("好的我找到了二零九五", ("2095",)),
    ],
)
def test_groups_are_found(text: str, groups: tuple[str, ...]) -> None:
    assert dictated_groups(text) == groups


@pytest.mark.parametrize(
    "text", ["", "我不知道在哪里看", "转人工", "等一下我找找", "找到了", "你说什么", "。"]
)
def test_other_words_are_no_dictation(text: str) -> None:
    assert dictated_groups(text) == ()


@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_figures_read_aloud_are_understood_as_they_were(value: str) -> None:
    heard = "".join(spoken_group(value).split())
    assert "".join(dictated_groups(heard)) == value


@given(st.integers(1, 60))
def test_read_back_groups_are_short_and_complete(length: int) -> None:
    sizes = read_back_sizes(length)
    assert sum(sizes) == length
    assert max(sizes) <= 4
    assert min(sizes) >= (3 if length >= 6 else 1)


def test_a_mobile_number_is_read_as_people_know_it() -> None:
    assert regroup("13800138000") == ("138", "0013", "8000")
    assert spoken_group("13A") == "幺 三 A"


@given(st.text(max_size=30))
def test_any_text_gives_letters_and_figures_only(text: str) -> None:
    for group in dictated_groups(text):
        assert group
        assert group.isascii()
        assert group.isalnum()
