"""What only makes sense after what was said before is made whole; what stands alone is left."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller
from tests.dialog.follow_up_cases import Case, read
from voicebot.dialog.events import Heard, Search
from voicebot.dialog.followup import FollowUps
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.policy import Dialog
from voicebot.dialog.query_maker import QueryMaker
from voicebot.dialog.state import DialogState
from voicebot.dialog.topic import Topic
from voicebot.pack import Pack

CASES = read()


@pytest.fixture(scope="module")
def queries(pack: Pack) -> QueryMaker:
    return QueryMaker(pack, Canonicalizer(pack.lexicon))


def made(queries: QueryMaker, case: Case) -> str:
    topic = queries.about(case.question, "", case.said, "x")
    return queries.make(case.text, DialogState(topic=topic)).text


def test_the_table_is_as_large_as_promised() -> None:
    assert len(CASES) >= 120
    assert sum(case.words is None for case in CASES) >= len(CASES) / 2


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.question}-{c.text}")
def test_follow_up(queries: QueryMaker, case: Case) -> None:
    query = made(queries, case)
    if case.words is None:
        assert query == case.text
    else:
        assert all(word in query for word in case.words), query


def test_without_a_topic_nothing_is_rewritten(queries: QueryMaker) -> None:
    assert queries.make("那它怎么换", DialogState()).text == "那它怎么换"


def test_raw_and_made_query_go_with_the_search(dialog: Dialog, caller: Caller) -> None:
    caller.say("保修多久")
    _, actions = dialog.step(caller.state, Heard("从哪天算起"))
    (search,) = (each for each in actions if isinstance(each, Search))
    assert search.raw == "从哪天算起" and "保修" in search.query
    caller.say("那保修怎么查")
    _, actions = dialog.step(caller.state, Heard("工程师多久能上门"))
    assert [each.raw for each in actions if isinstance(each, Search)] == [""]


@pytest.mark.parametrize(
    ("text", "of_call", "line"),
    [
        ("八四八零的电源怎么换", "", "YL8480G3"),
        ("电源怎么换", "YL8480G3", "YL8480G3"),
        ("存储怎么扩容", "YL8480G3", ""),
        ("电源怎么换", "", ""),
        ("5280和8480有什么区别", "", ""),
    ],
)
def test_the_model_limits_the_answers(
    queries: QueryMaker, text: str, of_call: str, line: str
) -> None:
    assert queries.products.limit(text, of_call) == line


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("YL9999怎么配阵列", "YL9999"),
        ("戴尔R740的硬盘灯黄了是什么意思", "戴尔R740"),
        ("惠普的服务器怎么进BIOS", "惠普"),
        ("DL380 开不了机", "DL380"),
        ("NF5280M5的默认密码是什么", "NF5280M5"),
        ("YL5280G3的默认密码是什么", ""),
        ("五二八零的默认密码是什么", ""),
        ("YR5200怎么做RAID10", ""),
        ("DDR5的内存能用吗", ""),
        ("CR2032电池怎么换", ""),
        ("从R740上拔下来的硬盘插到5280上行吗", ""),
        ("以前用戴尔的，现在这台怎么配", ""),
        ("报错E0123", ""),
        ("我的工单号是WX20261122017", ""),
        ("192.168.8.100打不开", ""),
    ],
)
def test_a_model_that_is_none_of_ours(queries: QueryMaker, text: str, foreign: str) -> None:
    assert queries.products.foreign(text) == foreign


def test_another_makers_machine_is_not_answered_with_our_facts(caller: Caller) -> None:
    caller.say("戴尔R740的管理口地址是多少")
    assert "R740" in caller.heard and "192.168" not in caller.heard
    assert caller.searched == []
    caller.say("好的")
    assert caller.handoff is not None and caller.handoff.reason == "unknown_product"
    assert caller.handoff.facts["机型"] == "戴尔R740"


def test_what_asks_nothing_is_not_looked_up_with_the_thing_of_the_talk(
    queries: QueryMaker,
) -> None:
    state = DialogState(topic=Topic("服务器起不来", "服务器"))
    assert queries.make("恢复默认按哪个", state).others
    assert not queries.make("我先去看看插座", state).others


def test_another_model_is_not_of_the_first_ones_kind(pack: Pack) -> None:
    topic = Topic("存储型服务器YL2260G3最大支持多少内存", "内存")
    made = FollowUps(Canonicalizer(pack.lexicon)).rewrite("那8480呢", topic)
    assert made.query.replace(" ", "") == "YL8480G3最大支持多少内存"
