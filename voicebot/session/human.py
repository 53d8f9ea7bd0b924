"""The desk of a call: brings a human, the story told first, and never leaves the line silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telephony import Call, Endpoint, TransferOutcome
from telephony.bridge import bridge
from telephony.tones import play_ringback
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.handoff.package import SummaryPackage
from voicebot.handoff.transfer import Attempt, HandoffEnd, HandoffEvent, Store, hand_off
from voicebot.session import events as facts
from voicebot.settings import HandoffSettings

Story = Callable[[Handoff, DialogState], SummaryPackage]


class HumanDesk:
    """Rings the seats of the settings for one call.

    Args:
        endpoint: what places the calls; None (replay) reaches nobody.
        story: makes the summary from what is known of the call.
        store: keeps the summary before the first seat rings; None keeps nothing.
    """

    def __init__(
        self,
        settings: HandoffSettings,
        endpoint: Endpoint | None,
        story: Story,
        store: Store | None,
        observer: facts.Observer,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._story = story
        self._store = store
        self._observer = observer

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring seats while the caller hears it ring; on success stay until the talk is over."""
        package = self._story(handoff, state)
        self._observer(facts.HandoffStarted(now_ms(), handoff.reason, handoff.skill, package.id))
        if self._endpoint is None:
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
            await self._talk(call, end.seat_call, now_ms)
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

        ringback = asyncio.create_task(play_ringback(call))
        try:
            return await hand_off(
                call,
                endpoint,
                self._settings.seats,
                package,
                self._settings,
                on_event,
                skill=handoff.skill,
                store=self._store,
            )
        finally:
            ringback.cancel()
            await asyncio.gather(ringback, return_exceptions=True)

    async def _talk(self, call: Call, seat: Call, now_ms: Callable[[], int]) -> None:
        started_ms = now_ms()
        try:
            end = await bridge(call, seat)
        finally:
            await seat.hangup()
        by = "caller" if end.leg == "a" else "seat"
        self._observer(facts.BridgeEnded(now_ms(), by, now_ms() - started_ms))
