"""Speech over the bot in whole calls: it gives way at once, then stops, goes on or comes back."""

from __future__ import annotations

import threading
import time
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
from voicebot.dialog.events import HangUp, Say, SayKind
from voicebot.session import events as facts
from voicebot.settings import TurnSettings
from voicebot.speech.api import Chunk
from voicebot.speech.speaker import Speaker
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler

ASKS = audio(quiet(GREETING_MS), tone(500), quiet(1100))
LONG = "先看机器前面的电源灯和硬盘灯还有网口的灯亮不亮。再看后面的风扇转不转。"
REPLY = (Say(LONG, SayKind.ANSWER),)


def loudness(pcm: Any) -> Any:
    """RMS of each 20 ms."""
    frames = pcm[: len(pcm) // 160 * 160].reshape(-1, 160).astype(float)
    return np.sqrt((frames**2).mean(axis=1))


def rig_for(
    texts: list[str], *, reply: tuple[Any, ...] = REPLY, content: bool = True, duck_db: float = 20
) -> Rig:
    return Rig(
        ScriptedRecognizer(texts),
        conversation=EchoConversation({texts[0]: reply}),
        content=ContentBargeIn() if content else None,
        turns=TurnSettings.model_validate({"no_input_ms": 60_000, "duck_db": duck_db}),
    )


def said(events: list[Any]) -> list[str]:
    return [event.text for event in of(events, facts.BotSpoke)]


def over_the_reply(rig: Rig, sound_ms: int, scheduler: InferenceScheduler) -> tuple[Any, int]:
    """A call in which the caller speaks for `sound_ms` over the reply; events, and when."""
    events = rig.run(ASKS + audio(tone(sound_ms)), scheduler, tail_ms=9000)
    return events, len(ASKS) // 16


def test_a_listener_signal_ducks_the_bot_which_says_its_whole_sentence(
    scheduler: InferenceScheduler,
) -> None:
    rig = rig_for(["怎么查", "嗯"])
    events, at_ms = over_the_reply(rig, 320, scheduler)
    assert not of(events, facts.BotInterrupted)
    assert [event.text for event in of(events, facts.ListenerSignal)] == ["嗯"]
    assert said(events)[1:] == [LONG]
    bot = loudness(rig.tape[:, 1])
    full = np.median(bot[bot > 100])
    ducked = np.flatnonzero((bot > 10) & (bot < 0.2 * full)) * 20
    assert at_ms < ducked[0] <= at_ms + 250, "the caller hears the bot give way"
    assert ducked[-1] < at_ms + 2000, "and come back"
    assert bot[bot > 10].min() == pytest.approx(full / 10, rel=0.2), "20 dB softer"
    assert np.count_nonzero(bot > 10) * 20 >= 80 * len(LONG.replace("。", "")), "nothing is lost"


def test_a_bot_that_pauses_for_a_listener_signal_goes_on_where_it_was(
    scheduler: InferenceScheduler,
) -> None:
    rig = rig_for(["怎么查", "嗯"], duck_db=60)
    events, at_ms = over_the_reply(rig, 320, scheduler)
    assert not of(events, facts.BotInterrupted)
    bot = loudness(rig.tape[:, 1])
    silent = np.flatnonzero(bot < 10) * 20
    assert at_ms < silent[silent > at_ms][0] <= at_ms + 250, "silent, not only softer"
    spoken_ms = np.count_nonzero(bot[at_ms // 20 - 100 :] > 10) * 20
    again = rig_for(["怎么查"], duck_db=60)
    again.run(ASKS, scheduler, tail_ms=9000)
    undisturbed = loudness(again.tape[:, 1])
    undisturbed_ms = np.count_nonzero(undisturbed[at_ms // 20 - 100 :] > 10) * 20
    assert abs(spoken_ms - undisturbed_ms) <= 60, "and not a syllable is lost"


def test_an_interruption_stops_the_bot_and_is_answered(scheduler: InferenceScheduler) -> None:
    rig = rig_for(["怎么查", "等一下我想转人工"])
    events, at_ms = over_the_reply(rig, 700, scheduler)
    (cut,) = of(events, facts.BotInterrupted)
    assert cut.unheard and LONG.endswith(cut.unheard) and cut.heard + cut.unheard == LONG
    assert said(events)[-1] == "好的等一下我想转人工"
    assert of(events, facts.CallerSpoke)[-1].barged_in
    bot = loudness(rig.tape[:, 1])
    during = bot[at_ms // 20 + 13 : at_ms // 20 + 35]
    assert during.max() < 0.2 * bot.max(), "from 250 ms on the caller is not talked over"


def test_a_cough_that_stopped_the_bot_lets_it_go_on_from_the_clause_it_was_in(
    scheduler: InferenceScheduler,
) -> None:
    rig = rig_for(["怎么查", ""], content=False)
    events, _ = over_the_reply(rig, 400, scheduler)
    (cut,) = of(events, facts.BotInterrupted)
    assert of(events, facts.BotResumed)
    assert said(events)[1:] == [LONG, cut.unheard]


def test_a_listener_signal_that_stopped_the_bot_lets_it_go_on(
    scheduler: InferenceScheduler,
) -> None:
    rig = rig_for(["怎么查", "对对"], content=False)
    events, _ = over_the_reply(rig, 400, scheduler)
    (cut,) = of(events, facts.BotInterrupted)
    assert said(events)[1:] == [LONG, cut.unheard]


def test_after_a_false_interruption_all_that_was_left_is_done(
    scheduler: InferenceScheduler,
) -> None:
    question = "还有别的问题吗？"
    left = (Say(LONG, SayKind.ANSWER), Say(question, SayKind.ASK), HangUp())
    rig = rig_for(["怎么查", ""], reply=left, content=False)
    events, _ = over_the_reply(rig, 400, scheduler)
    (cut,) = of(events, facts.BotInterrupted)
    assert said(events)[1:] == [LONG, cut.unheard, question]
    assert of(events, facts.CallEnded)[0].outcome == "bot_ended"


class WordVoice(ToneVoice):
    """Tells every third character that it has said it."""

    stream_rate = RATE

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        for at in range(0, len(text), 3):
            yield Chunk(tone(80 * len(text[at : at + 3]), hz=500), text[at : at + 3])


def test_where_the_voice_tells_words_the_bot_goes_on_from_the_next_one(
    scheduler: InferenceScheduler,
) -> None:
    rig = rig_for(["怎么查", ""], content=False)
    rig.voice = WordVoice()
    events = rig.run(ASKS + audio(quiet(500), tone(400)), scheduler, tail_ms=9000)
    (cut,) = of(events, facts.BotInterrupted)
    assert cut.heard + cut.unheard == LONG
    assert said(events)[1:] == [LONG, cut.unheard]
    first = Speaker(rig.voice).clauses(LONG)[0].text
    assert len(cut.heard) > len(first), "in mid-clause"
    reply = of(events, facts.BotSpoke)[1]
    bot = loudness(rig.tape[:, 1])[reply.at_ms // 20 : cut.at_ms // 20 + 5]
    sounded_ms = 20 * np.count_nonzero(bot > 10)
    print(f"{sounded_ms} ms on the tape, heard {cut.heard}")
    assert 0 <= sounded_ms - 80 * len(cut.heard) + 60 < 80 * 3 + 120


class SlowVoice(ToneVoice):
    """Takes 1.5 s for a text with 还有."""

    def render(self, text: str, *, timeout_s: float | None = None) -> Any:
        if "还有" in text:
            time.sleep(1.5)
        return super().render(text, timeout_s=timeout_s)


def test_a_cough_between_two_utterances_of_a_reply_does_not_swallow_the_second(
    scheduler: InferenceScheduler,
) -> None:
    first, question = "请先看灯。", "还有别的问题吗？"
    reply = (Say(first, SayKind.ANSWER), Say(question, SayKind.ASK))
    rig = rig_for(["怎么查", ""], reply=reply)
    rig.voice = SlowVoice()
    gap_ms = 600 + 80 * len(first) + 500
    events = rig.run(
        audio(quiet(GREETING_MS), tone(500), quiet(gap_ms), tone(200)), scheduler, tail_ms=6000
    )
    assert len(of(events, facts.CallerSpoke)) == 2
    assert said(events)[1:] == [first, question]
