from __future__ import annotations

import pytest

from voicebot.knowledge.query_kind import QueryKind, classify

SAID = {
    QueryKind.EMPTY: ("", "。", " ，… "),
    QueryKind.HUMAN: ("我要转人工", "给我找个工程师", "人工", "有没有真人啊", "我不想跟机器人说话"),
    QueryKind.COMPLAINT: ("你们这什么破服务", "我要投诉", "我都打了三次了还没人管"),
    QueryKind.FAREWELL: ("好的再见", "没有其他问题了，谢谢", "就这样吧", "拜拜"),
    QueryKind.REPEAT: ("再说一遍", "没听清", "什么？", "你能再说一次吗"),
    QueryKind.CONTINUE: ("继续", "好的，然后呢", "下一步"),
    QueryKind.AFFIRM: ("对", "嗯，是的", "好的好的", "有的", "试过了", "没问题"),
    QueryKind.DENY: ("不是", "没有", "还没有", "不用了", "不对不对"),
    QueryKind.FILLER: ("嗯", "你好", "我看一下啊", "喂，你好", "等一下", "呃那个"),
    QueryKind.QUESTION: (
        "硬盘红灯亮了怎么办",
        "那个我想问一下保修多久",
        "支持热插拔吗",
        "要等工程师多久",
        "工程师什么时候上门",
    ),
    QueryKind.STATEMENT: ("服务器开不了机", "电源灯不亮", "型号是YL5280G3", "机器一直报警"),
}


@pytest.mark.parametrize(
    ("text", "kind"), [(text, kind) for kind, texts in SAID.items() for text in texts]
)
def test_a_turn_is_of_its_kind(text: str, kind: QueryKind) -> None:
    assert classify(text) is kind


def test_a_long_turn_is_never_a_mere_yes() -> None:
    assert classify("好的" * 200) is QueryKind.STATEMENT
