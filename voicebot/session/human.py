"""The desk of a call: brings a human, the story told first, and never leaves the line silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from telephony import Call, Endpoint, TransferOutcome
from telephony.tones import play_ringback
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.handoff.package import SummaryPackage
from voicebot.handoff.transfer import (
    STORE_TIMEOUT_S,
    Attempt,
    HandoffEnd,
    HandoffEvent,
    Store,
    hand_off,
)
from voicebot.session import events as facts
from voicebot.session.meeting import Arrival, Meeting
from voicebot.settings import HandoffSettings, SeatSettings

log = structlog.get_logger(__name__)

Story = Callable[[Handoff, DialogState], SummaryPackage]


class HumanDesk:
    """Rings the seats of the settings for one call.

    Args:
        endpoint: what places the calls; None (replay) reaches nobody.
        story: makes the summary from what is known of the call.
        store: keeps the summary before the first seat rings; None keeps nothing.
        meeting: where caller and human talk; None: joined, and nothing more.
    """

    def __init__(
        self,
        settings: HandoffSettings,
        endpoint: Endpoint | None,
        story: Story,
        store: Store | None,
        observer: facts.Observer,
        meeting: Meeting | None = None,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._story = story
        self._store = store
        self._observer = observer
        self._meeting = meeting or Meeting(settings)

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring seats while the caller hears it ring; on success stay until the talk is over."""
        package = self._story(handoff, state)
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
        self._observer(facts.HandoffFinished(now_ms(), end.outcome, end.seat, end.stored))
        if end.outcome is TransferOutcome.ACCEPTED and end.seat_call is not None:
            await self._talk(call, end.seat_call, end.seat, now_ms)
        return end.outcome

    async def _ring(
        self,
        endpoint: Endpoint,
        call: Call,
        handoff: Handoff,
        package: SummaryPackage,
        now_ms: Callable[[], int],
    ) -> HandoffEnd:
        def on_event(event: HandoffEvent) -> None:
            if isinstance(event, Attempt):
                self._observer(facts.SeatRang(now_ms(), event.seat, event.outcome, event.sip_code))

        await self._meeting.announce(call, now_ms)
        endpoint = self._meeting.ringing(endpoint, package)
        ringback = asyncio.create_task(play_ringback(call))
        try:
            return await hand_off(
                call,
                endpoint,
                named_first(self._settings.seats, handoff.seat),
                package,
                self._settings,
                on_event,
                skill=handoff.skill,
                store=self._store,
            )
        finally:
            ringback.cancel()
            await asyncio.gather(ringback, return_exceptions=True)

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
        try:
            end = await self._meeting.talk(call, seat, name, now_ms)
        finally:
            await seat.hangup()
        by = "caller" if end.leg == "a" else "seat"
        self._observer(facts.BridgeEnded(now_ms(), by, now_ms() - started_ms))


def named_first(seats: Sequence[SeatSettings], name: str) -> tuple[SeatSettings, ...]:
    """The seats in their order, the one of this name, if there is one, before all others."""
    return tuple(sorted(seats, key=lambda seat: not (name and seat.name == name)))
