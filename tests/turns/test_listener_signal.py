"""Who is only listening, and who wants the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.turns.listener_signal import Overlap, classify_overlap


def words(text: str) -> list[str]:
    return text.split()


LISTENER = words("""
    嗯 嗯嗯 嗯嗯嗯嗯 恩恩 对 对对对 对的 对，对，对。 是 是的 是啊 好 好的 好的好的 好吧 行 行行行
    啊 哦 哦，好 明白 明白了 我知道了 可以 没错 没问题 OK 嗯，好的，明白 嗯哼 哈哈 然后呢 你说
    继续 好嘞 真的吗 这样啊 嗯你
""")
MISHEARD_LISTENER = words("""
    队 兑对 队的 浩的 号的 是得 试的 明百 之道了
""")
COMMAND = words("""
    等一下 等等 等下 停 停一下 转人工 我要人工服务 你听我说 先别说了 喂 没听清 再说一遍 嗯等一下
    好的，等一下 不用转人工 你慢一点
""")
MISHEARD_COMMAND = words("""
    专人工 转人公 等一夏 听我硕
""")
INTERRUPTION = words("""
    不是 不对 不是硬盘的问题 没有亮灯 我已经试过了 好了 行了 对了 不行 不 没 嗯，可是灯不亮
    对，但是我那个是两块盘 好的那内存怎么换 知道了知道了知道了 型号 三七二 五二八零 银行 行不行
    可以了 算了 是谁 好难
""")


@pytest.mark.parametrize("text", LISTENER + MISHEARD_LISTENER)
def test_a_listener_signal_does_not_stop_the_bot(text: str) -> None:
    assert classify_overlap(text) is Overlap.LISTENER
    assert not classify_overlap(text).stops_the_bot


@pytest.mark.parametrize("text", COMMAND + MISHEARD_COMMAND)
def test_a_command_stops_the_bot(text: str) -> None:
    assert classify_overlap(text) is Overlap.COMMAND
    assert classify_overlap(text).stops_the_bot


@pytest.mark.parametrize("text", INTERRUPTION)
def test_words_with_content_stop_the_bot(text: str) -> None:
    assert classify_overlap(text) is Overlap.INTERRUPTION


@pytest.mark.parametrize("text", ["", "。", "…", "你", "我"])
def test_a_breath_is_nothing(text: str) -> None:
    assert classify_overlap(text) is Overlap.NOTHING


def test_a_greeting_over_the_bot_stops_nothing() -> None:
    """嗯好 is heard as 您好; who greets the greeting does not interrupt it either."""
    assert classify_overlap("您好。") is Overlap.LISTENER
    assert classify_overlap("你好，硬盘坏了") is Overlap.INTERRUPTION


def test_a_yes_answers_a_question_already_heard() -> None:
    for yes in ("对", "是的", "好的", "嗯，对", "可以"):
        assert classify_overlap(yes, asked_yes_no=True) is Overlap.ANSWER
        assert classify_overlap(yes) is Overlap.LISTENER
    assert classify_overlap("嗯", asked_yes_no=True) is Overlap.LISTENER
    assert classify_overlap("没有", asked_yes_no=True) is Overlap.INTERRUPTION


def test_a_few_doubtful_characters_do_not_stop_the_bot() -> None:
    for hum in ("敏敏", "五号", "没了啦", "不意的", "BuyBuyBuy"):
        assert classify_overlap(hum, confidence=0.3) is Overlap.NOTHING
        assert classify_overlap(hum, confidence=0.9) is Overlap.INTERRUPTION
    for meant in (
        "不是",
        "没有亮",
        "等一下",
        "转人工",
        "我问的不是这个",
        "内存怎么换",
        "部队",
        "美油",
        "传人公",
        "懂一下",
        "同意下",
        "不去",
    ):
        assert classify_overlap(meant, confidence=0.3).stops_the_bot


@given(st.lists(st.sampled_from(["嗯", "对", "好的", "是的", "啊", "哦", "行", "，"]), min_size=1))
def test_signals_said_again_stay_signals(parts: list[str]) -> None:
    assert classify_overlap("".join(parts)) in (Overlap.LISTENER, Overlap.NOTHING)


@given(st.sampled_from(COMMAND), st.sampled_from(["", "嗯", "好的", "对对", "那个"]))
def test_a_command_is_heard_behind_any_signal(command: str, before: str) -> None:
    assert classify_overlap(before + command).stops_the_bot


@given(st.text(max_size=30))
def test_any_text_is_one_of_them(text: str) -> None:
    assert classify_overlap(text) in Overlap
