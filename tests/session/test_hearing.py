"""The ears of whole calls: streams that hold the turn's samples, and texts that come in time."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np

from asr_models import Partial, Recognition
from asr_models.domain import Domain
from tests.session.fakes import ScriptedRecognizer, StreamingScript, audio, quiet, tone
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.session import events as facts
from voicebot.session.hearing import Hearing, Utterance
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler, Priority

SENTENCE = "硬盘的灯不亮了怎么办呢"
ASKS = audio(quiet(GREETING_MS), tone(2500), quiet(3000))


def wait_ms(events: list[Any]) -> int:
    """From the caller's last sound to the answer's first."""
    return int(of(events, facts.BotSpoke)[1].since_caller_ms)


def test_the_dialog_gets_the_best_text_and_the_turn_ends_on_the_quick_one(
    scheduler: InferenceScheduler,
) -> None:
    ears = StreamingScript(SENTENCE, "硬盘灯不亮了怎么办呢", quick_s=0.05, final_s=0.1)
    rig = Rig(ears, endpoint=AdaptiveEndpoint())
    events = rig.run(ASKS, scheduler)
    assert [turn.text for turn in of(events, facts.CallerSpoke)] == [ears.best]
    assert [kind for kind, _ in ears.readings] == ["partial", "final"]
    assert wait_ms(events) < 600, "a whole sentence needs no more than 280 ms of silence"


def test_a_turn_does_not_wait_for_the_best_text_to_end(scheduler: InferenceScheduler) -> None:
    """Who speaks again 500 ms later begins another turn, as the quick text has ended the first."""
    caller = audio(quiet(GREETING_MS), tone(2500), quiet(500), tone(700), quiet(2000))

    def turns(quick_s: float, final_s: float) -> int:
        ears = StreamingScript(SENTENCE, SENTENCE, quick_s=quick_s, final_s=final_s)
        Rig(ears, endpoint=AdaptiveEndpoint()).run(caller, scheduler)
        return len(ears.streams)

    assert turns(0.0, 0.7) == 2
    assert turns(0.7, 0.0) == 1


def test_what_was_recognized_in_the_silence_is_the_turn(scheduler: InferenceScheduler) -> None:
    """A turn of two stretches: each reading is of a beginning of one stream, the last of all."""
    ears = StreamingScript(SENTENCE, SENTENCE)
    rig = Rig(ears)
    rig.run(audio(quiet(GREETING_MS), tone(700), quiet(300), tone(900), quiet(2000)), scheduler)
    assert len(ears.streams) == 1
    untils = [until for kind, until in ears.readings if kind == "final" and until]
    assert len(untils) == 2
    first, second = (until / 8 for until in untils)
    assert 700 + 96 <= first <= 700 + 600 + 120, "speech, pre-roll and the silence so far"
    assert abs(second - first - (300 + 900)) <= 60


def test_a_partial_comes_now_and_then_while_the_caller_speaks(
    scheduler: InferenceScheduler,
) -> None:
    ears = StreamingScript(SENTENCE, SENTENCE)
    Rig(ears, partial_ms=500).run(ASKS, scheduler)
    early = [until for kind, until in ears.readings if kind == "partial" and until is None]
    assert 3 <= len(early) <= 6
    assert ears.readings[-1][0] == "final"


def test_speech_over_the_bot_is_heard_from_its_onset(scheduler: InferenceScheduler) -> None:
    ears = StreamingScript("转人工", "转人工")
    rig = Rig(ears, content=ContentBargeIn())
    events = rig.run(audio(quiet(700), tone(500), quiet(3000)), scheduler)
    assert of(events, facts.BotInterrupted)
    until = ears.readings[0][1]
    assert until is not None and until / 8 >= 500 + 96
    assert of(events, facts.CallerSpoke)[0].barged_in


def test_a_recognizer_that_does_not_stream_decodes_each_stretch_once(
    scheduler: InferenceScheduler,
) -> None:
    ears = ScriptedRecognizer([SENTENCE])
    Rig(ears, partial_ms=500, endpoint=AdaptiveEndpoint()).run(ASKS, scheduler)
    assert len(ears.heard_ms) == 1


class StuckStream:
    """A stream whose readings take until `go` is set."""

    samples = 0

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def accept(self, pcm: Any) -> None:
        pass

    def partial(self, until: int | None = None) -> Partial:
        self.begun.set()
        self.go.wait(20)
        return Partial(f"{until}", "", 0.9, 0)

    def final(self, until: int | None = None) -> Recognition:
        raise NotImplementedError


def test_a_reading_that_waits_for_an_abandoned_one_holds_no_worker(
    scheduler: InferenceScheduler,
) -> None:
    """Or one caller who goes on at the wrong moment makes all other calls wait."""
    stream = StuckStream()

    async def talk() -> str:
        utterance = Utterance(stream, Domain(()), scheduler)
        abandoned = asyncio.create_task(utterance.quick(1))
        assert await asyncio.to_thread(stream.begun.wait, 5) and utterance.computing
        abandoned.cancel()
        wanted = asyncio.create_task(utterance.quick(2))
        await asyncio.sleep(0)
        try:
            others = scheduler.run(Priority.FINAL_ASR, lambda: "another call's")
            assert await asyncio.wait_for(others, 20) == "another call's"
        finally:
            stream.go.set()
        return (await wanted).text

    assert asyncio.run(talk()) == "2"


def test_an_utterance_is_of_figures_where_they_were_asked_for_when_it_began(
    scheduler: InferenceScheduler,
) -> None:
    script = StreamingScript("", "")
    hearing = Hearing(script, Domain(()), scheduler)
    frame = np.zeros(160, np.int16)
    for figures in (True, False):
        hearing.follow(frame.tobytes(), lambda: frame, figures=figures)
        hearing.follow(frame.tobytes(), lambda: frame, figures=not figures)
        hearing.end()
    assert [(one.figures, one.samples) for one in script.streams] == [(True, 320), (False, 320)]
