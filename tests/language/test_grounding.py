"""Grounding: what is added to a source, or turned round, is found; rewording is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.language.grounding import ungrounded
from voicebot.language.numerals import plain

MANUAL = (
    "NF5280M6 支持 RAID 5，最多 24 块硬盘。更换 3 号槽位硬盘前，请勿关机。"
    "BMC 默认地址是 192.168.1.1，热线 400-820-1234。该机型不支持热插拔风扇。"
)


@pytest.mark.parametrize(
    "sentence",
    [
        "ＮＦ５２８０Ｍ６最多二十四块硬盘。",
        "请更换三号槽位的硬盘。",
        "nf5280m6支持raid5。",
        "请拨打四零零八二零幺二三四。",
        "请拨打4008201234。",
        "BMC的地址是192.168.1.1。",
        "一块硬盘坏了可以更换。",
        "更换硬盘前不要关机。",
        "风扇不支持热插拔。",
        "灯会一直亮，这非常正常。",
        "支持RAID五，NF5280M6三号槽位硬盘。",
        "机型为NF 5280 M6。",
    ],
)
def test_a_rewording_is_grounded(sentence: str) -> None:
    assert ungrounded(sentence, MANUAL) == ()


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("最多三十六块硬盘。", ("36",)),
        ("请更换四号槽位硬盘。", ("4",)),
        ("NF5280M7支持RAID5。", ("NF5280M7",)),
        ("支持RAID6和NVMe。", ("RAID6", "NVME")),
        ("请拨打4008201235。", ("4008201235",)),
        ("地址是192.168.1.100。", ("192.168.1.100",)),
        ("七年保修，百分之九十九可用。", ("7", "99%")),
        ("这台机器不支持RAID5。", ("不支持RAID5",)),
        ("该机型支持热插拔风扇。", ("支持热插",)),
        ("更换硬盘前请关机。", ("关机",)),
        ("来电者表示问题已解决，我们免费上门。", ("解决", "免费", "上门")),
    ],
)
def test_what_is_added_or_turned_round_is_named(sentence: str, claims: tuple[str, ...]) -> None:
    assert ungrounded(sentence, MANUAL) == claims


@pytest.mark.parametrize(
    ("caller", "summary"),
    [
        ("我这机器开不了机", "来电者反映机器无法开机。"),
        ("系统进不去了", "来电者无法进系统。"),
        ("指示灯没亮", "指示灯不亮。"),
        ("那个灯没有反应", "灯无反应。"),
        ("序列号是幺二三零零幺", "序列号为123001。"),
        ("二零二四年五月一号买的", "2024-05-01购买。"),
        ("内存是三十二G的", "内存为32G。"),
        ("大概下午三点五十分", "下午3点50分。"),
        ("我把电源线换过了", "来电者更换过电源线。"),
        ("AS5300，十二号槽亮黄灯", "AS5300十二号槽盘亮黄灯。"),
    ],
)
def test_a_caller_and_a_summary_say_the_same_in_other_words(caller: str, summary: str) -> None:
    assert ungrounded(summary, caller) == ()


def test_a_phone_number_that_the_caller_never_said_is_found() -> None:
    assert ungrounded("联系电话1234567890。", "你好，我姓王，机器坏了") == ("1234567890",)


@given(st.integers(1, 99_999))
def test_written_numbers_have_the_value_of_their_digits(number: int) -> None:
    assert plain(chinese(number)) == str(number)


@given(st.text(max_size=60))
def test_any_text_is_grounded_in_itself_or_refused_without_an_error(text: str) -> None:
    assert isinstance(ungrounded(text, text), tuple)
    assert not [claim for claim in ungrounded(text, text) if claim.isdigit()]


def chinese(number: int) -> str:
    """1..99,999 as read aloud (10 as 一十)."""
    text, zero = "", False
    for unit, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if zero and text else "") + "零一二三四五六七八九"[digit] + name
        zero = digit == 0
    return text
