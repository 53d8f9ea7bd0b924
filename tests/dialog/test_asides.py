"""What is said beside the matter, and what is told while advice is tried."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.events import SayKind
from voicebot.dialog.numbers import days_ago
from voicebot.dialog.query_maker import MODEL_FACT
from voicebot.dialog.scene_bars import bars
from voicebot.dialog.state import Awaiting
from voicebot.dialog.trying import done, is_well, still_fails, will_do


@pytest.mark.parametrize("text", ["换完了好了", "好我插一下，好了", "弄完了"])
def test_done(text: str) -> None:
    assert done(text)


@pytest.mark.parametrize("text", ["那我改一下", "哦那我改AHCI", "好我先换根线"])
def test_will_do(text: str) -> None:
    assert will_do(text) and not done(text)


@pytest.mark.parametrize(
    ("text", "fails"),
    [("换了网线还是不亮", True), ("还是黄的", True), ("还是好的", False), ("不亮", False)],
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
