"""What was not heard has not been said."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import WARRANTY, Caller
from voicebot.dialog.events import SayKind
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting, DialogState, Phase
from voicebot.dialog.unheard import as_heard

OFFERED = DialogState(awaiting=Awaiting.OFFER, said="要不要我帮您转人工？", phase=Phase.TALKING)


def test_an_offer_that_was_not_heard_cannot_be_accepted() -> None:
    assert as_heard(OFFERED, question_heard=False).awaiting is Awaiting.NOTHING
    assert as_heard(OFFERED, question_heard=True).awaiting is Awaiting.OFFER


def test_an_answer_that_was_cut_is_still_one_to_go_on_with() -> None:
    for awaited in (Awaiting.MORE, Awaiting.TRY, Awaiting.ANSWERED):
        state = DialogState(awaiting=awaited, rest=("第二步。",))
        after = as_heard(state, question_heard=False)
        assert (after.awaiting, after.rest) == (awaited, ("第二步。",))


def test_a_question_that_was_not_heard_was_not_asked() -> None:
    run = SceneRun("disk", asking="raid", asked={"light": 1, "raid": 2})
    after = as_heard(DialogState(scene=run, said="您做RAID了吗？"), question_heard=False)
    assert after.scene is not None
    assert after.scene.asked == {"light": 1, "raid": 1}
    assert (after.unasked, after.said) == (True, "")
    heard = as_heard(DialogState(scene=run), question_heard=True)
    assert heard.scene is run and not heard.unasked


def test_a_goodbye_that_was_cut_is_none() -> None:
    assert as_heard(DialogState(phase=Phase.ENDED), question_heard=True).phase is Phase.TALKING


def test_good_to_an_offer_cut_before_its_question_brings_nobody(caller: Caller) -> None:
    caller.say("你们公司的股票现在多少钱一股")
    assert caller.state.awaiting is Awaiting.OFFER
    caller.state = as_heard(caller.state, question_heard=False)
    caller.say("好")
    assert caller.handoff is None


def test_no_to_a_question_cut_before_it_was_asked_answers_nothing(caller: Caller) -> None:
    caller.say("系统装不上，硬盘看不到")
    before = caller.state.scene
    assert before is not None and before.asking and caller.says[-1].slot == before.asking
    question = caller.says[-1].text
    caller.state = as_heard(caller.state, question_heard=False)
    caller.say("没有")
    after = caller.state.scene
    assert after is not None and after.values == before.values, "nothing was answered"
    assert question.rstrip("？") in caller.heard, "and it is asked"
    caller.say("没有")
    scene = caller.state.scene or caller.state.closed
    assert scene is not None and scene.values != before.values, "now it was heard"


def cut_in(caller: Caller, heard: str = "") -> None:
    """The caller cuts in once they have heard so much of the first that is said."""
    first = caller.says[0].text
    assert first.startswith(heard)
    caller.state = as_heard(
        caller.state,
        question_heard=False,
        cut=caller.says,
        unheard=first.removeprefix(heard),
    )


def test_an_answer_cut_at_its_first_word_comes_whole_when_asked_again(caller: Caller) -> None:
    answer = caller.say("保修多久")
    assert [say.kind for say in caller.says] == [SayKind.ANSWER, SayKind.ASK]
    piece = caller.says[0].text
    cut_in(caller)
    caller.spoken.clear()
    assert caller.say("保修多久").startswith(piece)
    caller.say("继续")
    assert piece + caller.says[0].text == WARRANTY.text != answer


@pytest.mark.parametrize(
    ("heard", "left"),
    [("整机保修三年，", "整机保修三年，从发货日算起。"), ("整机保修三年，从发货日算起。", "")],
)
def test_of_an_answer_that_was_cut_the_sentences_heard_stay_said(
    caller: Caller, heard: str, left: str
) -> None:
    caller.say("保修多久")
    rest = caller.says[0].text.removeprefix("整机保修三年，从发货日算起。")
    cut_in(caller, heard)
    assert caller.say("再问一下保修多久").startswith(left + rest)


def test_a_one_piece_answer_cut_in_its_last_clause_was_not_heard(caller: Caller) -> None:
    answer = caller.say("管理口默认地址是多少")
    first = caller.says[0]
    state = as_heard(caller.state, question_heard=True, cut=(first,), unheard=first.text)
    assert first.text not in state.spoken and state.answered == ()
    caller.state = state
    caller.spoken.clear()
    assert caller.say("管理口默认地址是多少") == answer


def test_an_answer_cut_in_its_second_piece_is_told_of(caller: Caller) -> None:
    caller.say("保修多久")
    first = caller.says[0].text
    caller.say("继续")
    second = caller.says[0].text
    cut_in(caller)
    assert first in caller.state.spoken and second not in caller.state.spoken
    assert WARRANTY.id in caller.state.answered


def test_advice_that_was_cut_is_given_when_the_fault_is_told_again(caller: Caller) -> None:
    for text in (
        "风扇声音很大",
        "一开机就响",
        "一直全速转",
        "没有告警",
        "没有",
        "不知道",
        "不知道",
    ):
        caller.say(text)
        if caller.state.closed is not None:
            break
    advice = caller.says[0].text
    assert caller.state.closed is not None and caller.says[0].branch
    cut_in(caller)
    caller.spoken.clear()
    assert advice in caller.say("风扇声音很大"), caller.heard
    assert "没有解决" not in caller.heard
