"""What people may do to a running call: listen in, whisper, join, take over, tell the bot what to
say. Every action ends with a typed outcome and is told as a session event; none of them leaves
the caller in silence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import structlog

from telephony import Call, Endpoint, LineError, TransferOutcome
from voicebot.dialog.events import Handoff
from voicebot.handoff.roster import Roster
from voicebot.session import events as facts
from voicebot.session.control_outcomes import DONE, MOST_CHARS, Acted, Stage, Why
from voicebot.session.floor import Floor
from voicebot.session.listening_in import ListeningIn, TooManyListenersError
from voicebot.session.meeting import Arrival, Meeting
from voicebot.session.seat_phones import SeatPhones
from voicebot.session.talk import cancel
from voicebot.settings import HandoffSettings

__all__ = ["Acted", "CallControl", "Controls", "Stage", "TooManyListenersError", "Why"]

MOST_NAME_CHARS = 64
# Control characters, and those that turn or hide text.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
log = structlog.get_logger(__name__)


class CallControl:
    """One call's. Used from the call's event loop only; nothing here raises for bad input.

    `by` names who acts, for the record. A session gives it its `floor` (`open`) and closes it.
    """

    def __init__(
        self,
        call_id: str,
        call: Call,
        settings: HandoffSettings,
        meeting: Meeting,
        endpoint: Endpoint | None = None,
        registry: Controls | None = None,
        roster: Roster | None = None,
    ) -> None:
        self.call_id = call_id
        self._call = call
        self._settings = settings
        self._meeting = meeting
        self._endpoint = endpoint
        self._registry = registry
        self._seats = SeatPhones(call_id, settings.seats, roster)
        self._ears = ListeningIn()
        self._floor: Floor | None = None
        self._ringing = False
        self._closed = False
        self._actions: set[asyncio.Task[Acted]] = set()

    def open(self, floor: Floor) -> None:
        """The call was answered."""
        self._floor = floor
        self._meeting.stop_recording = floor.stop_recording
        self._call.attach(self._ears)
        if self._registry is not None:
            self._registry.add(self)

    async def close(self) -> None:
        """The call is over. Idempotent."""
        if self._registry is not None:
            self._registry.remove(self)
        self._ears.close()
        await cancel(*self._actions)
        self._closed = True
        arrival, self._meeting.arrival = self._meeting.arrival, None
        if arrival is not None:  # the caller left in the moment in which they took over
            await arrival.call.hangup()
        await self._seats.close()

    @property
    def stage(self) -> Stage:
        """Who has the call now."""
        if self._call.ended is not None or self._floor is None:
            return Stage.ENDED
        if self._meeting.bridged:
            return Stage.BRIDGED
        return Stage.BOT if self._floor.talk.interruptible else Stage.HANDING_OFF

    # --- actions ----------------------------------------------------------------------------
    def listen(self) -> AsyncIterator[bytes]:
        """The call, live: stereo s16le frames of 20 ms at 8 kHz, caller left, bot or seat right.

        Ends with the call. A slow reader loses frames. Raises TooManyListenersError.
        """
        return self._ears.listen()

    async def say(self, text: str, by: str) -> Acted:
        """The bot says it when next nobody speaks; the caller may stop it like any utterance.

        Returns with its first sound: ended, handing_off, bridged, bad_text, too_many, no_chance.
        """
        said = _plain(text)
        return await self._act("say", by, said, self._say(said, _name(by)))

    async def hand_over(self, seat: str | None, by: str) -> Acted:
        """Bring a human now, the seat of this name first; returns as that begins.

        ended, handing_off, bridged, unknown_seat. How the seats answer is told by the hand-off's
        own events.
        """
        return await self._act("hand_over", by, _plain(seat or ""), self._hand_over(seat or ""))

    async def join(self, uri: str, by: str) -> Acted:
        """Ring this phone and add it to the talk of caller and seat; returns when it is in.

        ended, handing_off, not_bridged, uri_refused, too_many, no_line, busy (its seat is rung or
        talks), or how the phone refused.
        """
        return await self._act("join", by, _plain(uri), self._join(uri, _name(by)))

    async def take_over(self, uri: str, by: str) -> Acted:
        """Ring this phone while the bot talks on; once it answers it has the call instead.

        ended, handing_off, bridged, uri_refused, too_many, no_line, busy (its seat is rung or
        talks), or how the phone refused.
        """
        return await self._act("take_over", by, _plain(uri), self._take_over(uri, _name(by)))

    async def whisper(self, text: str, by: str) -> Acted:
        """Only the seat hears it, while it talks with the caller; returns with its first sound.

        ended, handing_off, not_bridged, seat_gone, bad_text.
        """
        said = _plain(text)
        return await self._act("whisper", by, said, self._whisper(said))

    # --- what they do -----------------------------------------------------------------------
    async def _say(self, text: str, by: str) -> Acted:
        if refused := self._must_be(Stage.BOT):
            return refused
        floor = self._floor
        if floor is None or not _sayable(text):
            return Acted.refused(Why.BAD_TEXT)
        if floor.full:
            return Acted.refused(Why.TOO_MANY)
        if await floor.say(text, by):
            return DONE
        return self._must_be(Stage.BOT) or Acted.refused(Why.NO_CHANCE)

    async def _hand_over(self, seat: str) -> Acted:
        if refused := self._must_be(Stage.BOT):
            return refused
        if seat and seat not in {each.name for each in self._settings.seats}:
            return Acted.refused(Why.UNKNOWN_SEAT)
        if self._floor is not None:
            self._floor.hand_over(Handoff("supervisor", seat=seat))
        return DONE

    async def _join(self, uri: str, by: str) -> Acted:
        if refused := self._must_be(Stage.BRIDGED):
            return refused
        phone, refused = await self._ring(uri, by)
        if refused or phone is None:
            return refused or Acted.refused(Why.ENDED)
        try:
            self._meeting.join(phone, by)
        except LineError:  # the talk ended, or another came in, in the meantime
            await phone.hangup()
            return self._must_be(Stage.BRIDGED) or Acted.refused(Why.TOO_MANY)
        return DONE

    async def _take_over(self, uri: str, by: str) -> Acted:
        if refused := self._must_be(Stage.BOT):
            return refused
        phone, refused = await self._ring(uri, by)
        if refused or phone is None:
            return refused or Acted.refused(Why.ENDED)
        changed = self._must_be(Stage.BOT)
        if changed or self._floor is None:  # the bot has called a seat in the meantime
            await phone.hangup()
            return changed or Acted.refused(Why.ENDED)
        self._meeting.arrival = Arrival(by, phone)
        self._floor.hand_over(Handoff("supervisor"), announced=False)
        return DONE

    async def _whisper(self, text: str) -> Acted:
        if refused := self._must_be(Stage.BRIDGED):
            return refused
        if not _sayable(text):
            return Acted.refused(Why.BAD_TEXT)
        if await self._meeting.whisper(text):
            return DONE
        return self._must_be(Stage.BRIDGED) or Acted.refused(Why.SEAT_GONE)

    async def _ring(self, uri: str, by: str) -> tuple[Call | None, Acted | None]:
        """Ring a phone while the call goes on as it is; what came of it, or why not."""
        if uri not in {*self._settings.supervisors, *(s.uri for s in self._settings.seats)}:
            return None, Acted.refused(Why.URI_REFUSED)
        if self._endpoint is None:
            return None, Acted.refused(Why.NO_LINE)
        if self._ringing:
            return None, Acted.refused(Why.TOO_MANY)
        if self._seats.occupied(uri):
            return None, Acted.refused(Why.SEAT_BUSY)
        self._ringing = True
        try:
            limit_s = self._settings.ring_timeout_s
            dialling = self._endpoint.dial(uri, timeout_s=limit_s)
            result = await self._seats.ring(uri, by, dialling)
        finally:
            self._ringing = False
        if result.call is None:
            why = f"the phone did not take it ({result.outcome}) {result.reason}".strip()
            return None, Acted(False, result.outcome, why)
        return result.call, None

    def _must_be(self, wanted: Stage) -> Acted | None:
        """Why an action does not fit the call as it is now; None if it does."""
        stage = self.stage
        if stage is wanted:
            return None
        return Acted.refused(Why.NOT_BRIDGED if stage is Stage.BOT else Why(stage))

    # --- keeping account --------------------------------------------------------------------
    async def _act(
        self, action: str, by: str, text: str, work: Coroutine[Any, Any, Acted]
    ) -> Acted:
        """Do it to its end, whether or not who asked for it still waits, and tell of it."""
        task = asyncio.create_task(self._told(action, by, text, work))
        self._actions.add(task)
        task.add_done_callback(self._actions.discard)
        return await asyncio.shield(task)

    async def _told(
        self, action: str, by: str, text: str, work: Coroutine[Any, Any, Acted]
    ) -> Acted:
        try:
            acted = await work
        except asyncio.CancelledError:  # by `close`: an end like others
            acted = Acted.refused(Why.ENDED)
        except Exception as error:  # whatever the line does, the call goes on as it was
            log.exception("action_failed", action=action, call=self.call_id)
            what = f"{type(error).__name__}: {error}"
            acted = Acted(False, TransferOutcome.FAILED, what)
        if self._floor is not None and not self._closed:  # nothing is told after a call's end
            talk = self._floor.talk
            at_ms, shown = talk.now_ms(), text[:MOST_CHARS]
            talk.tell(facts.SupervisorActed(at_ms, action, _name(by), acted.ok, acted.why, shown))
        return acted


class Controls:
    """The calls of this moment by the ids under which they are kept."""

    def __init__(self) -> None:
        self._calls: dict[str, CallControl] = {}

    def get(self, call_id: str) -> CallControl | None:
        """A call that was answered and has not ended; None for any other id."""
        return self._calls.get(call_id)

    def add(self, control: CallControl) -> None:
        """The call was answered."""
        self._calls[control.call_id] = control

    def remove(self, control: CallControl) -> None:
        """The call is over. Idempotent."""
        if self._calls.get(control.call_id) is control:
            del self._calls[control.call_id]


def _plain(text: str) -> str:
    """Without what cannot be seen, and in one line."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _name(by: str) -> str:
    return _plain(by)[:MOST_NAME_CHARS]


def _sayable(text: str) -> bool:
    return len(text) <= MOST_CHARS and any(char.isalnum() for char in text)
