"""A model may phrase a call; what it adds does not reach a seat."""

from __future__ import annotations

import pytest

from tests.language.conftest import Scripted
from tests.wrapup.played import told
from voicebot.wrapup.phrasing import phrased

VIEW = told(
    [
        ("bot", "您好，请问您遇到了什么问题？"),
        ("caller", "我的YL5280G3装系统看不到硬盘，做了RAID1"),
        ("bot", "RAID卡驱动加载了吗？"),
        ("caller", "驱动没有加载，能不能派工程师上门"),
        ("seat", "我先把驱动发给您，十分钟以后您再试"),
    ]
)


def test_what_stands_in_the_call_is_kept() -> None:
    engine = Scripted(text="用户的YL5280G3看不到硬盘，驱动没有加载。客服把驱动发给用户。")
    draft = phrased(engine, VIEW.turns)
    assert draft.text == engine.text and draft.dropped == ()


@pytest.mark.parametrize(
    "lie",
    [
        "联系电话1234567890。",
        "用户的机器是YS2200。",
        "已经更换备件。",
        "用户已经加载驱动。",
        "用户来自杭州。",
        "三十分钟以后再试。",
        "客服承诺免费上门。",
        "用户不能上门。",
    ],
)
def test_a_lying_model_adds_nothing(lie: str) -> None:
    engine = Scripted(text=f"用户看不到硬盘。{lie}驱动没有加载。")
    draft = phrased(engine, VIEW.turns)
    assert draft.text == "用户看不到硬盘。驱动没有加载。"
    assert [each.sentence for each in draft.dropped] == [lie] and draft.dropped[0].claims


def test_a_model_that_only_lies_leaves_nothing() -> None:
    assert phrased(Scripted(text="序列号是SN998877。"), VIEW.turns).text == ""
