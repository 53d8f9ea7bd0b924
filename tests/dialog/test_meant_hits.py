"""Of answers that are nearly as near, the one that is meant: by talk, product and words."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller
from tests.server_pack import server_pack
from voicebot.dialog.events import Heard, SayKind, Search
from voicebot.dialog.state import Awaiting
from voicebot.dialog.topic import Topic
from voicebot.knowledge.api import Hit, HitKind, SearchResult


def faq(id_: str, score: float, text: str, title: str) -> Hit:
    return Hit(id_, HitKind.FAQ, score, text, title, id_)


INNER = faq("inner", 1.5, "要关机拔掉电源线再换。", "存储型服务器YL2260G3内置硬盘坏了怎么换")
PLAIN = faq("plain", 0.9, "硬盘可以不关机更换。", "坏硬盘怎么更换")
BIOS = faq("bios", 1.5, "短接CLR_PW跳线十秒，密码就清掉了。", "忘记BIOS密码怎么办")
BMC = faq("bmc", 0.9, "进BIOS恢复初始密码。", "忘记BMC密码怎么办")
PARTS = faq("parts", 1.5, "电源和风扇可以自己换。", "四路服务器YL8480G3哪些件可以自己换")
WARRANTY = faq("warranty", 0.6, "整机保修三年。", "服务器保修多久")


def answered(caller: Caller, question: str, *hits: Hit, product: str = "") -> str:
    caller.search = lambda query: SearchResult(query, hits, 0.8, product=product)
    caller.say(question)
    return caller.says[0].citations[0].id if caller.says[0].citations else ""


def test_a_product_that_nobody_named_gives_way(caller: Caller) -> None:
    assert answered(caller, "硬盘怎么换", INNER, PLAIN) == "plain"


@pytest.mark.parametrize("question", ["2260的硬盘怎么换", "存储型服务器硬盘怎么换"])
def test_a_product_that_is_named_does_not(caller: Caller, question: str) -> None:
    assert answered(caller, question, INNER, PLAIN) == "inner"


def test_an_answer_that_is_far_less_likely_is_no_rival(caller: Caller) -> None:
    far = faq("far", -3.0, "硬盘可以不关机更换。", "坏硬盘怎么更换")
    assert answered(caller, "硬盘怎么换", INNER, far) == "inner"


def test_what_the_talk_is_about_decides_what_names_nothing(caller: Caller) -> None:
    caller.state = caller.state.__class__(topic=Topic("BMC默认地址是多少", "BMC", "", "tech"))
    assert answered(caller, "密码忘了怎么办", BIOS, BMC) == "bmc"


def test_an_answer_without_a_word_of_the_question_gives_way(caller: Caller) -> None:
    assert answered(caller, "保修几年", PARTS, WARRANTY, product="YL8480G3") == "warranty"


def test_the_better_of_two_follows_the_meant_one_that_was_just_heard(caller: Caller) -> None:
    assert answered(caller, "硬盘怎么换", INNER, PLAIN) == "plain"
    assert answered(caller, "硬盘怎么更换", INNER, PLAIN) == "inner"


def test_an_answer_given_before_is_told_to_be_the_same_and_comes_on_demand(caller: Caller) -> None:
    one = faq("one", 2.0, "整机最大四TB。", "最大支持多少内存")
    assert answered(caller, "最多能加多少内存", one) == "one"
    assert answered(caller, "内存上限是多大", one) == ""
    assert "四TB" not in caller.heard and caller.state.awaiting is Awaiting.ANSWERED
    assert "整机最大四TB。" in caller.say("再说一遍")


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("怎么建卷给主机用", ("tech.dual_volume", "tech.flash_volume")),
        ("控制器能不能重启", ("fault.storage_controller", "fault.flash_controller")),
    ],
)
def test_a_step_that_another_answer_has_too_is_not_left_out(
    caller: Caller, question: str, ids: tuple[str, str]
) -> None:
    one, other = (next(each for each in server_pack().faq if each.id == id_) for id_ in ids)
    for item in (one, other):
        answered(caller, f"{item.product}{question}", faq(item.id, 2.0, item.answer, item.question))
        told = "".join(say.text for say in caller.says if say.kind is SayKind.ANSWER)
        assert told == item.answer


def test_of_an_answer_that_goes_on_only_the_new_is_said_and_quoted(caller: Caller) -> None:
    first = faq("one", 2.0, "先关机再拔电源线。", "怎么换主板电池")
    assert answered(caller, "怎么换主板电池", first) == "one"
    longer = faq("one", 2.0, "先关机再拔电源线。装好以后设置时间。", "怎么换主板电池")
    assert answered(caller, "主板电池怎么换", longer) == "one"
    assert caller.says[0].text == "装好以后设置时间。"
    assert caller.says[0].citations[0].quote == "装好以后设置时间。"


def test_who_asks_for_the_same_again_and_again_is_offered_a_human(caller: Caller) -> None:
    one = faq("one", 2.0, "整机最大四TB。", "最大支持多少内存")
    for question in ("最多能加多少内存", "内存上限是多大", "内存能加到多少", "内存最大能到几T"):
        answered(caller, question, one)
    assert caller.state.awaiting is Awaiting.OFFER


def test_a_fault_of_one_product_limits_what_is_looked_up_beside_it(caller: Caller) -> None:
    hit = Hit("gpu.card_missing", HitKind.SCENE, 1.0, "")
    assert lines_asked_of(caller, hit, "显卡认不全", "少了一块", "保修几年") == ["YL7490G3"]


@pytest.mark.parametrize(("told", "line"), [("内存报错了", ""), ("八四八零内存报错了", "YL8480G3")])
def test_a_fault_of_any_server_limits_to_none_that_nobody_named(
    caller: Caller, told: str, line: str
) -> None:
    hit = Hit("memory.error", HitKind.SCENE, 1.0, "")
    assert lines_asked_of(caller, hit, told, "可以纠正的", "最大支持多少内存") == [line]


def lines_asked_of(caller: Caller, scene: Hit, told: str, then: str, question: str) -> list[str]:
    """The lines that `question` is limited to in a scene that is under way."""
    caller.search = lambda query: SearchResult(query, (), 0.0, scene, 0.9)
    caller.say(told)
    caller.say(then)
    assert caller.state.scene is not None and caller.state.scene.taken_up
    _, actions = caller.dialog.step(caller.state, Heard(question))
    return [each.product for each in actions if isinstance(each, Search)]
