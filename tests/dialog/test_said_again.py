"""What is asked or advised again: told as said before, and the talk goes on where it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dialog.conftest import Caller, find
from tests.server_pack import server_pack
from voicebot.dialog.events import NoInput, SayKind
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting
from voicebot.knowledge.api import Hit, HitKind, SearchResult

ASIDE = "顺便问一下保修多久"
OTHER = Hit(
    "service.visit",
    HitKind.FAQ,
    1.0,
    "工程师白天上门。夜里先登记。周末也上门服务，要提前一天跟我们约好具体的时间。"
    "节假日要看当地的备件和人手够不够，约好以后工程师会先打电话。",
    "上门时间",
    "服务政策 5",
)


def asked_aside(caller: Caller, times: int) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("做了")
    for _ in range(times):
        caller.say(ASIDE)


@pytest.mark.parametrize(("reply", "value"), [("有", "yes"), ("没有", "no")])
def test_the_scene_waits_for_its_answer_after_an_aside_asked_again(
    caller: Caller, reply: str, value: str
) -> None:
    asked_aside(caller, 3)
    assert caller.says[0].text in server_pack().prompts.all("as_said")
    assert caller.says[-1].slot == "driver_ok"
    caller.say(reply)
    assert not caller.hung_up
    assert caller.state.scene is not None and caller.state.scene.values["driver_ok"] == value


def test_silence_after_an_aside_asked_again_ends_nothing(caller: Caller) -> None:
    asked_aside(caller, 3)
    caller.send(NoInput())
    assert caller.says[0].kind is SayKind.NO_INPUT and caller.state.awaiting is Awaiting.NOTHING


def test_an_aside_once_too_often_brings_the_offer_of_a_human(caller: Caller) -> None:
    asked_aside(caller, 5)
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN
    caller.say("不用")
    assert caller.says[-1].slot == "driver_ok"
    caller.say("有")
    assert caller.state.scene is not None and caller.state.scene.values["driver_ok"] == "yes"


def test_all_of_an_answer_can_be_heard_again(caller: Caller) -> None:
    for text in ("保修多久", "继续", "保修多久"):
        caller.say(text)
    again = caller.say("再说一遍")
    assert "整机保修三年" in again and caller.state.awaiting is Awaiting.MORE
    assert "超过保修期" in caller.say("好")


def test_no_other_answer_goes_on_after_one_said_again(caller: Caller) -> None:
    def search(query: str) -> SearchResult:
        return SearchResult(query, (OTHER,), 0.9) if "上门" in query else find(query)

    caller.search = search
    for text in ("保修多久", "继续", "工程师什么时候上门"):
        caller.say(text)
    assert caller.state.rest and caller.state.awaiting is Awaiting.MORE
    caller.say("保修多久")
    assert caller.says[0].text in server_pack().prompts.all("as_said")
    caller.say("再说一遍")
    assert "超过保修期" in caller.say("继续")


def test_advice_for_another_machine_is_told_to_be_the_same(caller: Caller) -> None:
    for text in ("风扇一直响", "不知道", "还是不知道", "继续"):
        caller.say(text)
    for text in ("另外一台的风扇也响", "一直响", "不知道", "还是不知道"):
        caller.say(text)
    assert caller.heard in server_pack().prompts.all("as_said")
    assert "导风罩" in caller.say("再说一遍")
    caller.say("继续")
    caller.say("还是不行")
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN


def test_a_lead_alone_is_no_advice(caller: Caller) -> None:
    scene = next(each for each in server_pack().scenes if each.id == "service.ticket_chase")
    advice = next(branch.say for branch in scene.branches if branch.id == "no_time")
    known = {"trouble": "no_contact", "appointed": "no", "late": "today"}
    run = SceneRun(scene.id, known, asking="ticket", asked={"ticket": 1}, turns=1)
    caller.state = replace(caller.state, scene=run, spoken=(advice,))
    caller.say("WX二零二六幺幺二二零幺七，好了")
    caller.say("对")
    assert caller.says[0].text in server_pack().prompts.all("dictation_done")
    assert caller.says[1].text in server_pack().prompts.all("as_said")
    assert "下一个工作日上门" in caller.say("再说一遍")
    assert "再打来" in caller.say("继续")
