"""A supervisor joins caller and seat, or whispers to the seat: what each leg hears."""

from __future__ import annotations

import asyncio
from typing import Any

from telephony import TransferOutcome
from telephony.file_line import FileCall
from tests.session.control_rig import (
    BOSS_HZ,
    BOSS_URI,
    BOT_HZ,
    CALLER_HZ,
    SEAT_HZ,
    Rig,
    acted,
    bridged_rig,
    caller,
    hums,
    phone,
    problem,
    tape_of,
    until,
)
from tests.session.fakes import ToneVoice, tone
from tests.session.rig import GREETING_MS, of
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Stage, Why
from voicebot.turns.scheduler import InferenceScheduler


def test_three_hear_each_other_and_the_third_may_leave(scheduler: InferenceScheduler) -> None:
    seat = phone(SEAT_HZ, says_after_ms=4000, says_ms=1000, tail_ms=9000)
    boss = phone(BOSS_HZ, says_after_ms=1000, says_ms=1000, tail_ms=6000)

    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.join(BOSS_URI, "班长")).why == Why.NOT_BRIDGED
        await until(control, Stage.BRIDGED)
        assert (await control.join(BOSS_URI, "班长")).ok
        assert (await control.join(BOSS_URI, "班长")).why in ("unreachable", Why.TOO_MANY)

    rig = bridged_rig(boss, seat=seat)
    events = rig.run(caller(tone(1000, hz=CALLER_HZ)), scheduler, act)
    assert hums(rig.tape[:, 1], SEAT_HZ)
    assert hums(rig.tape[:, 1], BOSS_HZ)
    to_seat, to_boss = tape_of(seat)[:, 1], tape_of(boss)[:, 1]
    assert hums(to_seat, BOSS_HZ)
    assert not hums(to_seat, SEAT_HZ), "nobody hears themselves"
    assert hums(to_boss, SEAT_HZ)
    assert not hums(to_boss, BOSS_HZ)
    assert [e.ended_by for e in of(events, facts.BridgeEnded)] == ["seat"]
    assert acted(events)[:2] == [("join", False, "not_bridged"), ("join", True, "")]


def test_the_third_leg_is_hung_up_with_the_talk(scheduler: InferenceScheduler) -> None:
    seat, boss = phone(SEAT_HZ), phone(BOSS_HZ)

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        assert (await control.join(BOSS_URI, "班长")).ok

    bridged_rig(boss, seat=seat).run(caller(), scheduler, act, tail_ms=3000)
    assert boss.ended is not None


def test_a_talk_that_ends_while_the_supervisor_rings(scheduler: InferenceScheduler) -> None:
    seat = phone(SEAT_HZ, tail_ms=1500)

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        assert (await control.join(BOSS_URI, "班长")).why == Why.ENDED

    rig = bridged_rig(TransferOutcome.BUSY, seat=seat, ring_s=3.0)
    events = rig.run(caller(), scheduler, act)
    assert acted(events) == [("join", False, "ended")]


# --- whisper -------------------------------------------------------------------------------------
def test_only_the_seat_hears_a_whisper(scheduler: InferenceScheduler) -> None:
    seat, boss = phone(SEAT_HZ, tail_ms=9000), phone(BOSS_HZ, tail_ms=8000)

    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.whisper("先问序列号", "班长")).why == Why.NOT_BRIDGED
        await until(control, Stage.BRIDGED)
        assert (await control.whisper("！", "班长")).why == Why.BAD_TEXT
        assert (await control.join(BOSS_URI, "班长")).ok
        assert (await control.whisper("先问序列号", "班长")).ok

    rig = bridged_rig(boss, seat=seat)
    rig.run(caller(), scheduler, act, tail_ms=9000)
    bridged_ms = next(e.at_ms for e in rig.seen if isinstance(e, facts.HandoffFinished))
    assert len(hums(tape_of(seat)[:, 1], BOT_HZ)) >= 3
    assert not hums(tape_of(boss)[:, 1], BOT_HZ)
    assert not [at for at in hums(rig.tape[:, 1], BOT_HZ) if at > bridged_ms + 200]


