"""A seat's telephone rings once its screen tells the story, and a slow screen holds nobody up."""

from __future__ import annotations

import asyncio

from telephony.api import DialResult, TransferOutcome
from tests.handoff.fakes import FakeCall, FakeEndpoint
from voicebot.console.screens import Screens
from voicebot.handoff import (
    CallFacts,
    Distributor,
    OfficeHours,
    Queue,
    Request,
    Roster,
    build_package,
)
from voicebot.settings import HandoffSettings, SeatSettings
from voicebot.turns.virtual_time import run_virtual

SEAT = SeatSettings(name="二线01", uri="sip:1@seat")


def test_a_seat_without_a_page_is_not_waited_for_and_a_slow_one_not_for_long() -> None:
    async def test() -> None:
        screens, loop = Screens(), asyncio.get_running_loop()
        started = loop.time()
        assert not await screens.shown("二线01", "c")
        assert loop.time() == started
        with screens.opened("二线01"):
            assert not await screens.shown("二线01", "c", 0.4)
            assert 0.39 < loop.time() - started < 1
            screens.seen("二线01", "c")
            assert await screens.shown("二线01", "c")
            assert not await screens.shown("二线01", "other", 0.1), "each call by itself"
        assert not await screens.shown("二线01", "c"), "the page was closed"

    run_virtual(test)


def test_the_telephone_rings_after_the_screen_has_told_the_story() -> None:
    async def test() -> None:
        order: list[str] = []
        settings = HandoffSettings(seats=(SEAT,))
        roster = Roster(settings.seats)
        desk = Distributor(settings, roster, Queue(roster), OfficeHours(settings.office_hours))
        accepted = DialResult(TransferOutcome.ACCEPTED, FakeCall("seat"))
        endpoint = FakeEndpoint({SEAT.uri: accepted})

        async def before_ring(seat: str, call_id: str) -> None:
            assert endpoint.rang == []
            await asyncio.sleep(0.2)
            order.append(f"{seat} shows {call_id}")

        desk.before_ring = before_ring
        package = build_package(CallFacts("x", "requested"), (), {}, summary_id="S1")
        end = await desk.hand_off(FakeCall("caller"), endpoint, Request("c1"), package)
        assert end.outcome is TransferOutcome.ACCEPTED
        assert order == ["二线01 shows c1"]
        assert [uri for uri, _ in endpoint.rang] == [SEAT.uri]

    run_virtual(test)
