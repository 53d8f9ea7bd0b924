"""Pictures and addresses are offered by message; the same text is not said twice in a call."""

from __future__ import annotations

import dataclasses

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.events import Found, Heard, SayKind, SendMessage
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult

FIGURE = Hit("m#1", HitKind.PASSAGE, 1.0, "六号是风扇支架。", "部件图", "手册 2", "ab12.png")
LINK = Hit("p#7", HitKind.PASSAGE, 1.0, "驱动在 support.yunlan.example 下载。", "支持", "政策 7")
PLAIN = Hit("p#8", HitKind.PASSAGE, 1.0, "子网是255.255.255.0，末尾加上inst.dd。", "x", "手册 9")


def answer(dialog: Dialog, hit: Hit) -> DialogState:
    state, _ = dialog.start()
    state, _ = dialog.step(state, Heard("部件图在哪里"))
    state, _ = dialog.step(state, Found(SearchResult("部件图在哪里", (hit,), 0.9)))
    return state


@pytest.mark.parametrize(
    ("hit", "what", "content"),
    [(FIGURE, "figure", "ab12.png"), (LINK, "link", "support.yunlan.example")],
)
def test_what_cannot_be_spoken_is_sent_on_a_yes(
    dialog: Dialog, hit: Hit, what: str, content: str
) -> None:
    state = answer(dialog, hit)
    assert state.awaiting is Awaiting.SEND
    assert DialogState.from_dict(state.to_dict()) == state
    after, actions = dialog.step(state, Heard("好的"))
    assert [a for a in actions if isinstance(a, SendMessage)] == [
        SendMessage(what, content, hit.source)
    ]
    assert after.sending is None and after.awaiting is Awaiting.ELSE


def test_nothing_is_sent_on_a_no_or_on_another_question(dialog: Dialog) -> None:
    state = answer(dialog, FIGURE)
    for text in ("不用", "那保修多久"):
        after, actions = dialog.step(state, Heard(text))
        assert not any(isinstance(a, SendMessage) for a in actions)
        assert after.sending is None


def test_masks_and_options_are_no_addresses(dialog: Dialog) -> None:
    assert answer(dialog, PLAIN).awaiting is Awaiting.ANSWERED


def test_no_variant_comes_twice_while_there_is_another(caller: Caller) -> None:
    refused = []
    for text in (
        "今天股票怎么样",
        "不用",
        "外卖到哪了",
        "不用",
        "彩票中奖了吗",
        "不用",
        "哪里有饭店",
    ):
        caller.say(text)
        refused += [say.text for say in caller.says if say.kind is SayKind.REFUSE]
    assert len(refused) == 4 and len(set(refused)) == 4


def test_asked_again_after_a_digression_in_other_words(caller: Caller) -> None:
    asked = [caller.say("有台服务器看不到硬盘")]
    for text in ("保修多久", "你们食堂在哪里"):
        caller.say(text)
        asked.append(caller.says[-1].text)
    assert len(set(asked)) == 3


def test_of_an_answer_that_was_heard_only_the_part_that_answers(dialog: Dialog) -> None:
    hit = Hit(
        "bmc", HitKind.FAQ, 1.0, "登录以后上传固件升级，大约十分钟，业务不中断。", "怎么升级BMC固件"
    )
    state, _ = dialog.start()
    for text, said in (("怎么升级BMC固件", hit.text), ("大概要多久", "大约十分钟。")):
        state, actions = dialog.step(state, Heard(text))
        query = actions[-1].query  # type: ignore[union-attr]
        state, actions = dialog.step(state, Found(SearchResult(query, (hit,), 0.9)))
        assert next(a.text for a in actions if hasattr(a, "text")) == said


def test_a_hit_without_the_part_asked_for_does_not_answer_about_one_line(dialog: Dialog) -> None:
    hit = Hit("cpu", HitKind.FAQ, 1.0, "最多四颗，不能配三颗。", "YL8480G3支持几颗处理器")
    state, _ = dialog.start()
    state, _ = dialog.step(state, Heard("YL8480G3最大支持多少内存"))
    result = SearchResult("YL8480G3最大支持多少内存", (hit,), 0.8, product="YL8480G3")
    _, actions = dialog.step(state, Found(result))
    assert getattr(actions[0], "kind", None) is SayKind.REFUSE
    same = dataclasses.replace(result, query="YL8480G3支持几颗处理器")
    _, actions = dialog.step(state, Found(same))
    assert getattr(actions[0], "kind", None) is SayKind.ANSWER


def test_words_that_ask_nothing_go_with_the_next(caller: Caller) -> None:
    caller.say("我们在机房左边那一排")
    caller.say("是绿的")
    assert caller.searched[1] == "我们在机房左边那一排，是绿的"
    assert caller.state.failures >= 1
