"""Phrases by sound, words not cut, terms rewritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.dialog.numbers import numbers_in
from voicebot.dialog.phonetic import Canonicalizer, contains, units
from voicebot.pack import Pack, Term


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("看不到应盘", "硬盘"),
        ("我要专人工", "转人工"),
        ("有个 CTRL + A 的提示", "ctrl+a"),
        ("做的 raid 一", "RAID1"),
        ("ＲＡＩＤ１", "raid1"),
        ("B M C 打不开", "BMC"),
    ],
)
def test_heard(text: str, phrase: str) -> None:
    assert contains(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [("RAID10", "RAID1"), ("bmcx", "BMC"), ("看得到", "看不到"), ("应", "硬"), ("", "硬盘")],
)
def test_not_heard(text: str, phrase: str) -> None:
    assert not contains(text, phrase)


LINES = (Path(__file__).parent / "cases" / "sounds.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("sign", "phrase", "text"), [line.split(" ") for line in LINES if line[:2] in ("+ ", "- ")]
)
def test_ordinary_words_are_what_they_are(sign: str, phrase: str, text: str) -> None:
    assert contains(text, phrase) is (sign == "+")


def test_no_chain_of_sounds_makes_a_term() -> None:
    canonical = Canonicalizer([Term("掉线", "term", ("离线",))])
    assert canonical.rewrite("机柜理线").strip() == "机柜理线"
    assert canonical.rewrite("硬盘离线").strip() == "硬盘掉线"
    assert canonical.rewrite("硬盘立线").strip() == "硬盘掉线"


def test_an_empty_phrase_is_nowhere() -> None:
    assert not contains("服务器", "")
    assert units("，。 ！") == ()


def test_spoken_forms_become_terms(pack: Pack) -> None:
    canonical = Canonicalizer(pack.lexicon)
    assert "RAID" in canonical.rewrite("锐德没有做")
    assert "RAID" in canonical.rewrite("雷德没有做")
    assert canonical.terms("型号是五二八零", "model") == ("YL5280G3",)
    assert canonical.terms("型号是 YL 8480 G3", "model") == ("YL8480G3",)
    assert canonical.terms("没有型号", "model") == ()


def test_the_longest_form_wins() -> None:
    canonical = Canonicalizer([Term("RAID", "term", ("锐德",)), Term("RAID1", "term", ("锐德一",))])
    assert canonical.rewrite("锐德一").strip() == "RAID1"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("有三个", (3,)),
        ("十二块硬盘", (12,)),
        ("二十", (20,)),
        ("一百零五", (105,)),
        ("两万三千", (23000,)),
        ("二零二四年", (2024,)),
        ("我看一下 4 块", (4,)),
        ("没有", ()),
    ],
)
def test_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_in(text) == numbers


def test_a_row_of_figures_holds_no_model() -> None:
    lexicon = (
        Term("YL5280G3", "model", ("五二八零", "5280")),
        Term("麒麟", "software", ()),
    )
    canonical = Canonicalizer(lexicon)
    assert canonical.terms("我那台五二八零", "model") == ("YL5280G3",)
    assert canonical.terms("电话幺三八五二八零幺二三四", "model") == ()
    assert canonical.terms("电话13852801234", "model") == ()
    assert canonical.terms("温度七零", "software") == ()
    assert canonical.terms("装的其林", "software") == ("麒麟",)
