"""The desk of a call: brings a human, the story told first, and never leaves the line silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from telephony import Call, Endpoint, TransferOutcome
from voicebot.dialog.events import BookCallBack, Handoff, HandoffEnded
from voicebot.dialog.state import DialogState
from voicebot.handoff import (
    Attempt,
    Delivered,
    Distributor,
    HandoffEnd,
    HandoffEvent,
    Overflowed,
    Request,
    Ringing,
    Waits,
    Want,
)
from voicebot.handoff.call_back_time import CallBackTimes
from voicebot.handoff.call_facts import MODEL_FACT
from voicebot.handoff.distribution import STORE_TIMEOUT_S
from voicebot.handoff.outcomes import Store
from voicebot.handoff.package import SummaryPackage
from voicebot.records.callbacks import Booking, can_be_rung
from voicebot.records.masking import mask_personal
from voicebot.session import events as facts
from voicebot.session.meeting import Arrival, Meeting
from voicebot.session.talk import cancel
from voicebot.session.waiting import WaitingSound

log = structlog.get_logger(__name__)

Story = Callable[[Handoff, DialogState], SummaryPackage]
Book = Callable[[Booking], Awaitable[bool]]
MakeSound = Callable[[Call, facts.Observer, Callable[[], int]], WaitingSound]


class HumanDesk:
    """Rings the seats of the settings for one call.

    Args:
        distributor: the seats, and who waits for them.
        call_id: the id under which the call is kept.
        endpoint: what places the calls; None (replay) reaches nobody.
        story: makes the summary from what is known of the call.
        store: keeps the summary before the first seat rings; None keeps nothing.
        sound: makes what the caller hears meanwhile.
        book: promises a call back; None promises nothing.
        meeting: where caller and human talk; None: joined, and nothing more.
    """

    def __init__(
        self,
        distributor: Distributor,
        call_id: str,
        endpoint: Endpoint | None,
        story: Story,
        store: Store | None,
        observer: facts.Observer,
        sound: MakeSound,
        book: Book | None = None,
        meeting: Meeting | None = None,
    ) -> None:
        self._distributor = distributor
        self._call_id = call_id
        self._endpoint = endpoint
        self._story = story
        self._store = store
        self._observer = observer
        self._make_sound = sound
        self._book = book
        self._times = CallBackTimes(distributor.hours)
        self._meeting = meeting or Meeting(distributor.settings)
        self._call_back: asyncio.Event | None = None
        self._asked: dict[str, str] = {}

    def key(self, digit: str) -> None:
        """The caller presses a key while they wait: perhaps they would rather be called back."""
        settings = self._distributor.settings
        wanted = settings.call_back and digit == settings.call_back_digit
        if wanted and self._call_back is not None:
            self._call_back.set()

    def ended(self, call: Call, outcome: str) -> HandoffEnded:
        """Told to the dialog: whether a call back can be offered, on which number, from when."""
        desk = self._distributor
        if not desk.settings.call_back or self._book is None:
            return HandoffEnded(outcome)
        now = desk.roster.now().astimezone(desk.hours.zone)
        own = can_be_rung(call.info.caller)
        opens = self._times.opens(now)
        return HandoffEnded(outcome, True, own, now.isoformat(timespec="seconds"), opens)

    async def book(self, call: Call, booking: BookCallBack, now_ms: Callable[[], int]) -> bool:
        """Book it in the records; False if they do not answer in time, or there are none."""
        if self._book is None:
            return False
        due_from, due_to = self._due(booking)
        number = booking.number or call.info.caller
        wanted = Booking(number, booking.wish, due_from, due_to, **self._asked)
        if not await self._book(wanted):
            self._observer(
                facts.Trouble(now_ms(), "the call back was not stored in time", "told the caller")
            )
            return False
        due = (due_from.isoformat(), due_to.isoformat())
        self._observer(facts.CallBackBooked(now_ms(), mask_personal(number), booking.wish, *due))
        return True

    def _due(self, booking: BookCallBack) -> tuple[datetime, datetime]:
        if booking.due_from and booking.due_to:
            return datetime.fromisoformat(booking.due_from), datetime.fromisoformat(booking.due_to)
        now = self._distributor.roster.now()
        opens = self._distributor.hours.next_open(now) or now
        return opens, opens + timedelta(days=1)

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring seats while the caller hears it ring; on success stay until the talk is over."""
        package = self._story(handoff, state)
        product = {**state.facts, **handoff.facts}.get(MODEL_FACT, "")
        self._asked = {"reason": handoff.reason, "skill": handoff.skill, "product": product}
        self._observer(facts.HandoffStarted(now_ms(), handoff.reason, handoff.skill, package.id))
        if (arrival := self._meeting.arrival) is not None:
            end = await self._welcome(call, arrival, package, now_ms)
        elif self._endpoint is None:
            end = HandoffEnd(TransferOutcome.UNREACHABLE, reason="no line to ring seats on")
        else:
            end = await self._ring(self._endpoint, call, handoff, package, now_ms)
        if self._store is not None and end.attempts and not end.stored:
            self._observer(
                facts.Trouble(
                    now_ms(), "the summary was not stored in time", "the seat rang anyway"
                )
            )
        try:
            self._observer(
                facts.HandoffFinished(
                    now_ms(), end.outcome, end.seat, end.stored, end.reason, end.waited_s
                )
            )
            if end.outcome is TransferOutcome.ACCEPTED and end.seat_call is not None:
                await self._talk(call, end.seat_call, end.seat, now_ms)
        finally:
            self._distributor.finished(end.seat, self._call_id)
        return end.outcome

    async def _ring(
        self,
        endpoint: Endpoint,
        call: Call,
        handoff: Handoff,
        package: SummaryPackage,
        now_ms: Callable[[], int],
    ) -> HandoffEnd:
        want = Want(handoff.skill, self._asked["product"], seat=handoff.seat)
        await self._meeting.announce(call, now_ms)
        endpoint = self._meeting.ringing(endpoint, package)
        sound = self._make_sound(call, self._observer, now_ms)
        self._call_back = asyncio.Event()
        try:
            return await self._distributor.hand_off(
                call,
                endpoint,
                Request(self._call_id, want, handoff.reason),
                package,
                partial(self._heard, sound, now_ms),
                store=self._store,
                call_back=self._call_back,
            )
        finally:
            self._call_back = None
            await sound.stop()

    def _heard(self, sound: WaitingSound, now_ms: Callable[[], int], event: HandoffEvent) -> None:
        """Let the caller hear it, and tell it."""
        tell = self._observer
        match event:
            case Delivered(package, stored):
                tell(facts.SummaryDelivered(now_ms(), package.id, stored, package.to_dict()))
            case Waits(position, expected_wait_s, waited_s):
                sound.wait(event)
                tell(facts.HandoffWaits(now_ms(), position, expected_wait_s, waited_s))
            case Overflowed(to, target, waited_s):
                tell(facts.HandoffOverflowed(now_ms(), to, target, waited_s))
            case Ringing(seat):
                sound.ring()
                tell(facts.SeatRinging(now_ms(), seat))
            case Attempt():
                tell(facts.SeatRang(now_ms(), event.seat, event.outcome, event.sip_code))

    async def _welcome(
        self, call: Call, arrival: Arrival, package: SummaryPackage, now_ms: Callable[[], int]
    ) -> HandoffEnd:
        """A supervisor has answered already: nobody else is rung."""
        stored = await self._stored(package)
        await self._meeting.welcome(call, arrival.call, package, now_ms)
        if arrival.call.ended is None:
            attempt = Attempt(arrival.name, TransferOutcome.ACCEPTED, 0)
            self._observer(facts.SeatRang(now_ms(), arrival.name, attempt.outcome))
            return HandoffEnd(attempt.outcome, arrival.name, arrival.call, (attempt,), stored)
        self._meeting.arrival = None
        return HandoffEnd(TransferOutcome.DECLINED, arrival.name, stored=stored)

    async def _stored(self, package: SummaryPackage) -> bool:
        """Keep the story; whatever the store does, the caller gets their human."""
        if self._store is None:
            return False
        try:
            return await asyncio.wait_for(self._store(package), STORE_TIMEOUT_S)
        except Exception as error:
            log.error("summary_not_stored", id=package.id, error=f"{type(error).__name__}: {error}")
            return False

    async def _talk(self, call: Call, seat: Call, name: str, now_ms: Callable[[], int]) -> None:
        started_ms = now_ms()
        # Before the talk's end where a supervisor has joined and goes on.
        left = asyncio.create_task(self._seat_left(seat, name))
        try:
            end = await self._meeting.talk(call, seat, name, now_ms)
        finally:
            await cancel(left)
            await seat.hangup()
        by = "caller" if end.leg == "a" else "seat"
        self._observer(facts.BridgeEnded(now_ms(), by, now_ms() - started_ms))

    async def _seat_left(self, seat: Call, name: str) -> None:
        await seat.wait_ended()
        self._distributor.finished(name, self._call_id)
