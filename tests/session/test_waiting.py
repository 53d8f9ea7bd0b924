"""A caller who waits for a human: words, music, ringing, and never silence; and the desk's ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from telephony import CallInfo
from telephony.file_line import FileCall
from tests.handoff.desk import ONE, Desk
from tests.session.fakes import ToneVoice
from voicebot.dialog.events import BookCallBack, Handoff
from voicebot.dialog.state import DialogState
from voicebot.errors import VoiceError
from voicebot.handoff import CallFacts, Distributor, OfficeHours, Waits, build_package
from voicebot.pack import Prompts
from voicebot.records.callbacks import Booking
from voicebot.session import events as facts
from voicebot.session.human import HumanDesk
from voicebot.session.mouth import Mouth
from voicebot.session.waiting import WaitingSound
from voicebot.settings import HandoffSettings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual

PROMPTS = Prompts({})
INFO = CallInfo("x", "13800138000", "400")
RINGBACK_OFF_S = 4.0


class MuteVoice(ToneVoice):
    """A voice that is out."""

    def render(self, text: str, *, timeout_s: float | None = None) -> Any:
        raise VoiceError("voice: out")


def longest_silence_s(tape: bytes) -> float:
    """On the bot's channel."""
    bot = np.frombuffer(tape, np.int16).reshape(-1, 2)[:, 1].astype(float)
    frames = bot[: len(bot) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.std(frames, axis=1) > 20)
    edges = np.concatenate([[-1], loud, [len(frames)]])
    return float(np.max(np.diff(edges)) * 0.02)


def heard(
    scheduler: InferenceScheduler, orders: Callable[[WaitingSound], Any], voice: ToneVoice
) -> tuple[bytes, list[Any]]:
    """What a caller hears whose waiting is run by `orders`, and what was told."""
    told: list[Any] = []
    tape = bytearray()

    async def run() -> None:
        call = FileCall(bytes(16 * 120_000), tail_ms=0, info=INFO)
        await call.answer()
        mouth = Mouth(call, Speaker(voice), scheduler)
        sound = WaitingSound(call, mouth, PROMPTS, "1", told.append, lambda: 0)
        await orders(sound)
        await sound.stop()
        await sound.stop()
        await call.hangup()
        await mouth.close()
        tape.extend(call.take_tape())

    run_virtual(run, busy=lambda: scheduler.in_flight > 0)
    return bytes(tape), told


async def _waits_then_rings(sound: WaitingSound) -> None:
    sound.wait(Waits(2, None, 0))
    await asyncio.sleep(30)
    sound.wait(Waits(1, 130.0, 30))
    await asyncio.sleep(20)
    sound.ring()
    await asyncio.sleep(6)


def test_a_waiting_caller_is_told_where_they_stand_and_never_sits_in_silence(
    scheduler: InferenceScheduler,
) -> None:
    tape, told = heard(scheduler, _waits_then_rings, ToneVoice())
    first, second = (each.text for each in told)
    assert "第2位" in first and "请按1" in first and "估计" not in first
    assert "第1位" in second and "三分钟左右" in second and "请按" not in second
    silent_s = longest_silence_s(tape)
    print(f"longest silence of {len(tape) / 32000:.0f} s: {silent_s:.2f} s")
    assert silent_s <= RINGBACK_OFF_S + 0.3


def test_a_voice_that_is_out_leaves_the_music(scheduler: InferenceScheduler) -> None:
    async def orders(sound: WaitingSound) -> None:
        sound.wait(Waits(1, None, 0))
        await asyncio.sleep(25)

    tape, told = heard(scheduler, orders, MuteVoice())
    assert told == []
    assert longest_silence_s(tape) <= 1.5


# --- the desk ------------------------------------------------------------------------------
def desk(**more: Any) -> tuple[HumanDesk, list[Booking], list[facts.SessionEvent]]:
    settings = HandoffSettings.model_validate({"seats": [ONE], **more})
    seats = Desk((ONE,))
    booked: list[Booking] = []
    told: list[facts.SessionEvent] = []

    async def book(booking: Booking) -> bool:
        booked.append(booking)
        return True

    hours = OfficeHours(settings.office_hours)
    made = HumanDesk(
        Distributor(settings, seats.roster, seats.queue, hours),
        "call",
        None,
        lambda handoff, state: build_package(CallFacts("13800138000"), (), {}),
        None,
        told.append,
        lambda call, observer, now_ms: WaitingSound(
            call, Mouth.__new__(Mouth), PROMPTS, "", observer, now_ms
        ),
        book,
    )
    return made, booked, told


def call(caller: str = "13800138000") -> FileCall:
    return FileCall(b"", tail_ms=0, info=CallInfo("x", caller, "400"))


async def test_the_dialog_hears_what_it_may_offer() -> None:
    closed, _, _ = desk(office_hours={"week": {"tue": "09:00-18:00"}})
    ended = closed.ended(call(), "closed")
    assert (ended.call_back, ended.own_number, ended.opens) == (True, True, "明天上午9点")
    assert ended.now == "2026-11-23T12:00:00+08:00"
    assert not closed.ended(call("anonymous"), "closed").own_number
    none, _, _ = desk(call_back=False)
    assert not none.ended(call(), "closed").call_back


async def test_a_call_back_is_booked_on_the_calling_number_or_the_dictated_one() -> None:
    made, booked, told = desk()
    await made.bring_human(call(), Handoff("requested", "存储组"), DialogState(), lambda: 5)
    due = ("2026-11-24T09:00:00+08:00", "2026-11-24T12:00:00+08:00")
    assert await made.book(call(), BookCallBack("", "明天上午", *due), lambda: 7)
    assert await made.book(call(), BookCallBack("13900139001", ""), lambda: 9)
    assert [each.number for each in booked] == ["13800138000", "13900139001"]
    assert (booked[0].reason, booked[0].skill) == ("requested", "存储组")
    assert booked[0].due_from == datetime.fromisoformat(due[0])
    assert booked[1].due_to > booked[1].due_from
    events = [each for each in told if isinstance(each, facts.CallBackBooked)]
    assert [each.number for each in events] == ["138******00", "139******01"]
