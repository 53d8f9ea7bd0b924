"""Which of a caller's turns count as unanswered, and in which words they are drafted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workshop.calls import ANSWERED, REFUSED, UNSURE, keep_call
from voicebot.records import Records
from voicebot.workshop.asked import Trouble, asked_in
from voicebot.workshop.wording import MAX_CHARS, question_of


async def asked(store: Records, call_id: str) -> list[tuple[str, Trouble]]:
    assert await store.settled(10)
    return [(each.question, each.trouble) for each in asked_in(store.get_call(call_id))]


async def test_refused_unsure_left_and_handed_off_questions_are_found(store: Records) -> None:
    call = keep_call(
        store,
        [
            ("你好", ("answer", 0.9)),
            ("请问打印机能不能连无线网", REFUSED),
            ("彩色的打印要多少钱一张", UNSURE),
            ("保修多久", ANSWERED),
            ("怎么设置双面打印", ANSWERED),
            ("给我转人工", ("handoff", 0.9)),
        ],
    )
    assert await asked(store, call) == [
        ("打印机能不能连无线网", Trouble.REFUSED),
        ("彩色的打印要多少钱一张", Trouble.UNSURE),
        ("怎么设置双面打印", Trouble.LEFT),
    ]


async def test_the_question_that_led_to_a_hand_off_is_found(store: Records) -> None:
    call = keep_call(store, [("墨盒能不能自己灌", ("handoff", 0.3))], handoff="low_confidence")
    assert await asked(store, call) == [("墨盒能不能自己灌", Trouble.HANDED_OFF)]
    asked_for = keep_call(store, [("墨盒能不能自己灌", ("handoff", 0.9))], handoff="requested")
    assert await asked(store, asked_for) == []


async def test_noise_and_what_asks_nothing_is_no_question(store: Records) -> None:
    words = ("嗯", "好的", "没有", "再说一遍", "")
    call = keep_call(store, [(said, REFUSED) for said in words])
    assert await asked(store, call) == []
    unheard = keep_call(store, [("打印机能不能连无线网", REFUSED)], heard=0.2)
    assert await asked(store, unheard) == []


async def test_events_of_other_shapes_are_passed_over(store: Records) -> None:
    call_id = keep_call(store, [("打印机能不能连无线网", REFUSED)])
    call = store.start_call(_info())
    for kind in ("caller_spoke", "searched", "bot_spoke", "handoff_started", "seat_spoke"):
        call.event(kind, 0, text=7, kind=None, confidence="high", reason=["x"])
    assert await asked(store, call.call_id) == []
    assert len(await asked(store, call_id)) == 1


def _info() -> object:
    from telephony.api import CallInfo

    return CallInfo("x@pbx", "", "400")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("喂你好，请问一下那个打印机怎么连无线网啊", "打印机怎么连无线网"),
        ("嗯我我我想问一下，就是说，怎么换墨盒呢", "我想问一下，怎么换墨盒"),
        ("我是天成公司的小王，想问打印机怎么连无线网", "想问打印机怎么连无线网"),
        ("我叫张*，打印机怎么连无线网", "打印机怎么连无线网"),
        ("我手机是138******00", ""),
        ("序列号是PR204816，还在不在保", "还在不在保"),
        ("工单号WX20261122001到哪一步了", ""),
        ("怎么换墨盒，怎么换墨盒", "怎么换墨盒"),
        ("硬盘灯一闪一闪是什么意思", "硬盘灯一闪一闪是什么意思"),
        ("PR204816", ""),
        ("啊？", ""),
        ("RAID 5怎么配？", "RAID 5怎么配"),
    ],
)
def test_a_question_keeps_the_callers_words_and_loses_what_is_theirs_alone(
    said: str, question: str
) -> None:
    assert question_of(said) == question


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_words_become_one_short_printable_line(said: str) -> None:
    question = question_of(said)
    assert len(question) <= MAX_CHARS
    assert question.isprintable() and "*" not in question
    assert question == question.strip()
