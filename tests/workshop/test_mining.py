"""From kept calls to drafts: put together, answered from the documents or not at all, masked."""

from __future__ import annotations

import pytest

from tests.workshop.calls import REFUSED, keep_call
from voicebot.cli.pack import TEMPLATE
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.workshop.drafts import Draft, DraftKind
from voicebot.workshop.mining import Mined, mine

PACK = load_pack(TEMPLATE)
pytestmark = pytest.mark.weights


async def mined(store: Records, knowledge: Knowledge, **options: int) -> Mined:
    assert await store.settled(10)
    views = [store.get_call(call_id) for call_id in store.ids_between(None, None)]
    return mine(views, PACK, knowledge, store.drafts, **options)


def by_question(found: Mined) -> dict[str, Draft]:
    return {draft.question: draft for draft in found.new}


async def test_what_several_callers_asked_in_vain_becomes_one_draft_with_its_calls(
    store: Records, knowledge: Knowledge
) -> None:
    same = ["打印机能不能连无线网", "请问打印机能连无线网吗", "那个打印机可以连无线网吗"]
    calls = [keep_call(store, [(said, REFUSED)]) for said in same]
    other = keep_call(store, [("你们公司几点下班", REFUSED)])
    found = await mined(store, knowledge)
    assert (found.calls, found.asked, found.groups) == (4, 4, 2)
    wireless, hours = sorted(found.new, key=lambda draft: -draft.count)
    assert set(wireless.source_calls) == set(calls) and wireless.count == 3
    assert wireless.kind is DraftKind.FAQ and "无线网" in wireless.question
    assert hours.source_calls == (other,)
    assert wireless.confidence > hours.confidence
    assert wireless.answer == hours.answer == ""  # the manual says nothing of either
    assert [draft.id for draft in store.drafts.list()] == [wireless.id, hours.id]


async def test_an_answer_is_the_documents_own_words_with_their_source(
    store: Records, knowledge: Knowledge
) -> None:
    keep_call(store, [("硒鼓要怎么更换", REFUSED)])
    (draft,) = (await mined(store, knowledge)).new
    assert draft.kind is DraftKind.FAQ
    assert "打开前盖" in draft.answer and "推到底" in draft.answer
    assert "manual" in draft.answer_source or "更换硒鼓" in draft.answer_source


async def test_another_way_to_ask_what_an_entry_answers_is_a_similar_question(
    store: Records, knowledge: Knowledge
) -> None:
    keep_call(store, [("这台机器保修保几年", REFUSED)])
    (draft,) = (await mined(store, knowledge)).new
    assert (draft.kind, draft.near_entry) == (DraftKind.SIMILAR, "general.warranty")
    assert draft.nearness >= 0.3 and draft.answer == ""


async def test_what_a_seat_told_after_taking_over_is_drafted_as_the_answer(
    store: Records, knowledge: Knowledge
) -> None:
    call = keep_call(
        store,
        [("打印机能不能连无线网", REFUSED)],
        handoff="low_confidence",
        seat=[
            "您好，我是工程师，请稍等。",
            "我电话是13800138000，打印机无线网的事可以找我。",
            "这款打印机可以连无线网，在设置里打开无线就行。",
            "请问还有别的问题吗？",
        ],
    )
    (draft,) = (await mined(store, knowledge)).new
    assert draft.answer == "这款打印机可以连无线网，在设置里打开无线就行。"
    assert draft.answer_source == f"坐席 通话{call[:8]} 0:18"


async def test_mining_again_counts_new_calls_and_brings_nothing_back(
    store: Records, knowledge: Knowledge
) -> None:
    keep_call(store, [("打印机能不能连无线网", REFUSED)])
    keep_call(store, [("你们公司几点下班", REFUSED)])
    drafts = by_question(await mined(store, knowledge))
    store.drafts.reject(drafts["你们公司几点下班"].id, "王主管", "不是业务问题")
    keep_call(store, [("打印机能不能连无线网啊", REFUSED)])
    keep_call(store, [("你们公司几点下班呀", REFUSED)])
    again = await mined(store, knowledge)
    assert (len(again.new), again.renewed, again.decided) == (0, 1, 1)
    (draft,) = store.drafts.list()
    assert draft.count == 2 and len(draft.source_calls) == 2
    assert (await mined(store, knowledge)).renewed == 1
    assert store.drafts.list()[0].count == 2


async def test_calls_of_other_packs_and_rare_questions_are_left_out(
    store: Records, knowledge: Knowledge
) -> None:
    keep_call(store, [("打印机能不能连无线网", REFUSED)], pack="other")
    keep_call(store, [("你们公司几点下班", REFUSED)])
    found = await mined(store, knowledge, at_least=2)
    assert (found.new, found.asked, found.rare) == ((), 1, 1)


async def test_no_draft_holds_what_is_a_callers_own(store: Records, knowledge: Knowledge) -> None:
    said = [
        "我叫张建国，手机13800138000，打印机能不能连无线网",
        "我邮箱是zhangwei@corp.example.com，序列号是PR204816，打印机能不能连无线网",
        "打印机能不能连无线网，回我电话幺三八零零幺三八零零零",
    ]
    for each in said:
        keep_call(store, [(each, REFUSED)])
    found = await mined(store, knowledge)
    assert found.asked == 3
    for draft in found.new:
        assert draft.question == "打印机能不能连无线网"
    assert [draft.count for draft in found.new] == [3]


async def test_hostile_words_are_drafted_as_words(store: Records, knowledge: Knowledge) -> None:
    keep_call(store, [("怎么'; DROP TABLE drafts; -- 打印机无线网", REFUSED)])
    keep_call(store, [("打印机<script>alert(1)</script>怎么连网", REFUSED)])
    keep_call(store, [("怎么连\x1b[31m无线\u202e网", REFUSED)])
    found = await mined(store, knowledge)
    assert found.asked >= 2
    assert all(draft.question.isprintable() for draft in found.new)
    assert len(store.drafts.list()) == len(found.new)


async def test_a_callers_wish_to_be_forgotten_reaches_the_drafts(
    store: Records, knowledge: Knowledge
) -> None:
    keep_call(store, [("打印机能不能连无线网", REFUSED)], caller="13800138000")
    keep_call(store, [("打印机能不能连无线网", REFUSED)], caller="13900139000")
    keep_call(store, [("你们公司几点下班", REFUSED)], caller="13800138000")
    await mined(store, knowledge)
    assert len(store.drafts.list()) == 2
    store.custody.forget("13800138000", who="admin", why="来电要求")
    (left,) = store.drafts.list()
    assert left.question == "打印机能不能连无线网" and len(left.source_calls) == 1
