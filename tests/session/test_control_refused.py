"""Whatever a supervisor asks for in vain has a typed end, and the call goes on as it was."""

from __future__ import annotations

import asyncio

import pytest

from telephony import TransferOutcome
from tests.session.control_rig import (
    BOSS_HZ,
    BOSS_URI,
    CALL_ID,
    SEAT_URI,
    Rig,
    acted,
    phone,
    until,
)
from tests.session.fakes import audio, quiet
from tests.session.rig import of
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Controls, Stage, Why
from voicebot.turns.scheduler import InferenceScheduler


@pytest.mark.parametrize(
    "uri",
    ["", "sip:premium@0900", "tel:110", "sip:3001@boss\r\nX-Evil: 1", "SIP:3001@BOSS", "../etc"],
)
def test_only_phones_of_the_settings_are_rung(scheduler: InferenceScheduler, uri: str) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.take_over(uri, "班长")).why == Why.URI_REFUSED
        assert rig.endpoint.dialled == []

    events = Rig().run(b"", scheduler, act, tail_ms=1500)
    (told,) = of(events, facts.SupervisorActed)
    assert "\n" not in told.text


def test_a_seats_phone_may_be_rung_too(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        assert (await control.take_over(SEAT_URI, "二线01")).why == "busy"

    Rig([TransferOutcome.BUSY]).run(b"", scheduler, act, tail_ms=1500)


def test_an_unknown_call_and_one_that_has_ended(scheduler: InferenceScheduler) -> None:
    assert Controls().get("C404") is None
    kept: list[CallControl] = []

    async def act(rig: Rig, control: CallControl) -> None:
        kept.append(control)
        assert rig.controls.get("../" + CALL_ID) is None
        while rig.controls.get(CALL_ID) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        assert control.stage is Stage.ENDED
        for outcome in (
            await control.say("请您稍等", "班长"),
            await control.hand_over(None, "班长"),
            await control.join(BOSS_URI, "班长"),
            await control.take_over(BOSS_URI, "班长"),
            await control.whisper("先问序列号", "班长"),
        ):
            assert (outcome.ok, outcome.why) == (False, Why.ENDED)
            assert outcome.text
        assert [frame async for frame in control.listen()] == []

    events = Rig().run(b"", scheduler, act, tail_ms=1000)
    assert isinstance(events[-1], facts.CallEnded), "an ended call is told of no more"


def test_who_acts_is_told_in_one_short_line(scheduler: InferenceScheduler) -> None:
    async def act(rig: Rig, control: CallControl) -> None:
        await control.hand_over("没有", "班长\n\u202e<b>" + "长" * 99)

    (told,) = of(Rig().run(b"", scheduler, act, tail_ms=1000), facts.SupervisorActed)
    assert told.by.startswith("班长 <b>")
    assert len(told.by) == 64


def test_an_action_goes_on_when_who_asked_for_it_is_gone(scheduler: InferenceScheduler) -> None:
    """A browser tab is closed while the phone rings."""
    boss = phone(BOSS_HZ, tail_ms=2000)

    async def act(rig: Rig, control: CallControl) -> None:
        asking = asyncio.create_task(control.take_over(BOSS_URI, "班长"))
        await asyncio.sleep(0.5)
        asking.cancel()
        await until(control, Stage.BRIDGED)

    events = Rig([boss], ring_s=2.0).run(audio(quiet(9000)), scheduler, act)
    assert acted(events) == [("take_over", True, "")]
