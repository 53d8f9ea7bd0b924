"""A caller who puts the bot on hold is neither talked to nor listened to, and is welcomed back."""

from __future__ import annotations

from tests.session.fakes import (
    EchoConversation,
    ScriptedDesk,
    ScriptedRecognizer,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.dialog.events import Handoff, Say, SayKind
from voicebot.session import events as facts
from voicebot.settings import TurnSettings
from voicebot.turns.scheduler import InferenceScheduler

BACK = "您好，我还在线上。"
QUESTION = "是哪一块硬盘？"


def said(events: list[facts.SessionEvent]) -> list[str]:
    return [event.text for event in of(events, facts.BotSpoke)]


def turns(**keys: int) -> TurnSettings:
    return TurnSettings.model_validate(keys)


def test_what_comes_from_a_hold_is_no_caller_and_nobody_is_asked_whether_they_are_there(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(
        ScriptedRecognizer(["音乐"]),
        turns=turns(no_input_ms=2000),
        holds=((GREETING_MS + 500, GREETING_MS + 9500),),
    )
    music = tone(8000)
    events = rig.run(audio(quiet(GREETING_MS + 1000), music), scheduler, tail_ms=1400)
    assert rig.recognizer.heard_ms == []
    assert said(events) == [EchoConversation.GREETING, BACK]
    (held,) = of(events, facts.CallHeld)
    (resumed,) = of(events, facts.CallResumed)
    assert 8900 <= resumed.held_ms <= 9100
    _, bot = rig.sounds()
    assert not [s for s in bot if held.at_ms + 60 < s.start_ms < resumed.at_ms - 60], bot


def test_a_bot_that_is_put_on_hold_stops_and_says_the_rest_afterwards(
    scheduler: InferenceScheduler,
) -> None:
    reply = "第一句话在这里说完。第二句话也要让人听到。"
    conversation = EchoConversation({"问题": (Say(reply, SayKind.ANSWER),)})
    end_ms = GREETING_MS + 800
    rig = Rig(ScriptedRecognizer(["问题"]), conversation, holds=((end_ms + 2000, end_ms + 6000),))
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=12_000)
    (cut,) = of(events, facts.BotInterrupted)
    assert cut.unheard and reply.endswith(cut.unheard)
    assert said(events)[-1] == BACK + cut.unheard
    _, bot = rig.sounds()
    assert not [s for s in bot if end_ms + 2060 < s.start_ms < end_ms + 6000], bot


def test_a_reply_that_was_not_begun_is_said_when_the_caller_is_back(
    scheduler: InferenceScheduler,
) -> None:
    end_ms = GREETING_MS + 800
    rig = Rig(ScriptedRecognizer(["硬盘不亮"], delay_s=0.9), holds=((end_ms + 700, end_ms + 5000),))
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=8000)
    reply = of(events, facts.BotSpoke)[-1]
    assert reply.text == "好的硬盘不亮"
    assert reply.at_ms >= end_ms + 5000
    assert reply.since_caller_ms is None, "the time of the hold is no wait of ours"
    assert BACK not in said(events)


def test_a_sentence_cut_by_the_hold_is_answered_afterwards(scheduler: InferenceScheduler) -> None:
    end_ms = GREETING_MS + 800
    rig = Rig(ScriptedRecognizer(["稍等一下"]), holds=((end_ms + 60, end_ms + 4000),))
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=8000)
    assert said(events) == [EchoConversation.GREETING, "好的稍等一下"]


def test_a_question_is_repeated_once_and_not_at_every_hold(scheduler: InferenceScheduler) -> None:
    conversation = EchoConversation({"问题": (Say(QUESTION, SayKind.ASK),)})
    end_ms = GREETING_MS + 800
    rig = Rig(
        ScriptedRecognizer(["问题"]),
        conversation,
        turns=turns(no_input_ms=60_000),
        holds=((end_ms + 4000, end_ms + 5000), (end_ms + 10_000, end_ms + 11_000)),
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=15_000)
    assert said(events)[1:] == [QUESTION, BACK + QUESTION, BACK]


def test_a_hold_without_end_is_hung_up(scheduler: InferenceScheduler) -> None:
    rig = Rig(
        ScriptedRecognizer([""]),
        turns=turns(max_hold_ms=5000),
        holds=((GREETING_MS + 500, 60_000),),
    )
    events = rig.run(audio(quiet(GREETING_MS)), scheduler, tail_ms=60_000)
    (ended,) = of(events, facts.CallEnded)
    assert (ended.outcome, ended.by) == ("held_too_long", "local")
    assert GREETING_MS + 5400 <= ended.at_ms <= GREETING_MS + 5800


NOTICE = "好的我马上帮您转接请稍等一下不要挂机我们的工程师很快就来"
HANDING_OVER = {"转人工": (Say(NOTICE, SayKind.HANDOFF), Handoff("requested"))}
HELD_FROM_MS = GREETING_MS + 800 + 1500  # the notice has begun by then and lasts 2 s and more


def test_a_hold_without_end_is_hung_up_also_when_it_began_in_the_hand_over_notice(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(
        ScriptedRecognizer(["转人工"]),
        EchoConversation(HANDING_OVER),
        ScriptedDesk("caller_gone"),
        turns=turns(max_hold_ms=5000),
        holds=((HELD_FROM_MS, 600_000),),
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=60_000)
    assert said(events)[1:] == [NOTICE]
    (ended,) = of(events, facts.CallEnded)
    assert (ended.outcome, ended.by) == ("held_too_long", "local")
    # The hand-over is what tells of the end, and sees it when the notice should have been over.
    assert HELD_FROM_MS + 4900 <= ended.at_ms <= HELD_FROM_MS + 8000


def test_a_hand_over_notice_is_heard_to_its_end_after_a_hold(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(
        ScriptedRecognizer(["转人工"]),
        EchoConversation(HANDING_OVER),
        holds=((HELD_FROM_MS, HELD_FROM_MS + 3000),),
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=20_000)
    assert [handoff.reason for handoff in rig.desk.asked] == ["requested"]
    _, bot = rig.sounds()
    before, after = bot[-2:]
    assert before.end_ms <= HELD_FROM_MS + 60 and after.start_ms >= HELD_FROM_MS + 2900
    heard_ms = before.end_ms - before.start_ms + after.end_ms - after.start_ms
    assert heard_ms >= 80 * len(NOTICE) - 60
    assert of(events, facts.CallEnded)[-1].outcome == "handed_off"
