"""Moves of the conversation in any wording, misheard ones included."""

from __future__ import annotations

import pytest

from voicebot.dialog.intents import (
    Intent,
    asks_information,
    dangerous,
    dont_know,
    intent,
    is_question,
    wants_human,
)
from voicebot.pack import DANGER_WORDS

HUMAN = (
    "转人工", "给我转人工", "转人公", "专人工", "找个人", "人工客服", "我要跟人说话",
    "叫你们工程师", "人工", "人工服务", "找工程师", "换个人来", "帮我接一下人工",
    "请转给你们的技术人员", "我不想跟机器人说", "找你们领导", "我要投诉", "要不要转人工",
    "让工程师来接", "能不能帮我转个人工啊", "你们有没有人工", "真人", "不是，给我转人工",
)  # fmt: skip
NOT_HUMAN = (
    "不用转人工", "不要转人工", "别给我转人工", "先不转人工", "工程师多久上门", "人工费多少钱",
    "服务器看不到硬盘", "转速很高", "找个地方看看", "你是不是机器",
)  # fmt: skip


@pytest.mark.parametrize("text", HUMAN)
def test_a_human_is_asked_for(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize("text", NOT_HUMAN)
def test_no_human_is_asked_for(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("你再说一遍", Intent.REPEAT),
        ("再说一编", Intent.REPEAT),
        ("什么", Intent.REPEAT),
        ("刚才没听清", Intent.REPEAT),
        ("等一下我去看看", Intent.WAIT),
        ("稍等", Intent.WAIT),
        ("再见", Intent.GOODBYE),
        ("没有了", Intent.NOTHING_ELSE),
        ("没有了谢谢", Intent.NOTHING_ELSE),
        ("谢谢 没有了", Intent.NOTHING_ELSE),
        ("好的谢谢", Intent.THANKS),
        ("喂你好", Intent.HELLO),
        ("对不起", Intent.HELLO),
        ("听得到吗", Intent.HEAR_ME),
        ("继续", Intent.CONTINUE),
        ("好的继续说吧", Intent.CONTINUE),
        ("下一步呢", Intent.CONTINUE),
        ("解决了", Intent.SOLVED),
        ("还是不行啊", Intent.NOT_SOLVED),
        ("服务器看不到硬盘", None),
        ("没做", None),
        ("没有做", None),
        ("独立的", None),
    ],
)
def test_moves(text: str, move: Intent | None) -> None:
    assert intent(text) is move


@pytest.mark.parametrize(
    "text", ["机器冒烟了", "有一股焦味", "我刚才触电了", "是不是漏电", "着火啦"]
)
def test_danger(text: str) -> None:
    assert dangerous(text, DANGER_WORDS)


@pytest.mark.parametrize("text", ["没有冒烟", "也没有焦味", "我找货", "保修多久"])
def test_no_danger(text: str) -> None:
    assert not dangerous(text, DANGER_WORDS)


def test_not_knowing_and_asking() -> None:
    assert dont_know("这个我不太清楚")
    assert dont_know("在哪里看啊")
    assert not dont_know("做了")
    assert is_question("能不能热插拔")
    assert asks_information("怎么配置RAID")
    assert not asks_information("这是怎么回事")
    assert not asks_information("有台服务器看不到硬盘")
