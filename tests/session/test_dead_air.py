"""Whatever hangs, the caller is not left in silence for longer than the watchdog's time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.session.fakes import (
    RATE,
    EchoConversation,
    ScriptedRecognizer,
    ToneVoice,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.dialog.events import Handoff, Say, SayKind
from voicebot.session import events as facts
from voicebot.settings import TurnSettings
from voicebot.speech.api import Chunk
from voicebot.speech.chain import VoiceChain
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler

WATCHDOG_MS = 800
TURNS = TurnSettings.model_validate({"watchdog_ms": WATCHDOG_MS})


class HangingVoice(ToneVoice):
    """Says all but texts with `word`, on which it hangs until the test is over."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.over = threading.Event()

    def render(self, text: str, *, timeout_s: float | None = None) -> Any:
        if self.word in text:
            self.over.wait(30)
        return super().render(text, timeout_s=timeout_s)


class HalfSaid(HangingVoice):
    """Says the first half of such a text and then hangs."""

    stream_rate = RATE

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        half = len(text) // 2
        yield Chunk(tone(80 * half, hz=500), text[:half])
        if self.word in text:
            self.over.wait(30)
        yield Chunk(tone(80 * (len(text) - half), hz=500), text[half:])


@pytest.mark.parametrize("fallback", [False, True])
def test_a_voice_that_hangs_in_mid_clause_is_followed_by_another_or_a_human(
    scheduler: InferenceScheduler, fallback: bool
) -> None:
    hanging, second = HalfSaid("硬盘灯"), ToneVoice()
    reply = Say("先看一下电源灯。再看一下硬盘灯亮不亮。", SayKind.ANSWER)
    rig = Rig(
        ScriptedRecognizer(["怎么查"]),
        conversation=EchoConversation({"怎么查": (reply,)}),
        turns=TURNS,
        voice=VoiceChain((hanging, second), stall_s=0.5) if fallback else hanging,
    )
    try:
        caller = audio(quiet(GREETING_MS), tone(500), quiet(1000))
        events = rig.run(caller, scheduler, tail_ms=8_000)
    finally:
        hanging.over.set()
    assert [handoff.reason for handoff in rig.desk.asked] == ([] if fallback else ["stalled"])
    if not fallback:
        ended_ms = of(events, facts.CallEnded)[0].at_ms
        assert longest_silence_ms(rig, ended_ms) < 2 * WATCHDOG_MS + 500
        return
    answer = of(events, facts.BotSpoke)[-1]
    sound = np.abs(rig.tape[answer.at_ms * 8 :, 1]) > 100
    spoken = sum(char.isalnum() for char in reply.text)
    assert np.count_nonzero(sound) > 0.8 * 80 * 8 * spoken, "said to its end"


@pytest.fixture
def voice(request: pytest.FixtureRequest, scheduler: InferenceScheduler) -> Iterator[HangingVoice]:
    made = HangingVoice(request.param)
    yield made
    made.over.set()


def longest_silence_ms(rig: Rig, until_ms: int) -> int:
    """The longest time in which neither side of the tape sounds."""
    both = np.abs(rig.tape[: until_ms * 8]).max(axis=1) > 100
    loud = np.flatnonzero(np.concatenate([[True], both, [True]]))
    return int(np.diff(loud).max()) // 8


@pytest.mark.parametrize("voice", ["第二"], indirect=True)
def test_a_voice_that_hangs_in_mid_reply_ends_at_a_human(
    voice: HangingVoice, scheduler: InferenceScheduler
) -> None:
    reply = Say("先看一下电源灯亮不亮。第二步看一下硬盘灯亮不亮。", SayKind.ANSWER)
    rig = Rig(
        ScriptedRecognizer(["怎么查"]),
        conversation=EchoConversation({"怎么查": (reply,)}),
        turns=TURNS,
        voice=voice,
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(500), quiet(1000)), scheduler, tail_ms=15_000)
    assert [handoff.reason for handoff in rig.desk.asked] == ["stalled"]
    (ended,) = of(events, facts.CallEnded)
    assert ended.outcome == "handed_off"
    assert longest_silence_ms(rig, ended.at_ms) < 2 * WATCHDOG_MS + 500


@pytest.mark.parametrize("voice", ["第二"], indirect=True)
def test_a_voice_that_hangs_between_two_utterances_ends_at_a_human(
    voice: HangingVoice, scheduler: InferenceScheduler
) -> None:
    reply = (Say("先看一下电源灯亮不亮。", SayKind.ANSWER), Say("第二步看硬盘灯。", SayKind.ASK))
    rig = Rig(
        ScriptedRecognizer(["怎么查"]),
        conversation=EchoConversation({"怎么查": reply}),
        turns=TURNS,
        voice=voice,
    )
    events = rig.run(audio(quiet(GREETING_MS), tone(500), quiet(1000)), scheduler, tail_ms=15_000)
    assert [handoff.reason for handoff in rig.desk.asked] == ["stalled"]
    assert longest_silence_ms(rig, of(events, facts.CallEnded)[0].at_ms) < 2 * WATCHDOG_MS + 500


@pytest.mark.parametrize("voice", ["您好"], indirect=True)
def test_a_voice_that_hangs_in_the_greeting_ends_at_a_human(
    voice: HangingVoice, scheduler: InferenceScheduler
) -> None:
    rig = Rig(ScriptedRecognizer([""]), turns=TURNS, voice=voice)
    events = rig.run(audio(quiet(500)), scheduler, tail_ms=15_000)
    assert [handoff.reason for handoff in rig.desk.asked] == ["stalled"]
    assert longest_silence_ms(rig, of(events, facts.CallEnded)[0].at_ms) < 2 * WATCHDOG_MS + 500


@pytest.mark.parametrize("voice", ["没有接通"], indirect=True)
def test_a_voice_that_hangs_after_a_failed_hand_off_rings_again(
    voice: HangingVoice, scheduler: InferenceScheduler
) -> None:
    rig = Rig(
        ScriptedRecognizer(["转人工"]),
        conversation=EchoConversation({"转人工": RuntimeError("broken")}),
        turns=TURNS,
        voice=voice,
    )
    rig.desk.outcome = "busy"
    rig.run(audio(quiet(GREETING_MS), tone(500), quiet(1000)), scheduler, tail_ms=8_000)
    assert [handoff.reason for handoff in rig.desk.asked][:2] == ["error", "stalled"]


def test_a_word_at_the_end_of_the_notice_does_not_cut_what_is_said_of_a_failed_hand_off(
    scheduler: InferenceScheduler,
) -> None:
    """Who says 好的 to being put through said it before the seats rang."""
    notice = Say("我请工程师接听。", SayKind.HANDOFF)
    rig = Rig(
        ScriptedRecognizer(["转人工", "好的"]),
        conversation=EchoConversation({"转人工": (notice, Handoff("asked"))}),
        content=ContentBargeIn(),
    )
    rig.desk.outcome = "busy"
    caller = audio(quiet(GREETING_MS), tone(500), quiet(1000), tone(350), quiet(3000))
    events = rig.run(caller, scheduler)
    assert [turn.text for turn in of(events, facts.CallerSpoke)] == ["转人工"]
    assert not of(events, facts.BotInterrupted)
    assert of(events, facts.BotSpoke)[-1].text == "没有接通请继续说"
