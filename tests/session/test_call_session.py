"""Whole calls through the real session, line and turn-taker, in virtual time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.session.fakes import (
    EchoConversation,
    LoudnessVad,
    ScriptedDesk,
    ScriptedRecognizer,
    ToneVoice,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.dialog.events import Digit, Handoff, HangUp, Say, SayKind
from voicebot.replay.tape import interruptions, replies
from voicebot.session import events as facts
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.vad import VadReading


def test_a_question_is_answered_soon_after_its_last_sound(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer(["硬盘不亮"]))
    events = rig.run(audio(quiet(GREETING_MS), tone(1000), quiet(500)), scheduler)
    assert [e.text for e in of(events, facts.CallerSpoke)] == ["硬盘不亮"]
    assert [e.text for e in of(events, facts.BotSpoke)] == [
        EchoConversation.GREETING,
        "好的硬盘不亮",
    ]
    (reply,) = replies(*rig.sounds())
    assert rig.turns.endpoint_ms <= reply.latency_ms <= rig.turns.endpoint_ms + 250
    assert of(events, facts.CallEnded)[-1].outcome == "caller_hung_up"


def test_a_caller_who_pauses_shortly_is_one_turn_and_is_not_spoken_over(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(ScriptedRecognizer(["前半句", "前半句后半句"]))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(300), tone(800), quiet(500))
    events = rig.run(caller, scheduler)
    assert [e.text for e in of(events, facts.CallerSpoke)] == ["前半句后半句"]
    assert len(of(events, facts.BotSpoke)) == 2


def test_caller_interrupts_and_bot_falls_silent(scheduler: InferenceScheduler) -> None:
    long_reply = "这是一个很长的回答" * 8
    conversation = EchoConversation({"问题": (Say(long_reply, SayKind.ANSWER),)})
    rig = Rig(ScriptedRecognizer(["问题", "等一下"]), conversation)
    caller = audio(quiet(GREETING_MS), tone(800), quiet(2500), tone(900), quiet(500))
    events = rig.run(caller, scheduler)
    (cut,) = of(events, facts.BotInterrupted)
    assert cut.unheard and long_reply.endswith(cut.unheard)
    (stop,) = interruptions(*rig.sounds())
    assert stop.stop_ms <= rig.turns.barge_in_ms + 150
    assert of(events, facts.CallerSpoke)[-1].barged_in
    assert of(events, facts.BotSpoke)[-1].text == "好的等一下"


def test_noise_that_stopped_the_bot_lets_it_go_on(scheduler: InferenceScheduler) -> None:
    long_reply = "第一句话在这里说完。" + "第二句话也要让人听到。" * 4
    conversation = EchoConversation({"问题": (Say(long_reply, SayKind.ANSWER),)})
    rig = Rig(ScriptedRecognizer(["问题", ""]), conversation)
    caller = audio(quiet(GREETING_MS), tone(800), quiet(2000), tone(600), quiet(500))
    rig.run(caller, scheduler, tail_ms=9000)
    _, bot = rig.sounds()
    noise_end_ms = (len(caller) // 16) - 500
    assert any(s.start_ms > noise_end_ms for s in bot), "the rest was never said"


def test_a_slow_recognizer_is_covered_by_a_filler(scheduler: InferenceScheduler) -> None:
    rig = Rig(
        ScriptedRecognizer(["问题"], delay_s=1.2),
        budget=BudgetSettings.model_validate({"limit_ms": 800}),
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    kinds = [e.kind for e in of(events, facts.BotSpoke)]
    assert kinds == ["greeting", "filler", "answer"]


def test_an_answer_that_cannot_be_voiced_in_time_is_announced(
    scheduler: InferenceScheduler,
) -> None:
    class Slow(ToneVoice):
        def render(self, text: str, *, timeout_s: float | None = None) -> Any:
            time.sleep(0.5 if text.startswith("好的") else 0)
            return super().render(text, timeout_s=timeout_s)

    rig = Rig(ScriptedRecognizer(["问题"]), voice_estimate_ms=5000.0, voice=Slow())
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    said = of(events, facts.BotSpoke)
    assert [e.kind for e in said] == ["greeting", "filler", "answer"]
    assert any(stage["note"].startswith("skipped") for stage in said[1].stages)


def test_a_hung_recognizer_ends_at_a_human(scheduler: InferenceScheduler) -> None:
    rig = Rig(
        ScriptedRecognizer(["问题"], delay_s=2.5),
        turns=TurnSettings.model_validate({"watchdog_ms": 1500}),
        budget=BudgetSettings.model_validate({"limit_ms": 500}),
    )
    rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    assert [h.reason for h in rig.desk.asked] == ["stalled"]


def test_a_turn_that_fails_ends_at_a_human(scheduler: InferenceScheduler) -> None:
    conversation = EchoConversation({"问题": RuntimeError("broken index")})
    rig = Rig(ScriptedRecognizer(["问题"]), conversation)
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    assert "broken index" in of(events, facts.Trouble)[0].what
    assert [h.reason for h in rig.desk.asked] == ["error"]


def test_a_failed_hand_off_brings_the_bot_back(scheduler: InferenceScheduler) -> None:
    conversation = EchoConversation({"转人工": (Handoff("requested"),)})
    rig = Rig(ScriptedRecognizer(["转人工", "还在吗"]), conversation, ScriptedDesk("busy"))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(3000), tone(800), quiet(500))
    events = rig.run(caller, scheduler)
    assert [e.text for e in of(events, facts.BotSpoke)][1:] == ["没有接通请继续说", "好的还在吗"]


def test_hang_up_waits_until_the_goodbye_was_heard(scheduler: InferenceScheduler) -> None:
    goodbye = (Say("好的再见", SayKind.GOODBYE), HangUp())
    rig = Rig(ScriptedRecognizer(["再见"]), EchoConversation({"再见": goodbye}))
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    _, bot = rig.sounds()
    assert bot[-1].end_ms - bot[-1].start_ms >= 80 * 4 - 20
    assert of(events, facts.CallEnded)[-1].outcome == "bot_ended"


def test_silence_is_met_with_a_question(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), turns=TurnSettings.model_validate({"no_input_ms": 2000}))
    events = rig.run(audio(quiet(GREETING_MS + 3500)), scheduler, tail_ms=500)
    assert of(events, facts.BotSpoke)[1].text == "好的NoInput"


def test_an_interrupted_notice_still_brings_the_human(scheduler: InferenceScheduler) -> None:
    notice = (Say("好的我马上帮您转接请稍等一下不要挂机", SayKind.HANDOFF), Handoff("requested"))
    rig = Rig(ScriptedRecognizer(["转人工", "快点"]), EchoConversation({"转人工": notice}))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(900), tone(600), quiet(500))
    rig.run(caller, scheduler)
    assert [h.reason for h in rig.desk.asked] == ["requested"]


def test_words_said_while_the_bot_was_thinking_belong_together(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(ScriptedRecognizer(["服务器", "不开机"], delay_s=0.7))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(650), tone(800), quiet(500))
    events = rig.run(caller, scheduler)
    (told,) = of(events, facts.CallerSpoke)
    assert told.text == "服务器不开机"
    length_ms = told.speech_end_ms - told.speech_start_ms
    assert length_ms == pytest.approx(800 + 650 + 800, abs=100), "from the first of its words on"
    assert of(events, facts.BotSpoke)[-1].text == "好的服务器不开机"


def test_a_loop_that_comes_late_loses_no_words(scheduler: InferenceScheduler) -> None:
    """The end of a turn and the beginning of the next one are seen in one go."""
    rig = Rig(ScriptedRecognizer(["我想问一下", "硬盘"]))
    rig.stalls = ((GREETING_MS + 800 + 300, GREETING_MS + 800 + 560 + 300),)
    caller = audio(quiet(GREETING_MS), tone(800), quiet(560), tone(800), quiet(2000))
    turns = of(rig.run(caller, scheduler), facts.CallerSpoke)
    assert [turn.text for turn in turns] == ["我想问一下硬盘"]


def test_a_cough_while_the_bot_was_thinking_does_not_lose_the_question(
    scheduler: InferenceScheduler,
) -> None:
    rig = Rig(ScriptedRecognizer(["服务器不开机", ""], delay_s=0.7))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(650), tone(160), quiet(500))
    events = rig.run(caller, scheduler)
    assert of(events, facts.BotSpoke)[-1].text == "好的服务器不开机"


def test_a_key_that_means_nothing_does_not_cut_the_bot(scheduler: InferenceScheduler) -> None:
    conversation = EchoConversation({"Digit": ()})
    rig = Rig(ScriptedRecognizer([""]), conversation, digits=((400, "5"),))
    events = rig.run(audio(quiet(GREETING_MS)), scheduler, tail_ms=500)
    assert of(events, facts.DigitPressed) and not of(events, facts.BotInterrupted)


class BrokenVad:
    """Fails on its hundredth frame."""

    def __init__(self) -> None:
        self.frames = 0

    def feed(self, frame: bytes) -> VadReading:
        self.frames += 1
        if self.frames == 100:
            raise RuntimeError("detector broke")
        return LoudnessVad().feed(frame)


def test_a_key_whose_meaning_comes_late_does_not_end_a_hand_off(
    scheduler: InferenceScheduler,
) -> None:
    class SlowKeys(EchoConversation):
        async def consider(self, state: Any, event: Any, *args: Any) -> Any:
            if isinstance(event, Digit):
                await asyncio.sleep(2)
            return await super().consider(state, event, *args)

    class SlowDesk(ScriptedDesk):
        async def bring_human(self, *args: Any) -> str:
            await asyncio.sleep(3)
            return await super().bring_human(*args)

    rig = Rig(ScriptedRecognizer(["转人工"]), SlowKeys({"转人工": (Handoff("asked"),)}), SlowDesk())
    rig.digits = ((GREETING_MS + 900, "1"),)
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(2000)), scheduler)
    assert of(events, facts.CallEnded)[0].outcome == "handed_off"
    assert not [each for each in of(events, facts.BotSpoke) if "Digit" in each.text]


def test_a_bot_gone_deaf_brings_a_human(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), vad=BrokenVad())
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    assert "detector broke" in of(events, facts.Trouble)[0].what
    assert [h.reason for h in rig.desk.asked] == ["error"]


class BrokenDesk(ScriptedDesk):
    async def bring_human(self, *_: Any) -> str:
        raise RuntimeError("no desk")


class Hoarse(ToneVoice):
    def render(self, text: str, *, timeout_s: float | None = None) -> Any:
        raise RuntimeError("no voice")


def test_a_desk_that_fails_ends_the_call_with_an_apology(scheduler: InferenceScheduler) -> None:
    conversation = EchoConversation({"转人工": (Handoff("requested"),)})
    rig = Rig(ScriptedRecognizer(["转人工"]), conversation, BrokenDesk())
    events = rig.run(audio(quiet(GREETING_MS), tone(800), quiet(500)), scheduler)
    _, bot = rig.sounds()
    assert bot[-1].end_ms - bot[-1].start_ms >= 80 * len("抱歉没有接通") - 20
    assert of(events, facts.CallEnded)[-1].outcome == "failed"


def test_a_voice_that_fails_still_brings_a_human(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), voice=Hoarse())
    events = rig.run(audio(quiet(500)), scheduler, tail_ms=60_000)
    assert [h.reason for h in rig.desk.asked] == ["error"]
    assert of(events, facts.Trouble)[-1].consequence == "the seats ring unannounced"
    assert of(events, facts.CallEnded)[-1].outcome == "handed_off"


def test_a_voice_that_fails_does_not_keep_the_call_up(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), voice=Hoarse(), desk=BrokenDesk())
    events = rig.run(audio(quiet(500)), scheduler, tail_ms=60_000)
    assert of(events, facts.BotSpoke) == []
    ended = of(events, facts.CallEnded)[-1]
    assert (ended.outcome, ended.by) == ("failed", "local")
    assert ended.at_ms < 20_000


def test_an_apology_to_a_caller_who_holds_is_not_waited_for(scheduler: InferenceScheduler) -> None:
    class BrokenDesk(ScriptedDesk):
        async def bring_human(self, call: Any, *_: Any) -> str:
            call.holds = ((0, 600_000),)
            raise RuntimeError("no desk")

    conversation = EchoConversation({"转人工": (Handoff("requested"),)})
    rig = Rig(ScriptedRecognizer(["转人工"]), conversation, BrokenDesk())
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler, tail_ms=60_000)
    ended = of(events, facts.CallEnded)[-1]
    assert (ended.outcome, ended.by) == ("failed", "local")
    assert ended.at_ms < GREETING_MS + 15_000