def test_the_seat_is_told_the_problem_before_it_is_joined(scheduler: InferenceScheduler) -> None:
    seat = phone(SEAT_HZ, says_ms=12_000, tail_ms=0)
    rig = bridged_rig(seat=seat, handoff={"whisper": True}, package=problem("硬盘不亮"))

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)

    rig.run(caller(), scheduler, act)
    spoken = hums(tape_of(seat)[:, 1], BOT_HZ)
    assert 5 <= len(spoken) <= 9, "客户问题：硬盘不亮 hums for 0.7 s"
    heard = [at for at in hums(rig.tape[:, 1], SEAT_HZ)]
    answered_ms = next(e.at_ms for e in rig.seen if isinstance(e, facts.SeatRang))
    assert heard
    assert heard[0] >= answered_ms - 200, "not while the seat was told"
    asked_ms = GREETING_MS + 800 + 500
    company = hums(rig.tape[:, 1], 450)
    assert [at for at in company if asked_ms <= at <= answered_ms], "the caller heard it ring"
    assert not [at for at in hums(rig.tape[:, 1], BOT_HZ) if at > asked_ms + 300]


def test_a_whisper_without_end_is_cut_and_the_seat_is_joined(
    scheduler: InferenceScheduler,
) -> None:
    seat = phone(SEAT_HZ, tail_ms=9000)
    rig = bridged_rig(
        seat=seat, handoff={"whisper": True, "whisper_limit_s": 2}, package=problem("很长" * 40)
    )

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)

    rig.run(caller(), scheduler, act)
    spoken = hums(tape_of(seat)[:, 1], BOT_HZ)
    assert max(spoken) <= 2300
    assert of(rig.seen, facts.HandoffFinished)[0].outcome == "accepted"


def test_a_key_of_the_seat_ends_the_whisper_and_stays_with_it(
    scheduler: InferenceScheduler,
) -> None:
    seat = FileCall(b"", tail_ms=9000, digits=((1000, "1"), (5000, "2")))
    rig = bridged_rig(seat=seat, handoff={"whisper": True}, package=problem("很长" * 40))
    crossed: list[str] = []

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        while control.stage is Stage.BRIDGED:
            crossed[:] = control._call.sent_digits  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)

    rig.run(caller(), scheduler, act)
    assert max(hums(tape_of(seat)[:, 1], BOT_HZ)) <= 1300
    assert crossed == ["2"], "the first one was not meant for the caller"


def test_a_seat_that_hangs_up_on_the_whisper_has_declined_and_the_next_is_rung(
    scheduler: InferenceScheduler,
) -> None:
    gone, stays = phone(SEAT_HZ, tail_ms=500), phone(BOSS_HZ, says_ms=4000, tail_ms=0)
    rig = bridged_rig(stays, seat=gone, seats=("二线01", "二线02"), handoff={"whisper": True})

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)

    rig.run(caller(), scheduler, act)
    assert [(e.seat, e.outcome) for e in of(rig.seen, facts.SeatRang)] == [
        ("二线01", "declined"),
        ("二线02", "accepted"),
    ]
    assert hums(rig.tape[:, 1], BOSS_HZ)


def test_a_voice_that_fails_costs_the_whisper_and_not_the_seat(
    scheduler: InferenceScheduler,
) -> None:
    class Fails(ToneVoice):
        def render(self, text: str, *, timeout_s: float | None = None) -> Any:
            if "客户问题" in text:
                raise RuntimeError("no voice")
            return super().render(text, timeout_s=timeout_s)

    seat = phone(SEAT_HZ, says_ms=4000, tail_ms=0)
    rig = bridged_rig(seat=seat, handoff={"whisper": True}, voice=Fails())

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)

    rig.run(caller(), scheduler, act)
    assert hums(rig.tape[:, 1], SEAT_HZ)


def test_a_whisper_to_a_seat_that_has_left_is_told(scheduler: InferenceScheduler) -> None:
    """The supervisor who joined has the caller alone."""
    seat, boss = phone(SEAT_HZ, tail_ms=1500), phone(BOSS_HZ, tail_ms=5000)

    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        assert (await control.join(BOSS_URI, "班长")).ok
        await seat.wait_ended()
        await asyncio.sleep(0.2)
        assert control.stage is Stage.BRIDGED
        assert (await control.whisper("先问序列号", "班长")).why == Why.SEAT_GONE

    bridged_rig(boss, seat=seat).run(caller(), scheduler, act)
