"""Minutes of waiting in virtual time: turns, announcements, overflow, and each end's type."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from telephony.api import DialResult, TransferOutcome
from tests.handoff.desk import MONDAY_NOON, ONE, THREE, TWO
from tests.handoff.fakes import Answer, FakeCall, FakeEndpoint
from voicebot.handoff import (
    CallFacts,
    Distributor,
    HandoffEnd,
    HandoffEvent,
    NobodyThere,
    OfficeHours,
    Overflowed,
    Queue,
    Request,
    Ringing,
    Roster,
    SeatState,
    SummaryPackage,
    Waits,
    Want,
    build_package,
)
from voicebot.settings import HandoffSettings, SeatSettings
from voicebot.turns.virtual_time import run_virtual

Test = Callable[["Hotline"], Coroutine[Any, Any, None]]
BUSY = DialResult(TransferOutcome.BUSY, sip_code=486)
OUTSIDE = "sip:0108888@trunk"


def accepts() -> DialResult:
    return DialResult(TransferOutcome.ACCEPTED, FakeCall("seat"))


class Hotline:
    """A desk in virtual time; `events` come with the second at which they were told."""

    def __init__(self, settings: HandoffSettings, answers: Mapping[str, Answer | None]) -> None:
        loop = asyncio.get_running_loop()
        self._began_s = loop.time()
        self.roster = Roster(
            settings.seats,
            wrap_up_s=settings.wrap_up_s,
            start_away=settings.start_away,
            clock=lambda: MONDAY_NOON + timedelta(seconds=self.now_s()),
        )
        self.queue = Queue(self.roster)
        hours = OfficeHours(settings.office_hours)
        self.desk = Distributor(settings, self.roster, self.queue, hours)
        self.endpoint = FakeEndpoint(answers)
        self.events: list[tuple[int, HandoffEvent]] = []

    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    def begin(
        self,
        call_id: str = "c1",
        *,
        want: Want | None = None,
        reason: str = "requested",
        caller: FakeCall | None = None,
        call_back: asyncio.Event | None = None,
        on_event: Callable[[HandoffEvent], None] | None = None,
    ) -> asyncio.Task[HandoffEnd]:
        def note(event: HandoffEvent) -> None:
            self.events.append((round(self.now_s()), event))
            if on_event is not None:
                on_event(event)

        request = Request(call_id, want or Want(), reason)
        return asyncio.create_task(
            self.desk.hand_off(
                caller or FakeCall(), self.endpoint, request, story(), note, call_back=call_back
            )
        )

    def waits(self) -> list[tuple[int, int]]:
        return [(at, event.position) for at, event in self.events if isinstance(event, Waits)]

    def occupy(self, seat: SeatSettings, call_id: str = "other") -> None:
        self.roster.rings(seat.name, call_id)
        self.roster.talks(seat.name, call_id)


def story() -> SummaryPackage:
    return build_package(CallFacts("13800138000", "requested"), (), {}, summary_id="S0000001")


def play(
    test: Test,
    *seats: SeatSettings,
    answers: Mapping[str, Answer | None] | None = None,
    **more: Any,
) -> None:
    """Run `test` on a hotline with these seats; all of them accept if nothing else is said."""
    settings = HandoffSettings.model_validate({"wrap_up_s": 0, **more, "seats": seats})
    found = {seat.uri: accepts for seat in seats} | {OUTSIDE: accepts} | dict(answers or {})

    async def run() -> None:
        await test(Hotline(settings, found))

    run_virtual(run, busy=lambda: False)


def test_a_caller_waits_for_a_seat_and_hears_of_it_every_half_minute() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        work = hotline.begin()
        await asyncio.sleep(100)
        assert hotline.waits() == [(0, 1), (30, 1), (60, 1), (90, 1)]
        hotline.roster.finished(TWO.name, "other")
        end = await work
        assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, TWO.name)
        assert round(end.waited_s) == 100
        assert hotline.roster.seat(TWO.name).state is SeatState.TALKING

    play(test, TWO)


def test_who_moves_up_is_told_but_not_at_every_moment() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        leaving = [FakeCall(), FakeCall()]
        ahead = [hotline.begin(f"a{nth}", caller=call) for nth, call in enumerate(leaving)]
        await asyncio.sleep(0.1)
        hotline.events.clear()
        mine = hotline.begin("c1")
        await asyncio.sleep(3)
        leaving[0].end()
        await asyncio.sleep(12)
        leaving[1].end()
        await asyncio.sleep(1)
        told = [(at, place) for at, place in hotline.waits() if at < 29]
        assert told[0] == (0, 3) and (10, 2) in told and told[-1][1] == 2
        await asyncio.sleep(6)
        assert hotline.waits()[-1] == (20, 1)
        mine.cancel()
        await asyncio.gather(mine, *ahead, return_exceptions=True)
        assert len(hotline.queue) == 0

    play(test, TWO)


def test_nobody_waits_longer_than_the_settings_say() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        end = await hotline.begin()
        assert end.outcome is NobodyThere.WAITED_OUT
        assert round(hotline.now_s()) == 120

    play(test, TWO, max_wait_s=120)


def test_one_too_many_does_not_wait() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        first = hotline.begin("c1")
        await asyncio.sleep(1)
        end = await hotline.begin("c2")
        assert end.outcome is NobodyThere.QUEUE_FULL
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    play(test, TWO, max_waiting=1)


def test_a_busy_telephone_is_rung_again_and_the_caller_waits_in_between() -> None:
    def answer() -> DialResult:
        return BUSY if len(rang) < 2 else accepts()

    rang: list[float] = []

    async def test(hotline: Hotline) -> None:
        def note(event: HandoffEvent) -> None:
            if isinstance(event, Ringing):
                rang.append(hotline.now_s())

        end = await hotline.begin(on_event=note)
        assert end.outcome is TransferOutcome.ACCEPTED
        assert [round(at) for at in rang] == [0, 15]
        assert hotline.waits() == [(0, 1)]

    play(test, TWO, answers={TWO.uri: answer})


def test_nobody_signed_in_is_told_at_once() -> None:
    async def test(hotline: Hotline) -> None:
        end = await hotline.begin()
        assert end.outcome is NobodyThere.NO_SEAT and hotline.now_s() < 1
        assert "away" in end.reason

    play(test, TWO, start_away=True)


def test_outside_office_hours_no_telephone_rings_but_for_danger() -> None:
    async def test(hotline: Hotline) -> None:
        assert (await hotline.begin("c1")).outcome is NobodyThere.CLOSED
        assert hotline.endpoint.rang == []
        assert (await hotline.begin("c2", reason="danger")).outcome is TransferOutcome.ACCEPTED

    play(test, TWO, office_hours={"week": {"mon": "13:00-18:00"}})


def test_a_seat_that_lets_it_ring_out_may_be_away_from_then_on() -> None:
    async def test(hotline: Hotline) -> None:
        end = await hotline.begin()
        assert end.outcome is TransferOutcome.NO_ANSWER
        assert hotline.roster.seat(TWO.name).state is SeatState.AWAY

    play(test, TWO, answers={TWO.uri: None}, away_after_no_answer=True, ring_timeout_s=5)


def test_the_caller_who_presses_the_key_is_asked_for_a_call_back() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        wish = asyncio.Event()
        work = hotline.begin(call_back=wish)
        await asyncio.sleep(10)
        wish.set()
        assert (await work).outcome is NobodyThere.CALL_BACK
        assert round(hotline.now_s()) == 10

    play(test, TWO)


# --- overflow ------------------------------------------------------------------------------
RULES = [
    {"after_s": 20, "to": "group", "group": "硬件组"},
    {"after_s": 60, "to": "number", "uri": OUTSIDE},
    {"after_s": 90, "to": "call_back"},
]


def overflowed(hotline: Hotline) -> list[tuple[int, str]]:
    return [(at, event.to) for at, event in hotline.events if isinstance(event, Overflowed)]


def test_after_a_while_another_group_may_take_it() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        end = await hotline.begin(want=Want("存储组"))
        assert (end.seat, overflowed(hotline)) == (THREE.name, [(20, "group")])

    play(test, TWO, THREE, only_skilled=True, overflow=RULES)


def test_then_a_number_outside_is_rung() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        hotline.occupy(THREE, "another")
        end = await hotline.begin(want=Want("存储组"))
        assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, OUTSIDE)
        assert overflowed(hotline) == [(20, "group"), (60, "number")]

    play(test, TWO, THREE, only_skilled=True, overflow=RULES)


def test_at_last_a_call_back_is_offered() -> None:
    async def test(hotline: Hotline) -> None:
        hotline.occupy(TWO)
        end = await hotline.begin(want=Want("存储组"))
        assert end.outcome is NobodyThere.WAITED_OUT
        assert overflowed(hotline)[-1] == (90, "call_back")

    play(test, TWO, overflow=RULES[1:], answers={OUTSIDE: BUSY})


def test_where_there_is_nobody_to_wait_for_the_rules_apply_at_once() -> None:
    async def test(hotline: Hotline) -> None:
        end = await hotline.begin()
        assert (end.seat, hotline.now_s() < 1) == (OUTSIDE, True)

    play(test, ONE, start_away=True, overflow=RULES[1:])


# --- nobody is lost ------------------------------------------------------------------------
def test_an_observer_that_fails_costs_nobody_their_human() -> None:
    def fails(_event: HandoffEvent) -> None:
        raise ConnectionResetError("the browser has gone")

    async def test(hotline: Hotline) -> None:
        assert (await hotline.begin(on_event=fails)).outcome is TransferOutcome.ACCEPTED

    play(test, TWO)


def test_a_hand_off_that_is_cancelled_leaves_queue_and_seat_free() -> None:
    async def test(hotline: Hotline) -> None:
        work = hotline.begin()
        await hotline.endpoint.ringing.wait()
        assert hotline.roster.seat(TWO.name).state is SeatState.RINGING
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert hotline.roster.seat(TWO.name).state is SeatState.READY
        assert len(hotline.queue) == 0

    play(test, TWO, answers={TWO.uri: None})


def test_fifty_callers_and_three_seats_lose_nobody() -> None:
    async def test(hotline: Hotline) -> None:
        async def talk(call_id: str) -> str:
            end = await hotline.begin(call_id)
            await asyncio.sleep(45)
            hotline.desk.finished(end.seat, call_id)
            return end.seat

        seats = await asyncio.gather(*(talk(f"c{nth}") for nth in range(50)))
        assert set(seats) == {ONE.name, TWO.name, THREE.name}
        assert len(hotline.endpoint.rang) == 50
        assert len(hotline.queue) == 0
        assert {seat.state for seat in hotline.roster.seats()} == {SeatState.READY}

    play(test, ONE, TWO, THREE, max_wait_s=3600, max_waiting=60)
