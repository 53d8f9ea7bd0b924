"""One call's facts, as messages for those who asked to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from telephony.api import CallInfo
from voicebot.records.callbacks import Booking
from voicebot.records.masking import mask_number
from voicebot.records.recorder import CallRecorder
from voicebot.settings.webhooks import WebhookSettings
from voicebot.webhooks import messages
from voicebot.webhooks.deliver import Deliverer

WAIT_S = 0.3
"""How long a seat's phone may be kept from ringing until its story has arrived."""


class CallTeller:
    """Tells of one call."""

    def __init__(
        self,
        endpoints: Sequence[WebhookSettings],
        deliverer: Deliverer,
        recorder: CallRecorder,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoints = tuple(endpoints)
        self._deliverer = deliverer
        self._recorder = recorder
        self._clock = clock

    def call_started(self, info: CallInfo, pack: str) -> None:
        """The bot has taken the call."""
        data = messages.CallStartedData(
            call_id=self._recorder.call_id,
            caller=mask_number(info.caller),
            callee=info.callee,
            pack=pack,
        )
        self._tell(messages.CallStarted(timestamp=self._clock(), data=data))

    async def handoff_started(self, reason: str, summary: dict[str, object]) -> bool:
        """A human is about to be rung; waits up to `WAIT_S` until everyone has the story."""
        data = messages.HandoffStartedData(
            call_id=self._recorder.call_id,
            reason=reason,
            summary_id=str(summary.get("id", "")),
            summary=summary,
        )
        ids = self._tell(messages.HandoffStarted(timestamp=self._clock(), data=data))
        return await self._deliverer.attempted(ids, WAIT_S)

    def handoff_finished(self, outcome: str, seat: str) -> None:
        """How that went."""
        data = messages.HandoffFinishedData(
            call_id=self._recorder.call_id, outcome=outcome, seat=seat
        )
        self._tell(messages.HandoffFinished(timestamp=self._clock(), data=data))

    def call_back_booked(self, booking: Booking) -> None:
        """The caller was promised a call."""
        data = messages.CallBackBookedData(
            call_id=self._recorder.call_id,
            number=mask_number(booking.number),
            wish=booking.wish,
            due_from=booking.due_from,
            due_to=booking.due_to,
            reason=booking.reason,
            skill=booking.skill,
            product=booking.product,
        )
        self._tell(messages.CallBackBooked(timestamp=self._clock(), data=data))

    def call_ended(self, outcome: str, ended_by: str, duration_ms: int) -> None:
        """The call is over."""
        data = messages.CallEndedData(
            call_id=self._recorder.call_id,
            outcome=outcome,
            ended_by=ended_by,
            duration_ms=max(0, duration_ms),
        )
        self._tell(messages.CallEnded(timestamp=self._clock(), data=data))

    def _tell(self, message: messages.AnyMessage) -> list[str]:
        """Write it into the outbox, and knock once it is there. Returns at once."""
        body = messages.body_of(message)
        ids = [
            self._recorder.publish(each.name, message.type, body)
            for each in self._endpoints
            if message.type in each.kinds
        ]
        if ids:
            loop = asyncio.get_running_loop()
            written = self._recorder.written()
            written.add_done_callback(
                lambda _done: loop.is_closed() or loop.call_soon_threadsafe(self._deliverer.knock)
            )
        return ids
