"""A scene that the caller goes past: it is asked once more, and then not again."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller, find
from voicebot.dialog.events import SayKind
from voicebot.dialog.state import Awaiting
from voicebot.knowledge.api import SearchResult


def asked(caller: Caller) -> bool:
    return any(each.kind is SayKind.ASK and each.scene for each in caller.says)


def test_two_questions_of_their_own_end_a_scene_that_was_never_answered(caller: Caller) -> None:
    caller.say("风扇声音很大")
    caller.say("保修多久")
    assert asked(caller), "the first time the scene's question comes again"
    assert "192" in caller.say("管理口地址是多少")
    assert not asked(caller)
    assert caller.state.scene is None


@pytest.mark.parametrize("text", ["好", "好的", "嗯", "谢谢"])
def test_a_yes_to_their_own_answer_is_none_to_the_scenes_question(
    caller: Caller, text: str
) -> None:
    caller.say("风扇声音很大")
    caller.say("保修多久")
    caller.say(text)
    assert caller.state.scene is None
    assert caller.state.awaiting is Awaiting.ELSE
    assert not asked(caller)


def test_who_has_nothing_else_after_their_own_question_is_let_go(caller: Caller) -> None:
    caller.say("风扇声音很大")
    caller.say("保修多久")
    caller.say("没有别的了")
    assert caller.hung_up


def test_a_scene_that_was_answered_is_asked_on(caller: Caller) -> None:
    caller.say("硬盘看不到")
    caller.say("做过阵列")
    scene = caller.state.scene
    assert scene is not None
    for question in ("保修多久", "管理口地址是多少"):
        caller.say(question)
        assert asked(caller)
    assert caller.state.scene is not None
    assert caller.state.scene.values == scene.values


def test_what_is_told_beside_a_question_that_nobody_took_up_may_be_another_scene(
    caller: Caller,
) -> None:
    caller.say("风扇声音很大")
    caller.say("机器又起不来")
    assert caller.state.scene is not None
    assert caller.state.scene.scene == "power.no_boot"


def test_an_answer_to_is_it_this_goes_into_the_scene(caller: Caller) -> None:
    caller.say("好像是起不来")
    assert caller.state.awaiting is Awaiting.CLARIFY
    caller.say("电源灯不亮")
    run = caller.state.closed or caller.state.scene
    assert run is not None
    assert run.scene == "power.no_boot"
    assert run.values


def test_a_question_without_a_thing_is_looked_up_with_the_topics(caller: Caller) -> None:
    def search(query: str) -> SearchResult:
        found = find(query)
        return found if "保修" in query else SearchResult(query, found.hits, 0.05)

    caller.search = search
    caller.say("整机保修三年吗")
    caller.say("按哪个算起")
    assert caller.searched[-2] == "按哪个算起"
    assert caller.searched[-1] != caller.searched[-2]
    assert caller.searched[-1].endswith("按哪个算起")
