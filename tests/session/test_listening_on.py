"""While a human has the call the bot listens on: to both, behind all that callers wait for."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import numpy as np
import pytest

from asr_models import Recognition
from asr_models.domain import Domain
from tests.session.control_rig import (
    BOSS_URI,
    CALLER_HZ,
    SEAT_HZ,
    Rig,
    bridged_rig,
    caller,
    phone,
    until,
)
from tests.session.fakes import LoudnessVad, ToneVoice, quiet, tone
from tests.session.rig import of
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Stage
from voicebot.session.listening_on import MOST_WAITING, BackgroundEars, ListeningOn
from voicebot.settings import TurnSettings
from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.turn_taker import TurnTaker

LISTENS: dict[str, Any] = {"listen_on": True}
NOTICE = "通话内容将由助手辅助记录"


async def bridged(rig: Rig, control: CallControl) -> None:
    await until(control, Stage.BRIDGED)


def talk(**how: Any) -> Rig:
    """The seat speaks for 2 s and is answered for 1 s."""
    seat = phone(SEAT_HZ, says_after_ms=1500, says_ms=2000, tail_ms=6000)
    return bridged_rig(seat=seat, **how)


ANSWER = (quiet(3500), tone(1000, hz=CALLER_HZ))


def heard(events: list[Any]) -> list[tuple[str, str]]:
    """Who said what in the talk."""
    since = next(e.at_ms for e in events if isinstance(e, facts.HandoffFinished))
    return [
        (getattr(e, "seat", ""), e.text)
        for e in events
        if isinstance(e, facts.SeatSpoke | facts.CallerSpoke) and e.at_ms > since
    ]


def test_both_speakers_turns_are_told_with_who_and_when(scheduler: InferenceScheduler) -> None:
    rig = talk(handoff=LISTENS)
    events = rig.run(caller(*ANSWER), scheduler, bridged)
    assert heard(events) == [("二线01", "高2秒"), ("", "低1秒")]
    (spoke,) = of(events, facts.SeatSpoke)
    assert 1900 <= spoke.speech_end_ms - spoke.speech_start_ms <= 2200
    answer = of(events, facts.CallerSpoke)[-1]
    assert answer.speech_start_ms > spoke.speech_end_ms


def test_without_the_setting_nothing_is_listened_to(scheduler: InferenceScheduler) -> None:
    assert heard(talk().run(caller(*ANSWER), scheduler, bridged)) == []


def test_the_notice_is_said_once_before_a_seat_rings(scheduler: InferenceScheduler) -> None:
    rig = talk(handoff={**LISTENS, "listen_on_notice": NOTICE})
    events = rig.run(caller(quiet(1000), *ANSWER), scheduler, bridged)
    notice = [e for e in of(events, facts.BotSpoke) if e.text == NOTICE]
    assert [e.kind for e in notice] == ["notice"]
    assert notice[0].at_ms < of(events, facts.SeatRang)[0].at_ms
    assert heard(events)


def test_a_notice_that_fails_means_no_listening_and_the_seat_all_the_same(
    scheduler: InferenceScheduler,
) -> None:
    class Fails(ToneVoice):
        def render(self, text: str, *, timeout_s: float | None = None) -> Any:
            if text in NOTICE:
                raise RuntimeError("no voice")
            return super().render(text, timeout_s=timeout_s)

    rig = talk(handoff={**LISTENS, "listen_on_notice": NOTICE}, voice=Fails())
    events = rig.run(caller(quiet(1000), *ANSWER), scheduler, bridged)
    assert of(events, facts.HandoffFinished)[0].outcome == "accepted"
    assert [e.consequence for e in of(events, facts.Trouble)] == ["the bot does not listen on"]
    assert heard(events) == []


def test_who_takes_over_is_listened_to_after_the_notice(scheduler: InferenceScheduler) -> None:
    boss = phone(SEAT_HZ, says_after_ms=3000, says_ms=2000, tail_ms=3000)
    rig = Rig([boss], handoff={**LISTENS, "listen_on_notice": NOTICE})

    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.take_over(BOSS_URI, "李班长")).ok

    events = rig.run(quiet(12_000).tobytes(), scheduler, act)
    assert [e.text for e in of(events, facts.BotSpoke)].count(NOTICE) == 1
    assert heard(events) == [("李班长", "高2秒")]


def test_a_caller_who_wished_no_recording_is_not_listened_to(
    scheduler: InferenceScheduler,
) -> None:
    rig = talk(handoff=LISTENS)

    async def act(rig: Rig, control: CallControl) -> None:
        await asyncio.sleep(0.2)
        assert control._floor is not None
        control._floor.stop_recording()

    assert heard(rig.run(caller(*ANSWER), scheduler, act)) == []


def test_a_wish_told_to_the_seat_ends_it_too(scheduler: InferenceScheduler) -> None:
    class Wishes(BackgroundEars):
        async def read(self, pcm: Any) -> Any:
            understood = await super().read(pcm)
            return type(understood)(understood.recognition, "请不要录音", ())

    rig = talk(handoff=LISTENS, ears=Wishes)
    speech = (quiet(500), tone(800, hz=CALLER_HZ), *ANSWER)
    events = rig.run(caller(*speech), scheduler, bridged)
    assert [e.by for e in of(events, facts.RecordingStopped)] == ["speech"]
    assert heard(events) == [("", "请不要录音")], "and nothing after it"


# --- background ----------------------------------------------------------------------------------
class Blocking:
    """A recognizer that works until it is let go, as a model on a busy core."""

    name = "blocking"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)

    def recognize(self, pcm: Any, sample_rate: int = 8000, *, prompt: str = "") -> Recognition:
        self.begun.release()
        assert self.go.wait(20)
        return Recognition("听到", 0.9)


def ears(recognizer: Any, scheduler: InferenceScheduler) -> BackgroundEars:
    turns = TurnSettings.model_validate({})
    return BackgroundEars(
        recognizer, Domain(()), scheduler, lambda: TurnTaker(turns, LoudnessVad())
    )


def say(listening: ListeningOn, times: int) -> None:
    """So many turns of a second each."""
    sound = np.concatenate([np.concatenate([tone(1000), quiet(800)])] * times).tobytes()
    for at in range(0, len(sound), 320):
        listening.feed("a", sound[at : at + 320])


async def test_a_callers_final_recognition_never_waits_for_what_is_listened_to(
    scheduler: InferenceScheduler,
) -> None:
    recognizer, told = Blocking(), list[Any]()
    listening = ListeningOn(ears(recognizer, scheduler), {}, told.append, lambda: 0)
    other = ListeningOn(ears(recognizer, scheduler), {}, told.append, lambda: 0)
    say(listening, 3)
    say(other, 3)  # two calls that are listened to, one worker at most
    await asyncio.to_thread(recognizer.begun.acquire)
    before_s = time.monotonic()
    for _ in range(5):
        assert await scheduler.run(Priority.FINAL_ASR, lambda: "best", stage="asr") == "best"
    assert time.monotonic() - before_s < 5, "it would have waited for ever"
    assert not recognizer.begun.acquire(blocking=False), "a second one is not begun"
    recognizer.go.set()
    async with asyncio.timeout(20):
        while len(told) < 6:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await listening.close()
    await other.close()


async def test_what_cannot_be_recognized_in_time_is_let_go_and_told(
    scheduler: InferenceScheduler,
) -> None:
    recognizer, told = Blocking(), list[Any]()
    listening = ListeningOn(ears(recognizer, scheduler), {}, told.append, lambda: 0)
    say(listening, 1)
    await asyncio.to_thread(recognizer.begun.acquire)
    say(listening, MOST_WAITING + 3)
    recognizer.go.set()
    async with asyncio.timeout(20):
        while len(told) < MOST_WAITING + 1:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await listening.close()
    assert [e.text for e in of(told, facts.CallerSpoke)] == ["听到"] * (MOST_WAITING + 1)
    (trouble,) = of(told, facts.Trouble)
    assert trouble.what.startswith("3 turns")


@pytest.mark.parametrize("fails", ["taker", "recognizer"])
async def test_a_fault_in_it_never_reaches_the_talk(
    scheduler: InferenceScheduler, fails: str
) -> None:
    class Broken:
        name = "broken"

        def recognize(self, *given: Any, **more: Any) -> Recognition:
            raise RuntimeError("no model")

    made = ears(Broken(), scheduler)
    told: list[Any] = []
    listening = ListeningOn(made, {}, told.append, lambda: 0)
    if fails == "taker":
        listening.feed("a", b"odd")  # no frame
    say(listening, 2)
    await asyncio.sleep(0.1)
    await listening.close()
    assert told == []
