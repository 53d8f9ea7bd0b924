"""The account of an utterance: what the caller has heard of it, from what is left to send."""

from __future__ import annotations

import pytest

from voicebot.session.said import Said

CLAUSES = ("先看电源灯，", "再看硬盘灯，", "最后看网口。")


def by_clause() -> Said:
    """Three clauses of 1000 ms, each in one piece, and a pause of 200 ms after each."""
    said = Said()
    said.begin(CLAUSES)
    for number, text in enumerate(CLAUSES):
        said.sound(number, text, 1000)
        said.pause(200)
    return said


def by_word(*, told_at_end: bool = False) -> Said:
    """One clause of three words of 400 ms; or one whose voice says only at its end what it said."""
    said = Said()
    said.begin(("先看前面的电源灯，", "好吗？"))
    words = ("", "", "先看前面的电源灯，") if told_at_end else ("先看", "前面的", "电源灯，")
    for word in words:
        said.sound(0, word, 400)
    return said


@pytest.mark.parametrize(
    ("left_ms", "heard"),
    [
        (3600, 0),
        (2700, 0),
        (2615, 1),
        (2400, 1),
        (1500, 1),
        (1400, 2),
        (1201, 2),
        (250, 2),
        (200, 3),
    ],
)
def test_a_clause_that_was_cut_is_unheard_and_the_ones_before_it_heard(
    left_ms: float, heard: int
) -> None:
    assert by_clause().heard(left_ms) == ("".join(CLAUSES[:heard]), "".join(CLAUSES[heard:]))


@pytest.mark.parametrize(
    ("left_ms", "heard"), [(1200, ""), (801, "先看"), (500, "先看"), (300, "先看前面的")]
)
def test_where_the_voice_tells_words_it_is_heard_to_the_word(left_ms: float, heard: str) -> None:
    said = by_word()
    assert said.heard(left_ms) == (heard, said.text.removeprefix(heard))


@pytest.mark.parametrize("left_ms", [1200, 500, 300])
def test_where_it_tells_them_at_the_end_a_clause_is_heard_whole_or_not(left_ms: float) -> None:
    said = by_word(told_at_end=True)
    assert said.heard(left_ms) == ("", said.text)
    assert said.heard(0) == ("先看前面的电源灯，", "好吗？")


def test_a_clause_that_is_still_being_made_is_unheard_from_its_first_untold_word() -> None:
    said = Said()
    said.begin(CLAUSES)
    said.sound(0, "先看", 300)
    said.sound(0, "", 200)
    assert said.heard(0) == ("先看", "电源灯，再看硬盘灯，最后看网口。")
    assert said.sounded(0) == ("先看电源灯，",), "what sounds is of this clause"


def test_what_had_begun_to_sound() -> None:
    said = by_clause()
    assert said.sounded(3600) == CLAUSES[:1]
    assert said.sounded(2401) == CLAUSES[:1]
    assert said.sounded(2400) == CLAUSES[:2]
    assert by_word().sounded(700) == ("先看前面的",)
    assert by_word(told_at_end=True).sounded(1100) == ("先看前面的电源灯，",)


def test_the_end_begins_with_the_last_clause() -> None:
    said = by_clause()
    assert [said.ending(left_ms) for left_ms in (3600, 1201, 1200, 0)] == [
        *(False, False),
        *(True, True),
    ]
    assert not by_word().ending(0), "its last clause has not come yet"


def test_of_nothing_nothing_is_heard() -> None:
    said = Said()
    assert said.ending(0) and said.sounded(0) is None and said.heard(0) == ("", "")
    said.aside(500)
    assert said.sounded(0) is None
    said.begin(CLAUSES)
    assert not said.ending(0)
    assert said.heard(0) == ("", "".join(CLAUSES))


def test_an_aside_is_no_part_of_what_was_said() -> None:
    said = by_clause()
    said.aside(800)
    said.pause(300)
    assert said.heard(700) == ("".join(CLAUSES), "")
    assert said.sounded(700) == CLAUSES
    assert said.ending(700)
    said.forget()
    assert said.sounded(0) is None and said.text == ""
