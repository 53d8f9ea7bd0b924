"""Who wants a human, and who is in danger: two tables of what callers say (tests/dialog/cases)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.alarm_words import dangerous, said_word, sensitive_topic
from voicebot.dialog.human_wish import only_transfer, wants_human
from voicebot.dialog.mood import angry, only_anger
from voicebot.pack import DANGER_WORDS, SENSITIVE_TOPICS

CASES = Path(__file__).parent / "cases"


def table(name: str) -> list[tuple[str, bool]]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [(line[2:], line[0] == "+") for line in lines if line[:2] in ("+ ", "- ")]


HUMAN = table("wants_human.txt")
DANGER = table("danger.txt")


def test_the_tables_are_as_large_as_promised() -> None:
    assert len(HUMAN) >= 250 and sum(not wanted for _, wanted in HUMAN) >= 100
    assert len(DANGER) >= 60 and sum(not wanted for _, wanted in DANGER) >= 30


def test_wish_for_a_human() -> None:
    assert not [text for text, wanted in HUMAN if wants_human(text) is not wanted]


def test_danger() -> None:
    found = [(text, wanted, bool(dangerous(text, DANGER_WORDS))) for text, wanted in DANGER]
    assert not [text for text, wanted, is_one in found if is_one is not wanted]


def test_a_gap_in_a_danger_word_is_short_and_within_a_clause() -> None:
    assert said_word("冒了一股烟", ("冒…烟",)) == "冒…烟"
    assert not said_word("冒号要不要写在配置文件里的烟", ("冒…烟",))
    assert not said_word("冒险，烟", ("冒…烟",))


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("我要去法院起诉你们", "法律"),
        ("我已经找了律师", "法律"),
        ("我要找记者曝光你们", "媒体"),
        ("这事我要发到网上", "媒体"),
        ("换了盘以后数据全丢了", "数据丢失"),
        ("我的数据都没了", "数据丢失"),
        ("服务器中了勒索病毒", "数据泄露"),
        ("客户的数据泄露了", "数据泄露"),
        ("你们不处理我就投诉", "投诉"),
        ("维修会丢数据吗", ""),
        ("数据丢了能恢复吗", ""),
        ("投诉电话是多少", ""),
        ("没有丢数据", ""),
        ("我不是要投诉", ""),
        ("保修多久", ""),
    ],
)
def test_a_sensitive_topic_is_brought_up_and_not_just_asked_about(text: str, topic: str) -> None:
    assert sensitive_topic(text, SENSITIVE_TOPICS) == topic


@pytest.mark.parametrize(
    "text", ["你们这什么破服务", "气死我了", "我都打了三次了还没人管", "你到底行不行", "太差劲了"]
)
def test_angry(text: str) -> None:
    assert angry(text)


@pytest.mark.parametrize("text", ["硬盘坏了", "很急，开不了机", "垃圾回收怎么配", "我没生气"])
def test_not_angry(text: str) -> None:
    assert not angry(text)


def test_a_rant_and_a_rant_with_a_matter() -> None:
    assert only_anger("你们这什么破公司") and not only_anger("什么破机器，硬盘又看不到了")


def test_to_take_up_an_offer_names_nobody() -> None:
    assert only_transfer("好，转吧") and not only_transfer("转人工")


# --- in a call ------------------------------------------------------------------------------
def test_transfer_to_a_human_after_our_own_offer_is_requested(caller: Caller) -> None:
    caller.say("今天股票怎么样")
    caller.say("转人工")
    assert caller.handoff is not None and caller.handoff.reason == "requested"


def test_yes_to_our_own_offer_keeps_its_reason(caller: Caller) -> None:
    caller.say("今天股票怎么样")
    caller.say("嗯转吧")
    assert caller.handoff is not None and caller.handoff.reason == "low_confidence"


def test_a_sensitive_topic_is_handed_over_with_its_name(caller: Caller) -> None:
    caller.say("换了硬盘以后数据全丢了")
    assert caller.handoff is not None and caller.handoff.reason == "sensitive"
    assert caller.handoff.facts["敏感话题"] == "数据丢失"


@pytest.mark.parametrize("text", ["先别转人工", "不用转", "不用"])
def test_who_wants_no_human_is_asked_on(caller: Caller, text: str) -> None:
    caller.say(text)
    assert caller.handoff is None and caller.searched == []


def test_a_declined_offer_is_no_step_towards_a_human(caller: Caller) -> None:
    for _ in range(4):
        caller.say("今天股票怎么样")
        caller.say("不用转，那外卖呢")
        caller.say("不用")
    assert caller.handoff is None


def test_danger_goes_before_a_wish_for_a_human(caller: Caller) -> None:
    caller.say("冒烟了快转人工")
    assert caller.handoff is not None and caller.handoff.reason == "danger"
    assert "断" in caller.says[0].text


def test_anger_is_answered_once_with_an_apology_and_the_matter_goes_on(caller: Caller) -> None:
    caller.say("什么破机器，又看不到硬盘了")
    sorry, question = caller.says
    assert "抱歉" in sorry.text and question.slot == "raid_done"
    caller.say("烦死了，没做")
    assert caller.state.awaiting.value == "offer", "who is angry twice is offered a human"
    caller.say("好")
    assert caller.handoff is not None and caller.handoff.reason == "upset"


def test_a_mere_rant_is_offered_a_human_at_once(caller: Caller) -> None:
    caller.say("你们这什么破公司")
    assert "转" in caller.heard and caller.handoff is None


def test_an_angry_caller_is_handed_over_after_two_failures(caller: Caller) -> None:
    caller.say("气死我了，股票怎么样")
    caller.say("外卖怎么还没到")
    assert caller.handoff is not None and caller.handoff.reason == "low_confidence"
