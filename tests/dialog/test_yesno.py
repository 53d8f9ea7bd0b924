"""Mandarin yes and no."""

from __future__ import annotations

import pytest

from voicebot.dialog.yesno import Polarity, agreement_only, polarity

YES = (
    "对", "是", "是的", "嗯", "嗯嗯", "没错", "可以", "好", "好的", "行", "行吧", "有", "有的",
    "做了", "做过了", "对对对", "当然", "需要", "要的", "转吧", "好的转吧", "没问题", "应该是吧",
    "好像是", "OK", "对绿灯", "那好吧", "能", "亮", "已经配好了", "不是没做", "也不是没有",
    "没有不正常", "不对，做了", "没有，哦，有的", "嗯是的", "我觉得是",
)  # fmt: skip
NO = (
    "不", "不是", "没有", "没", "没做", "不用", "不需要", "不要", "不行", "不可以", "还没",
    "还没有", "没有了", "没呢", "不对", "不是这样的", "对，没做", "嗯，没有", "嗯，好像没有",
    "是没有", "不亮", "未配置", "从来没有", "我没有", "应该没有", "别", "不能", "里面没有",
    "有的，哦没有", "先不用", "先不要了", "先不需要",
)  # fmt: skip
NEITHER = (
    "对不起", "不好意思", "不知道", "不清楚", "是不是缺驱动", "有没有人", "是绿灯", "好大的声音",
    "独立的", "看不到硬盘", "服务器", "好几台都这样", "对了我想问一下", "要不要重启", "什么",
    "刚才说错了，是绿灯", "先别挂", "先不要挂", "先别急", "别挂", "别急", "不用着急", "先看看",
)  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_yes(text: str) -> None:
    assert polarity(text) is Polarity.YES


@pytest.mark.parametrize("text", NO)
def test_no(text: str) -> None:
    assert polarity(text) is Polarity.NO


@pytest.mark.parametrize("text", [*NEITHER, "", "，。", "？"])
def test_neither(text: str) -> None:
    assert polarity(text) is Polarity.UNSAID


def test_agreement_is_told_from_a_statement() -> None:
    assert agreement_only("对 是不是缺少那个RAID驱动啊")
    assert not agreement_only("做了")
