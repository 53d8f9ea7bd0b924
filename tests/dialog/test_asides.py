"""What is said beside the matter, and what is told while advice is tried."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller, find
from voicebot.dialog.events import SayKind
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.numbers import days_ago
from voicebot.dialog.query_maker import MODEL_FACT
from voicebot.dialog.scene_bars import bars
from voicebot.dialog.state import Awaiting
from voicebot.dialog.trying import done, is_well, still_fails, will_do
from voicebot.knowledge.api import Hit, HitKind, SearchResult


@pytest.mark.parametrize("text", ["换完了好了", "好我插一下，好了", "弄完了"])
def test_done(text: str) -> None:
    assert done(text)


@pytest.mark.parametrize("text", ["那我改一下", "哦那我改AHCI", "好我先换根线"])
def test_will_do(text: str) -> None:
    assert will_do(text) and not done(text)


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("换了网线还是不亮", True),
        ("还是黄的", True),
        ("还是好的", False),
        ("不亮", False),
        ("还在重启，等一下", False),
        ("还是不明白怎么进BIOS", False),
    ],
)
def test_still_fails(text: str, fails: bool) -> None:
    assert still_fails(text) is fails


def test_it_is_well() -> None:
    assert is_well("行了好了") and not is_well("好像行了吗")


@pytest.mark.parametrize("text", ["行了好了", "今天下雨", "那我改一下"])
def test_what_reports_nothing_must_be_surer_of_a_scene(text: str) -> None:
    assert bars(text, None).start > bars("机器起不来", None).start


def test_days_by_name() -> None:
    assert (days_ago("昨天到的"), days_ago("大前天"), days_ago("三天")) == (1, 3, None)


def test_half_a_sentence_is_waited_for_and_goes_with_the_next(caller: Caller) -> None:
    caller.say("那个盘它老是")
    assert caller.says[0].kind is SayKind.CLARIFY
    assert caller.state.failures == 0 and caller.state.fragment
    caller.say("风扇声音大")
    assert caller.state.scene is not None


def test_a_model_and_no_more_is_noted(caller: Caller) -> None:
    assert "YL8480G3" in caller.say("我这台是8480")
    assert caller.state.facts[MODEL_FACT] == "YL8480G3"


def test_advice_that_changed_nothing_brings_the_offer_of_a_human(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯不亮")
    caller.say("换了插座还是不亮")
    assert caller.state.awaiting is Awaiting.OFFER


def test_it_works_again_in_the_middle_of_a_scene(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("好了能开了")
    assert caller.state.scene is None
    assert caller.state.awaiting is Awaiting.ELSE


def test_a_transfer_that_nobody_offered(caller: Caller) -> None:
    caller.say("风扇声音很大")
    caller.say("好，转吧")
    assert caller.handoff is not None and caller.handoff.reason == "requested"


@pytest.mark.parametrize("text", ["转", "转了", "转啊", "嗯转"])
def test_a_fan_that_turns_asks_for_no_human(caller: Caller, text: str) -> None:
    caller.say("风扇声音很大")
    caller.say(text)
    assert caller.handoff is None


@pytest.mark.parametrize("text", ["看到了", "出来了", "连上了", "能进去了", "好了", "行了"])
def test_what_may_only_be_found_or_done_ends_no_scene(caller: Caller, text: str) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("等一下我去看看")
    caller.say(text)
    assert caller.state.scene is not None


@pytest.mark.parametrize("text", ["就这样", "就这些", "没别的了"])
def test_no_more_to_a_scenes_first_question_ends_no_call(caller: Caller, text: str) -> None:
    caller.say("风扇声音很大")
    caller.say(text)
    assert not caller.hung_up


@pytest.mark.parametrize("text", ["哦好了", "哦重启了", "我试了", "不对，还是不亮"])
def test_what_came_of_the_advice_corrects_no_answer(caller: Caller, text: str) -> None:
    caller.say("装系统看不到硬盘")
    for answer in ("做了", "对", "有", "是", "做了"):
        if caller.state.closed is None:
            caller.say(answer)
    before = caller.state.closed
    assert before is not None and "yes" in before.values.values()
    caller.say(text)
    assert caller.state.closed is not None and caller.state.closed.values == before.values


def test_what_is_not_understood_while_advice_is_tried_is_not_asked_on_for_ever(
    caller: Caller,
) -> None:
    advised = find("起不来")
    caller.search = lambda query: advised if "起不来" in query else SearchResult(query, (), 0.0)
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯不亮")
    caller.say("继续")
    assert caller.state.awaiting is Awaiting.TRY
    for text in ("今天下雨下得好大", "我们这边人多得很", "中午吃的面条", "外面在修路"):
        caller.say(text)
        if caller.state.awaiting is Awaiting.OFFER:
            return
    raise AssertionError("asked whether it helped again and again")


def test_a_report_left_open_goes_with_its_other_half_however_long(caller: Caller) -> None:
    caller.say("机器昨天夜里断过电，然后")
    caller.say("今天早上过来一看前面板上一排灯全都是黄颜色的")
    assert caller.searched[0].startswith("机器昨天夜里断过电")
    assert caller.searched[0].endswith("黄颜色的")


def test_a_new_fault_is_not_taken_for_the_one_just_spoken_of(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯不亮")
    new = Hit("cooling.fan_noise", HitKind.SCENE, 1.0, "")
    caller.search = lambda query: SearchResult(
        query, (), 0.0, new, 0.6, rivals=(("power.no_boot", 0.35),)
    )
    caller.say("机箱里面嗡嗡的没有安静过怎么办")
    run = caller.state.scene
    assert run is not None and run.scene == "cooling.fan_noise"


@pytest.mark.parametrize("text", ["哦看到了，是电源", "看到了，显示温度告警", "出来了，写的是失败"])
def test_what_was_seen_is_no_end(text: str) -> None:
    assert intent(text) is not Intent.SOLVED


@pytest.mark.parametrize("text", ["看到了", "可以了看到了", "哦看到了，是好的", "识别到了，正常了"])
def test_all_is_well_is_one(text: str) -> None:
    assert intent(text) is Intent.SOLVED


def test_what_follows_up_is_no_remark(caller: Caller) -> None:
    hit = Hit("memory", HitKind.FAQ, 2.0, "最大四TB。", "YL5280G3最大支持多少内存")
    caller.search = lambda query: SearchResult(query, (hit,), 0.9)
    caller.say("5280最大支持多少内存")
    caller.say("哦我看错了，是2260")
    assert caller.searched[-1].startswith("YL2260G3")


def test_no_more_to_a_question_that_was_asked_again_ends_the_call(caller: Caller) -> None:
    caller.say("风扇声音很大")
    caller.say("那个什么")
    caller.say("没了谢谢")
    assert caller.hung_up
