"""One call at the door: it rings, is kept in the records, and what goes wrong in it stays in it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import structlog

from telephony import Call, HangupBy, LineError
from voicebot.records.store import Records
from voicebot.session.events import CallEnded, Observer, SessionEvent
from voicebot.session.recording import CallKeeper, Telling
from voicebot.session.ringing import ring
from voicebot.settings import SipSettings

log = structlog.get_logger(__name__)

CallObserver = Callable[[str, SessionEvent], None]
"""Hears an event with the id under which its call is kept."""


class Session(Protocol):
    """What talks with a caller."""

    async def run(self) -> None:
        """From the answer to the end. Raises LineError if the call cannot be answered."""


Talk = Callable[[Call, Observer, CallKeeper], Session]


WrapUp = Callable[[str], Awaitable[None]]


async def _nothing(call_id: str) -> None:
    """No wrap-up."""


class Reception:
    """Takes calls.

    Args:
        records: where they are kept.
        audio: folder of the recordings; None records nothing.
        pack: name of the pack, for the record.
        sip: how long a call rings, and to what tone.
        talk: makes the session of a call.
        on_event: hears every fact, and of which call it is; for each call the last one is a
            `CallEnded`, also when the session failed.
        telling: makes what tells other systems of a call; None tells nobody.
        wrap_up: what is done about a kept call once it is over; it does not raise.
    """

    def __init__(
        self,
        records: Records,
        audio: Path | None,
        pack: str,
        sip: SipSettings,
        talk: Talk,
        on_event: CallObserver,
        telling: Telling | None = None,
        wrap_up: WrapUp = _nothing,
    ) -> None:
        self._records = records
        self._audio = audio
        self._pack = pack
        self._sip = sip
        self._talk = talk
        self._on_event = on_event
        self._telling = telling
        self._wrap_up = wrap_up

    async def take(self, call: Call) -> None:
        """Serve one call to its end; never raises for the call's sake."""
        try:
            keeper = CallKeeper(self._records, call.info, self._pack, self._audio, self._telling)
        except Exception:
            log.exception("no record can be kept", call_id=call.info.call_id)
            await call.reject(503)
            return
        keeper.attach(call)
        call_id = keeper.recorder.call_id

        def observe(event: SessionEvent) -> None:
            for hear in (keeper, functools.partial(self._on_event, call_id)):
                try:
                    hear(event)
                except Exception:  # a full disk, a closed terminal: no reason to end a call
                    log.exception("a fact was not kept", call=call_id, fact=type(event).__name__)

        def failed(outcome: str, by: HangupBy, reason: str) -> None:
            observe(CallEnded(0, by, reason, outcome))

        try:
            if not call.info.overflow:
                await ring(call, self._sip.answer_after_ms, early_media=self._sip.early_media)
            await self._talk(call, observe, keeper).run()
        except LineError as error:  # the caller gave up while it rang
            await _hang_up(call)
            failed("not_answered", HangupBy.REMOTE, str(error))
        except Exception as error:
            log.exception("call failed", call=call_id)
            await _hang_up(call)
            failed("failed", HangupBy.ERROR, type(error).__name__)
        finally:
            keeper.close()
        await self._wrap_up(call_id)


async def _hang_up(call: Call) -> None:
    """First of all: nobody serves this caller any more."""
    try:
        await call.hangup()
    except Exception:
        log.exception("a call could not be hung up", call_id=call.info.call_id)
