"""A supervisor tells the bot what to say, hands over, takes over: what the caller hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from telephony import TransferOutcome
from tests.session.control_rig import (
    BOSS_HZ,
    BOSS_URI,
    BOT_HZ,
    CALLER_HZ,
    GREETED_S,
    SEAT_HZ,
    Rig,
    acted,
    hums,
    phone,
    tape_of,
    until,
)
from tests.session.fakes import EchoConversation, ToneVoice, audio, quiet, tone
from tests.session.rig import GREETING_MS, of
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Stage, Why
from voicebot.turns.scheduler import InferenceScheduler


def test_the_bot_says_the_sentence_when_it_has_finished(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(0.5)  # in the greeting
        assert (await control.say(" 请您\n稍等 ", "李班长")).ok

    rig = Rig()
    events = rig.run(audio(quiet(GREETING_MS + 3000)), scheduler, act, tail_ms=2000)
    greeting, said = of(events, facts.BotSpoke)[:2]
    assert (said.text, said.kind, said.by) == ("请您 稍等", "supervisor", "李班长")
    assert said.at_ms >= GREETING_MS - 500, "not into the greeting"
    assert greeting.by == ""
    assert acted(events) == [("say", True, "")]
    assert of(events, facts.SupervisorActed)[0].text == "请您 稍等"


def test_it_waits_for_a_caller_who_speaks_and_for_the_reply(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S + 0.3)  # the caller is speaking
        assert (await control.say("请您稍等", "李班长")).ok

    rig = Rig(texts=["硬盘不亮"])
    rig.run(audio(quiet(GREETING_MS), tone(1500), quiet(4000)), scheduler, act, tail_ms=1000)
    said = [e.text for e in of(rig.seen, facts.BotSpoke)]
    assert said[1:3] == ["好的硬盘不亮", "请您稍等"]


def test_the_caller_stops_it_like_any_utterance(scheduler: InferenceScheduler) -> None:
    sentence = "请您先不要断电，" + "我们马上安排工程师。" * 6

    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.say(sentence, "李班长")).ok

    rig = Rig(texts=["等一下"])
    speech = audio(quiet(GREETING_MS + 2000), tone(1200), quiet(3000))
    events = rig.run(speech, scheduler, act, tail_ms=1000)
    (cut,) = of(events, facts.BotInterrupted)
    assert cut.heard
    assert (cut.heard + cut.unheard).startswith("请您先不要断电")
    assert of(events, facts.BotSpoke)[-1].text == "好的等一下"


def test_what_the_dialog_asked_stands_when_the_sentence_is_cut(
    scheduler: InferenceScheduler,
) -> None:
    """The state that the next turn is considered in is the one from before the sentence."""
    states: list[Any] = []

    class Remembers(EchoConversation):
        async def consider(self, state: Any, event: Any, *rest: Any, **more: Any) -> Any:
            states.append(state)
            return await super().consider(state, event, *rest, **more)

    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.say("请您先不要断电，" * 6, "李班长")).ok

    rig = Rig(texts=["等一下"], conversation=Remembers())
    rig.run(audio(quiet(GREETING_MS + 2000), tone(1200), quiet(3000)), scheduler, act)
    assert of(rig.seen, facts.BotInterrupted)
    assert states[0] == Remembers().start().state


def test_no_chance_in_time_is_told(scheduler: InferenceScheduler) -> None:
    """The caller speaks for half a minute."""

    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S + 1)
        outcome = await control.say("请您稍等", "李班长")
        assert (outcome.ok, outcome.why) == (False, Why.NO_CHANCE)

    rig = Rig(texts=["长话"])
    events = rig.run(audio(quiet(GREETING_MS), tone(23_500), quiet(3000)), scheduler, act)
    assert "请您稍等" not in [e.text for e in of(events, facts.BotSpoke)]


def test_a_voice_that_fails_at_it_costs_the_sentence_only(scheduler: InferenceScheduler) -> None:
    class Fails(ToneVoice):
        def render(self, text: str, *, timeout_s: float | None = None) -> Any:
            if "稍等" in text:
                raise RuntimeError("no voice")
            return super().render(text, timeout_s=timeout_s)

    async def act(rig: Rig, control: CallControl) -> None:
        outcome = await control.say("请您稍等", "班长")
        assert (outcome.ok, outcome.why) == (False, "failed")

    rig = Rig(texts=["硬盘不亮"], voice=Fails())
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(3000)), scheduler, act)
    assert of(events, facts.BotSpoke)[1].text == "好的硬盘不亮"
    assert of(events, facts.HandoffStarted) == []


def test_more_than_five_sentences_are_not_kept(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        outcomes = await asyncio.gather(*(control.say(f"第{n}句", "班长") for n in range(6)))
        assert [each.why for each in outcomes] == [""] * 5 + [Why.TOO_MANY]

    rig = Rig()
    events = rig.run(audio(quiet(GREETING_MS + 8000)), scheduler, act, tail_ms=1000)
    said = [e.text for e in of(events, facts.BotSpoke) if e.by]
    assert said == [f"第{n}句" for n in range(5)], "in order"


@pytest.mark.parametrize("text", ["", "   ", "！？…", "\x00\x07", "长" * 201])
def test_a_text_that_cannot_be_said_is_refused(scheduler: InferenceScheduler, text: str) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.say(text, "班长")).why == Why.BAD_TEXT

    assert acted(Rig().run(b"", scheduler, act, tail_ms=1000)) == [("say", False, "bad_text")]


# --- hand over -----------------------------------------------------------------------------------
def test_hand_over_interrupts_the_bot_and_rings_the_named_seat_first(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(0.5)
        assert (await control.hand_over("二线02", "班长")).ok
        assert (await control.hand_over(None, "班长")).why == Why.HANDING_OFF
        assert (await control.say("请您稍等", "班长")).why == Why.HANDING_OFF
        await until(control, Stage.BRIDGED)
        assert (await control.hand_over(None, "班长")).why == Why.BRIDGED

    seat = phone(SEAT_HZ, tail_ms=2000)
    rig = Rig([TransferOutcome.BUSY, seat], seats=("二线01", "二线02"))
    events = rig.run(audio(quiet(9000)), scheduler, act)
    assert [(e.seat, e.outcome) for e in of(events, facts.SeatRang)] == [
        ("二线02", "busy"),
        ("二线01", "accepted"),
    ]
    assert of(events, facts.HandoffStarted)[0].reason == "supervisor"
    said = [(e.text, e.kind) for e in of(events, facts.BotSpoke)]
    assert said[-1] == ("我请工程师接听", "handoff")
    assert of(events, facts.CallEnded)[0].outcome == "handed_off"


def test_hand_over_to_nobody_is_refused_and_the_bot_talks_on(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.hand_over("没有这个人", "班长")).why == Why.UNKNOWN_SEAT

    rig = Rig(texts=["硬盘不亮"])
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(3000)), scheduler, act)
    assert of(events, facts.BotSpoke)[1].text == "好的硬盘不亮"


def test_a_hand_over_that_nobody_takes_gives_the_caller_back_to_the_bot(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S)
        assert (await control.hand_over(None, "班长")).ok
        await asyncio.sleep(5)
        assert control.stage is Stage.BOT

    rig = Rig([TransferOutcome.BUSY], handoff={"max_waiting": 0})
    events = rig.run(audio(quiet(12_000)), scheduler, act, tail_ms=0)
    assert of(events, facts.BotSpoke)[2].text == "没有接通请继续说"


# --- take over -----------------------------------------------------------------------------------
def test_take_over_lets_the_bot_talk_until_the_phone_answers(
    scheduler: InferenceScheduler,
) -> None:
    boss = phone(BOSS_HZ, says_after_ms=500, says_ms=1500, tail_ms=4000)

    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S + 0.5)
        assert (await control.take_over(BOSS_URI, "李班长")).ok
        await until(control, Stage.BRIDGED)

    rig = Rig([boss], texts=["硬盘不亮"], ring_s=4.0)
    speech = audio(quiet(GREETING_MS), tone(800), quiet(5000), tone(1000), quiet(2000))
    events = rig.run(speech, scheduler, act)
    assert [e.text for e in of(events, facts.BotSpoke)][1] == "好的硬盘不亮", "it rang meanwhile"
    assert hums(rig.tape[:, 1], BOSS_HZ), "the caller hears the supervisor"
    assert hums(tape_of(boss)[:, 1], CALLER_HZ), "the supervisor hears the caller"
    (finished,) = of(events, facts.HandoffFinished)
    assert (finished.outcome, finished.seat) == ("accepted", "李班长")
    assert of(events, facts.HandoffStarted)[0].reason == "supervisor"
    assert of(events, facts.CallEnded)[0].outcome == "handed_off"


@pytest.mark.parametrize("outcome", ["busy", "declined", "no_answer", "unreachable", "failed"])
def test_a_phone_that_does_not_take_it_changes_nothing_for_the_caller(
    scheduler: InferenceScheduler, outcome: str
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        result = await control.take_over(BOSS_URI, "班长")
        assert (result.ok, result.why) == (False, outcome)

    rig = Rig([TransferOutcome(outcome)], texts=["硬盘不亮"], ring_s=1.0)
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(3000)), scheduler, act)
    assert [e.text for e in of(events, facts.BotSpoke)][1] == "好的硬盘不亮"
    assert acted(events) == [("take_over", False, outcome)]


def test_a_seat_that_was_called_meanwhile_is_not_taken_over(scheduler: InferenceScheduler) -> None:
    """Both are rung; who answers second finds the call taken, and is hung up."""
    seat, boss = phone(SEAT_HZ, tail_ms=3000), phone(BOSS_HZ)

    async def act(rig: Rig, control: CallControl) -> None:
        taking = asyncio.create_task(control.take_over(BOSS_URI, "班长"))
        await asyncio.sleep(0.5)
        assert (await control.hand_over(None, "班长")).ok
        result = await taking
        assert (result.ok, result.why) == (False, Why.HANDING_OFF)
        assert boss.ended is not None

    rig = Rig([boss, seat], ring_s=3.0)
    rig.run(audio(quiet(9000)), scheduler, act)
    assert [e.seat for e in of(rig.seen, facts.HandoffFinished)] == ["二线01"]


def test_a_caller_who_leaves_while_the_supervisor_rings_ends_the_ringing(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        result = await control.take_over(BOSS_URI, "班长")
        assert (result.ok, result.why) == (False, Why.ENDED)

    rig = Rig([TransferOutcome.BUSY], ring_s=15.0)
    events = rig.run(audio(quiet(2000)), scheduler, act, tail_ms=0)
    assert acted(events) == [("take_over", False, "ended")]
    assert isinstance(events[-1], facts.CallEnded), "and that is the last of it"


def test_who_takes_over_hears_the_problem_while_the_caller_hears_it_ring(
    scheduler: InferenceScheduler,
) -> None:
    boss = phone(BOSS_HZ, tail_ms=6000)

    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S + 0.5)
        assert (await control.take_over(BOSS_URI, "班长")).ok
        await until(control, Stage.BRIDGED)

    rig = Rig([boss], handoff={"whisper": True})
    rig.run(audio(quiet(9000)), scheduler, act)
    whispered = hums(tape_of(boss)[:, 1], BOT_HZ)
    assert len(whispered) >= 5, whispered
    start_ms = int(GREETED_S * 1000) + 500
    rang = [at for at in hums(rig.tape[:, 1], 450) if at >= start_ms]
    assert rang
    assert rang[0] <= start_ms + 400, "no silence meanwhile"


def test_a_supervisor_who_hangs_up_before_they_are_joined_gives_the_caller_back(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(GREETED_S + 0.5)
        assert (await control.take_over(BOSS_URI, "班长")).ok
        await asyncio.sleep(3)
        assert control.stage is Stage.BOT

    rig = Rig([phone(BOSS_HZ, tail_ms=300)], handoff={"whisper": True})
    events = rig.run(audio(quiet(9000)), scheduler, act, tail_ms=0)
    assert of(events, facts.HandoffFinished)[0].outcome == "declined"
    assert of(events, facts.BotSpoke)[-1].text == "没有接通请继续说"
