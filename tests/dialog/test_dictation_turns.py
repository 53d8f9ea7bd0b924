"""A number dictated to the dialog: its place is kept, its limits hold."""

from __future__ import annotations

from dataclasses import replace

from tests.dialog.conftest import Caller
from voicebot.dialog.dictation_view import DictationView
from voicebot.dialog.events import Digit, Heard, NoInput, Paused, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.pack import Pack

SCENE = "service.repair_request"


def dictating(caller: Caller, *said: str) -> Caller:
    """A caller who was asked for the serial number and has said some of it."""
    run = SceneRun(SCENE, asking="serial", asked={"serial": 1}, turns=1)
    caller.state = replace(caller.state, scene=run)
    for text in said:
        caller.say(text)
    return caller


def groups(caller: Caller) -> tuple[str, ...]:
    run = caller.state.scene
    assert run is not None
    return run.dictations["serial"].groups


def test_other_matters_are_answered_and_no_group_is_lost(caller: Caller) -> None:
    dictating(caller, "YL二零九五")
    assert "三年" in caller.say("保修多久")
    assert "二 零 九 五" in caller.spoken[-1] and "接着" in caller.spoken[-1]
    assert caller.says[-1].slot == "serial"
    assert caller.say("等一下我去看看") and caller.state.waiting
    assert not caller.send(Paused(60_000)), "who is away is not asked for the rest"
    assert caller.say("三七零八五六").startswith("我重复一遍")
    assert groups(caller) == ("YL", "2095", "370", "856")


def test_what_was_looked_for_is_taken_down(caller: Caller) -> None:
    dictating(caller, "等一下我去看看", "找到了 YL二零九五")
    assert groups(caller) == ("YL2095",)
    caller.say("我看看啊，三七零")
    assert groups(caller) == ("YL2095", "370") and not caller.state.waiting


def test_a_human_gets_what_there_is_as_unconfirmed(caller: Caller) -> None:
    dictating(caller, "YL二零九五")
    caller.say("转人工")
    assert caller.handoff is not None
    assert caller.handoff.facts["序列号"] == "YL2095（未核对）"


def test_of_a_personal_number_nobody_agreed_upon_nothing_is_told(caller: Caller) -> None:
    run = SceneRun(SCENE, asking="phone", asked={"phone": 1}, turns=1)
    caller.state = replace(caller.state, scene=run)
    caller.say("幺三八零零幺三")
    caller.say("转人工")
    assert caller.handoff is not None
    assert caller.handoff.facts["回电号码"] == "*******（未核对）"


def test_raw_words_are_what_is_taken_down(caller: Caller) -> None:
    dictating(caller)
    caller.send(Heard("硬盘二零", 0.9, raw="二零九五"))
    assert groups(caller) == ("2095",)


def test_the_second_best_reading_may_be_the_one_that_fits(caller: Caller) -> None:
    dictating(caller, "YL二零九五三七零")
    caller.send(Heard("八五", 0.3, ("八五六",)))
    assert "八 五 六" in caller.heard and caller.says[-1].kind is SayKind.READ_BACK


def test_a_second_best_yes_agrees_to_nothing(caller: Caller) -> None:
    """Nor does a second-best 重新说 throw away what was taken down."""
    dictating(caller, "YL二零九五三七零八五六")
    caller.send(Heard("不对", 0.6, ("对", "重新说")))
    run = caller.state.scene
    assert run is not None and run.asking == "serial" and "serial" not in run.values
    assert caller.heard.startswith("第四组") or "第四组" in caller.heard
    assert "".join(groups(caller)) == "YL2095370856"


def test_keys_then_a_human_are_offered_and_then_one_is_brought(caller: Caller) -> None:
    dictating(caller, "YL二零九五三七零八五六")
    heard = [caller.say("第二组不对，是三三三三"), caller.say("第二组不对，是四四四四")]
    assert "按键" not in heard[0] and "数字键" in heard[1]
    caller.say("第二组不对，是五五五五")
    caller.say("第二组不对，是六六六六")
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN
    assert caller.state.awaiting is Awaiting.OFFER
    assert caller.say("不用") and groups(caller)[1] == "6666"
    for wrong in "789":
        caller.say(f"第二组不对，是{wrong * 4}")
    assert caller.handoff is not None and caller.handoff.reason == "limit"
    assert "未核对" in caller.handoff.facts["序列号"]


def test_silence_reads_it_once_more_before_the_call_is_given_up(caller: Caller) -> None:
    dictating(caller, "YL二零九五三七零八五六")
    caller.send(NoInput())
    assert caller.says[-1].kind is SayKind.READ_BACK
    assert not caller.hung_up


def test_an_agreed_number_may_still_be_corrected(caller: Caller) -> None:
    dictating(caller, "YL二零九五三七零八五六", "对")
    assert caller.says[-1].slot == "part"
    assert "三 七 幺" in caller.say("不对，序列号第三组是三七幺")
    assert caller.say("对") and caller.says[-1].slot == "part"
    run = caller.state.scene
    assert run is not None and run.values["serial"] == "YL2095371856"


def test_zero_is_a_figure_while_a_number_is_asked_for(caller: Caller) -> None:
    dictating(caller)
    for key in "2095370856":
        caller.send(Digit(key))
    assert caller.handoff is None
    caller.send(Paused(1200))
    assert "Y L；二 零 九 五" in caller.heard
    caller.send(Digit("#"))
    assert caller.says[-1].slot == "part"


def test_the_view_tells_the_session_what_it_must_know(dialog: Dialog, pack: Pack) -> None:
    view = DictationView(pack)
    caller = Caller(dialog)
    assert view.now(DialogState()) is None and view.agreed(DialogState()) == ()
    dictating(caller)
    begun = view.now(caller.state)
    assert begun is not None and (begun.slot, begun.taking, begun.pause_ms) == (
        "serial",
        True,
        None,
    )
    caller.say("YL二零九五三七零八五六")
    asked = view.now(caller.state)
    assert asked is not None and not asked.taking
    cut = view.read_up_to(caller.state, 2)
    caller.state = cut
    assert caller.say("对").endswith("三 七 零；八 五 六。对吗？") or "三 七 零" in caller.heard
    caller.say("对")
    (number,) = view.agreed(caller.state)
    assert (number.slot, number.value, number.personal) == ("serial", "YL2095370856", False)
