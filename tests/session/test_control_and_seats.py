"""A seat whose own phone a supervisor rings is occupied meanwhile, and free once it has left."""

from __future__ import annotations

import asyncio

from telephony import TransferOutcome
from tests.session.control_rig import (
    BOSS_HZ,
    BOSS_URI,
    SEAT_HZ,
    SEAT_URI,
    Rig,
    bridged_rig,
    caller,
    phone,
    until,
)
from voicebot.handoff.roster import SeatState
from voicebot.session.control import CallControl, Stage, Why
from voicebot.turns.scheduler import InferenceScheduler

OTHER_URI = "sip:2002@seat"
TWO = ("二线01", "二线02")
WRAP_UP = {"wrap_up_s": 600}


def test_a_joined_seat_is_occupied_until_it_hangs_up(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        joining = asyncio.create_task(control.join(OTHER_URI, "班长"))
        await asyncio.sleep(1)
        assert rig.seat_states() == ["talking", "ringing"]
        assert (await joining).ok
        assert rig.seat_states() == ["talking", "talking"]
        assert rig.roster.seat("二线02").call_id == control.call_id
        await asyncio.sleep(4)
        assert rig.seat_states() == ["talking", "wrap_up"]

    seat, other = phone(SEAT_HZ, tail_ms=12_000), phone(BOSS_HZ, tail_ms=3000)
    rig = bridged_rig(other, seat=seat, seats=TWO, handoff=WRAP_UP, ring_s=2.0)
    rig.run(caller(), scheduler, act)
    assert rig.seat_states() == ["wrap_up", "wrap_up"]


def test_who_takes_over_is_occupied_until_the_end_of_the_call(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.take_over(SEAT_URI, "班长")).ok
        await until(control, Stage.BRIDGED)
        assert rig.seat_states() == ["talking"]

    rig = Rig([phone(SEAT_HZ)], handoff=WRAP_UP)
    rig.run(b"", scheduler, act, tail_ms=6000)
    assert rig.seat_states() == ["wrap_up"]


def test_a_seat_that_is_in_a_call_is_not_rung(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        rig.roster.rings("二线02", "another call")
        for action in (control.take_over(OTHER_URI, "班长"), control.take_over(OTHER_URI, "班长")):
            acted = await action
            assert (acted.why, acted.text[:9]) == (Why.SEAT_BUSY, "this seat")
            rig.roster.talks("二线02", "another call")
        assert rig.endpoint.dialled == []

    rig = Rig(seats=TWO)
    rig.run(b"", scheduler, act, tail_ms=1500)
    assert rig.roster.seat("二线02").call_id == "another call"


def test_a_seat_that_does_not_answer_is_what_it_was(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        for before in (SeatState.READY, SeatState.AWAY):
            rig.roster.set_state("二线01", before, "二线01")
            assert (await control.take_over(SEAT_URI, "班长")).why == "no_answer"
            assert rig.roster.seat("二线01").state is before

    Rig([TransferOutcome.NO_ANSWER] * 2).run(b"", scheduler, act, tail_ms=1500)


def test_a_call_that_ends_while_a_seat_rings_frees_it(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.take_over(SEAT_URI, "班长")).why == Why.ENDED

    rig = Rig([TransferOutcome.NO_ANSWER], ring_s=10.0)
    rig.run(b"", scheduler, act, tail_ms=1500)
    assert rig.seat_states() == ["ready"]


def test_a_seat_that_leaves_a_joined_talk_is_free_while_the_talk_goes_on(
    scheduler: InferenceScheduler,
) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await until(control, Stage.BRIDGED)
        assert (await control.join(BOSS_URI, "班长")).ok
        assert rig.seat_states() == ["talking"]
        await asyncio.sleep(4)
        assert control.stage is Stage.BRIDGED, "caller and supervisor go on"
        assert rig.seat_states() == ["wrap_up"]
        rig.roster.talks("二线01", "its next call")

    rig = bridged_rig(phone(BOSS_HZ), seat=phone(SEAT_HZ, tail_ms=3000), handoff=WRAP_UP)
    rig.run(caller(), scheduler, act, tail_ms=12_000)
    assert rig.roster.seat("二线01").call_id == "its next call", "not ended with this talk"
    assert rig.seat_states() == ["talking"]
