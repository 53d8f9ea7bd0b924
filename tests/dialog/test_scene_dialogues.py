"""Calls that are diagnosed, as a caller would hear them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dialog.conftest import Caller
from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.events import NoInput, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_tests import run_scene_tests
from voicebot.dialog.scene_turns import SPOKEN_SENTENCES
from voicebot.dialog.state import Awaiting
from voicebot.dialog.textforms import pieces, sentences
from voicebot.dialog.unknowing import has_none
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack import Pack
from voicebot.scenes.model import Scene


@pytest.mark.parametrize("scene", server_pack().scenes, ids=lambda scene: scene.id)
def test_the_dialogues_in_a_scene_file(scene: Scene) -> None:
    reports = run_scene_tests(server_dialog(), replace(server_pack(), scenes=(scene,)))
    assert len(reports) == len(scene.tests) > 0
    wrong = {each.name: [turn for turn in each.turns if turn.wrong] for each in reports}
    assert all(each.passed for each in reports), wrong


def test_the_pack_brings_scenes(pack: Pack) -> None:
    assert len(pack.scenes) >= 42


def test_a_wrong_expectation_fails(pack: Pack) -> None:
    from voicebot.scenes.model import SceneTest, TestTurn

    scene = pack.scenes[0]
    wrong = SceneTest("wrong", (TestTurn("你好", {"branch": "nowhere", "say": "不会说的话"}),))
    altered = replace(pack, scenes=(replace(scene, tests=(wrong,)),))
    (report,) = run_scene_tests(Dialog(altered, answer_risk=0.5), altered)
    assert not report.passed
    assert len(report.turns[0].wrong) == 2


def test_engineer_call_with_its_contradiction(caller: Caller) -> None:
    first = "就是说我现在装那个服务器啊 他现在就是说 不是硬盘到那就到那一步了 看不到硬盘"
    assert "RAID" in caller.say(first)
    assert caller.says[-1].slot == "raid_done"
    caller.say("对 是不是缺少那个RAID驱动啊")
    assert caller.says[-1].slot == "raid_done", "agreeing and asking back is no answer"
    caller.say("做了 我看上面写的应该是RAID1是")
    assert caller.says[-1].slot == "raid_key"
    caller.say("呃 有个CTRL加A还是加啥 就是能配置 他应该是集成的那个主板")
    assert caller.says[-1].kind is SayKind.CONTRADICTION
    assert "独立" in caller.heard
    heard = caller.say("哦 那是独立的RAID卡 型号YL5280G3")
    assert "驱动" in heard and "YL5280G3" in heard
    assert caller.says[0].branch == "driver"
    caller.say("还是不行")
    caller.say("好的")
    assert caller.handoff is not None
    assert caller.handoff.facts["RAID级别"] == "RAID1"
    assert caller.handoff.facts["RAID卡类型"] == "独立RAID卡"
    assert caller.handoff.facts["开机快捷键"] == "Ctrl+A"
    assert caller.handoff.facts["判断"] == "没有加载RAID卡驱动"


def test_demo_short_path(caller: Caller) -> None:
    assert caller.say("有台服务器看不到硬盘") == "您做RAID了吗？"
    heard = caller.say("没做")
    assert "需要先配置RAID" in heard
    assert caller.says[0].branch == "no_raid" and caller.says[0].scene
    assert "初始化" in caller.say("继续")


def test_an_insisted_contradiction_goes_to_a_human(caller: Caller) -> None:
    caller.say("看不到硬盘 RAID做了 提示Ctrl加A 驱动没装")
    caller.say("是主板集成的")
    assert caller.says[-1].kind is SayKind.CONTRADICTION
    caller.say("就是集成的")
    assert caller.handoff is not None and caller.handoff.reason == "limit"
    assert caller.handoff.skill == "存储组"


def test_a_correction_is_taken_and_said(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯是黄的")
    heard = caller.say("说错了 不是黄的 是绿灯")
    assert caller.says[-1].slot == "reseat"
    assert "改" in heard


def test_several_facts_in_one_breath(caller: Caller) -> None:
    caller.say("看不到硬盘 阵列做好了 驱动没装 提示的是Ctrl加H 型号YL8480G3")
    assert caller.says[-1].slot == "raid_card", "everything else was said already"


def test_a_digression_is_answered_and_the_question_asked_again(caller: Caller) -> None:
    first = caller.say("有台服务器看不到硬盘")
    caller.say("顺便问一下保修多久")
    answer, again = caller.says
    assert answer.citations[0].source == "服务政策 3.1"
    assert again.slot == "raid_done" and again.text != first
    assert "需要先配置RAID" in caller.say("没做")


def test_an_unanswerable_digression_is_owned_up_to(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("你们食堂在哪里")
    assert caller.says[0].kind is SayKind.REFUSE
    assert caller.says[-1].slot == "raid_done"


def test_digressions_without_end_bring_a_human(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    for turn in range(20):
        caller.say("你们食堂在哪里" if turn % 2 else "你们停车场在哪里")
        if caller.handoff:
            assert caller.handoff.reason == "limit" and turn < 14
            return
    raise AssertionError("asked on and on")


def test_not_knowing_is_helped_then_gone_without(caller: Caller) -> None:
    caller.say("风扇一直响")
    assert "浏览器" in caller.say("不知道")
    caller.say("还是不知道")
    assert caller.says[0].branch == "policy"


def test_asking_too_often_brings_a_human(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    asked = {caller.heard}
    for text in ("我们机房刚搬过来", "新的机器", "昨天到货"):
        caller.say(text)
        asked.add(caller.heard)
    assert len(asked) == 4
    assert caller.handoff is not None and caller.handoff.reason == "limit"
    assert caller.handoff.facts["现象"] == "看不到硬盘"


def test_waiting_is_patient_and_repeating_repeats(caller: Caller) -> None:
    question = caller.say("有台服务器看不到硬盘")
    assert question in caller.say("你再说一遍")
    assert question in caller.say("再说一遍")
    caller.say("等一下我去看看")
    for _ in range(4):
        caller.send(NoInput())
        assert not caller.hung_up
    caller.say("看了 没做")
    assert caller.says[0].branch == "no_raid"


def test_a_corrected_answer_reopens_the_scene(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("没做")
    caller.say("不对 RAID做了")
    assert caller.says[-1].slot == "driver_ok"


def test_the_same_fault_again_offers_a_human(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("没做")
    caller.say("不用了")
    caller.say("可是硬盘看不到啊")
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN
    assert caller.state.scene is None


def test_another_machine_starts_afresh(caller: Caller) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("没做")
    caller.say("不用了")
    caller.say("另外一台也看不到硬盘")
    assert caller.says[-1].slot == "raid_done"


def test_the_recognizers_second_guess_is_used(caller: Caller) -> None:
    from voicebot.dialog.events import Heard

    caller.say("有台服务器看不到硬盘")
    caller.send(Heard("梅花", 0.4, ("梅花", "没做")))
    assert caller.says[0].branch == "no_raid"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("做好了", SayKind.ASK),
        ("好了 能开了", SayKind.CLARIFY),
        ("换了插座也不行", SayKind.OFFER_HUMAN),
        ("不行", SayKind.OFFER_HUMAN),
        ("好的", SayKind.CLARIFY),
        ("然后呢", SayKind.CLARIFY),
        ("我弄完了", SayKind.ASK),
        ("知道了", SayKind.CLARIFY),
    ],
)
def test_what_a_caller_says_after_the_answer(caller: Caller, reply: str, kind: SayKind) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("绿灯")
    caller.say("还没有")
    assert caller.says[0].branch == "reseat"
    caller.say(reply)
    assert caller.says[0].kind is kind
    assert caller.searched == ["服务器起不来 按电源键没反应"]


@pytest.mark.parametrize("reply", ["做好了", "好的", "然后呢", "电源线我插过了"])
def test_who_has_done_half_of_what_to_do_hears_the_rest(caller: Caller, reply: str) -> None:
    half_told(caller)
    caller.say(reply)
    assert caller.says[0].text.startswith("有条件的话") and caller.says[0].branch == "no_power"
    caller.say("还是不行")
    assert caller.says[0].kind is SayKind.OFFER_HUMAN


@pytest.mark.parametrize("reply", ["换了插座也不行", "不行", "插座有电，还是不亮"])
def test_who_has_tried_half_in_vain_is_offered_a_human(caller: Caller, reply: str) -> None:
    half_told(caller)
    caller.say(reply)
    assert caller.says[0].kind is SayKind.OFFER_HUMAN
    caller.say("先不用")
    assert "有条件的话" in caller.say("继续"), "the rest is still there"


def half_told(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯不亮")
    assert caller.says[0].branch == "no_power" and caller.state.awaiting is Awaiting.MORE
    assert len(sentences(caller.says[0].text)) == 2


def test_a_fault_that_is_gone_needs_no_more_advice(caller: Caller) -> None:
    half_told(caller)
    caller.say("好了 能开了")
    assert caller.state.awaiting is Awaiting.ELSE
    assert "有条件的话" not in caller.say("继续")


def test_the_rest_is_there_for_who_goes_to_try_the_first_half(caller: Caller) -> None:
    half_told(caller)
    caller.say("知道了，我先去看看插座")
    assert "有条件的话" in caller.say("然后呢")


def test_done_and_helped(caller: Caller) -> None:
    caller.say("服务器起不来 按电源键没反应")
    caller.say("灯不亮")
    caller.say("试过了")
    caller.say("没有")
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN
    caller.say("还是不行")
    assert caller.handoff is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一。二。三。", ("一。二。", "三。")),
        ("一！二？三；四。", ("一！二？", "三；四。")),
        (f"{'长' * 60}。{'长' * 30}。短。", (f"{'长' * 60}。", f"{'长' * 30}。短。")),
        (f"{'长' * 90}。", (f"{'长' * 90}。",)),
        ("", ()),
    ],
)
def test_an_answer_comes_in_pieces(text: str, expected: tuple[str, ...]) -> None:
    assert pieces(text, 2) == expected


@pytest.mark.parametrize("scene", server_pack().scenes, ids=lambda scene: scene.id)
def test_nothing_of_a_scene_is_longer_than_two_sentences(scene: Scene) -> None:
    at_one_go = [branch.say for branch in scene.branches if branch.exit]
    at_one_go += [text for each in scene.contradictions for text in each.says]
    at_one_go += [text for slot in scene.slots for text in (*slot.asks, slot.help)]
    for branch in scene.branches:
        at_one_go += pieces(branch.say, SPOKEN_SENTENCES)
    assert all(len(sentences(text)) <= 2 for text in at_one_go)


@pytest.mark.parametrize("text", ["单号我没有啊", "短信删了", "找不到", "不在手边"])
def test_who_has_no_number_is_helped_and_then_gone_without(caller: Caller, text: str) -> None:
    scene = Hit("service.reschedule", HitKind.SCENE, 1.0, "")
    caller.search = lambda query: SearchResult(query, (), 0.0, scene, 0.9)
    caller.say("上门时间想改一下，往后推")
    caller.say("还有二十个小时")
    assert caller.says[-1].slot == "ticket"
    assert "短信" in caller.say(text) and caller.says[-1].slot == "ticket"
    caller.say("还是没有单号")
    assert caller.handoff is not None and caller.handoff.reason == "scene"


def test_no_more_to_a_number_is_not_having_none() -> None:
    assert not has_none(server_scene("service.reschedule").slot("ticket"), "没有了")
    assert not has_none(server_scene("service.reschedule").slot("change"), "没有")


def server_scene(scene_id: str) -> Scene:
    return next(scene for scene in server_pack().scenes if scene.id == scene_id)
