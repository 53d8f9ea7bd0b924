"""What was not heard has not been said."""

from __future__ import annotations

from tests.dialog.conftest import Caller
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
