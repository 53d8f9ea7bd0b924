"""Misheard terms come right; everything else stays as it was heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_models.lexicon_repair import Change, LexiconRepair

TERMS = [
    ("NF5280M6", ["五二八零", "五二八零M六"]),
    ("RAID", ["阵列", "锐德", "雷德"]),
    ("RAID5", ["锐德五", "阵列五", "raid五"]),
    ("RAID1", ["锐德一", "raid一"]),
    ("阵列卡", ["RAID卡", "振烈卡"]),
    ("硬盘", ["磁盘", "应盘"]),
    ("服务器", ["机器", "主机"]),
    ("电源", ["电源模块"]),
    ("控制器", []),
    ("BIOS", ["拜奥斯", "白奥斯"]),
]


@pytest.fixture(scope="module")
def repair() -> LexiconRepair:
    return LexiconRepair(TERMS)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("阵烈卡报错", "阵列卡报错"),
        ("应盘亮红灯", "硬盘亮红灯"),
        ("服务七重启", "服务器重启"),
        ("白奥斯进不去", "BIOS进不去"),
        ("瑞德五掉盘了", "RAID5掉盘了"),
        ("型号是nf 5280 m6", "型号是NF5280M6"),
        ("NF五二八零M六的机器", "NF5280M6的机器"),
        ("五二八零M六", "NF5280M6"),
        ("NF五二八洞M六", "NF5280M6"),
        ("做的是raid五", "做的是RAID5"),
        ("是M六", "是M6"),
        ("SN拐洞幺A两", "SN701A两"),
        ("锐德一", "RAID1"),
    ],
)
def test_misheard_terms_come_right(repair: LexiconRepair, heard: str, written: str) -> None:
    repaired = repair.repair(heard)
    assert repaired.text == written
    assert repaired.raw == heard
    assert repair.repair(written).text == written  # a second pass changes nothing


@pytest.mark.parametrize(
    "text",
    [
        "机器和主机都坏了",  # synonyms are what was said
        "阵列坏了",
        "我们的店员来了",  # a common word, though 电源 sounds like it
        "电话是五二八零",  # figures without a letter are no model
        "弗雷德里克",  # 雷德 inside a name
        "重启RAID一下",
        "BMC两台",
        "N B D二级市场",
        "F零十五",
        "NF5280M60",  # a longer code is another code
        "硬盘、阵列卡和RAID5",
        "",
    ],
)
def test_what_was_heard_right_stays(repair: LexiconRepair, text: str) -> None:
    repaired = repair.repair(text)
    assert repaired.text == text
    assert repaired.changes == ()


def test_changes_tell_what_was_heard(repair: LexiconRepair) -> None:
    repaired = repair.repair("应盘在阵烈卡上")
    assert repaired.changes == (Change(0, "应盘", "硬盘"), Change(3, "阵烈卡", "阵列卡"))


def test_a_sound_of_two_terms_repairs_neither() -> None:
    assert LexiconRepair([("阵列卡", []), ("针裂卡", [])]).repair("振烈卡").text == "振烈卡"


def test_it_can_be_switched_off() -> None:
    assert LexiconRepair(TERMS, enabled=False).repair("阵烈卡").text == "阵烈卡"


@given(st.text(alphabet="硬应盘阵列烈卡的一五六M RAID5280NF服务器", max_size=20))
def test_any_text_is_rebuilt_from_its_changes(text: str) -> None:
    repaired = LexiconRepair(TERMS).repair(text)
    rebuilt, position = "", 0
    for change in repaired.changes:
        assert text[change.start : change.start + len(change.heard)] == change.heard
        rebuilt += text[position : change.start] + change.term
        position = change.start + len(change.heard)
    assert repaired.text == rebuilt + text[position:]
