"""Keeps a call: every fact into the record, every sample onto the tape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import structlog

from telephony import Call, CallInfo
from telephony.tape import Tape
from voicebot.handoff.package import SummaryPackage
from voicebot.records.callbacks import Booking
from voicebot.records.recorder import CallRecorder
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.webhooks.teller import CallTeller

log = structlog.get_logger(__name__)

Telling = Callable[[CallRecorder], CallTeller]
"""Makes what tells other systems of a call."""


class CallKeeper:
    """One call's record and tape; an observer of its session. Call `close` at the end.

    `audio` is the folder of the recordings, None records nothing. A tape that cannot be made is
    logged: a call without one is better than no call. `telling` makes what tells other systems of
    the call; None tells nobody.
    """

    def __init__(
        self,
        records: Records,
        info: CallInfo,
        pack: str,
        audio: Path | None,
        telling: Telling | None = None,
    ) -> None:
        self.recorder: CallRecorder = records.start_call(info, pack=pack)
        self._info, self._pack = info, pack
        self._teller = telling(self.recorder) if telling else None
        self._tape = self._new_tape(audio) if audio else None
        if self._tape is not None:
            self.recorder.update(recording=self._tape.path)

    def _new_tape(self, audio: Path) -> Tape | None:
        try:
            audio.mkdir(parents=True, exist_ok=True)
            return Tape(audio / f"{self.recorder.call_id}.wav")
        except OSError as error:
            log.error("no recording", folder=str(audio), reason=str(error))
            return None

    def attach(self, call: Call) -> None:
        """Record `call`'s audio; before it is answered."""
        if self._tape is not None:
            call.attach(self._tape)

    def __call__(self, event: facts.SessionEvent) -> None:
        """Store one fact."""
        data = dataclasses.asdict(event)
        if isinstance(event, facts.SummaryDelivered):
            del data["summary"]  # kept with the call
        self.recorder.event(facts.kind_of(event), data.pop("at_ms"), **data)
        if isinstance(event, facts.CallAnswered):
            self.recorder.update(codec=event.codec)
            if self._teller is not None:
                self._teller.call_started(self._info, self._pack)
        elif isinstance(event, facts.CallQuality):
            self.recorder.update(quality=data)
        elif isinstance(event, facts.CallEnded):
            self.recorder.finish(event.outcome, event.by)
            if self._teller is not None:
                self._teller.call_ended(event.outcome, event.by, event.at_ms)
        elif isinstance(event, facts.HandoffFinished) and self._teller is not None:
            self._teller.handoff_finished(event.outcome, event.seat)

    async def store_summary(self, package: SummaryPackage) -> bool:
        """Keep the story and tell it, before a seat rings; True once it is on disk."""
        stored = await self.recorder.store_summary(package)
        if self._teller is not None:
            await self._teller.handoff_started(package.reason, package.to_dict())
        return stored

    async def book_call_back(self, booking: Booking) -> bool:
        """Keep the promise of a call, and tell it; True once it is on disk."""
        stored = await self.recorder.book_call_back(booking)
        if stored and self._teller is not None:
            self._teller.call_back_booked(booking)
        return stored

    def stop_recording(self) -> None:
        """The caller wishes no recording: from here on the tape is silent. Idempotent."""
        if self._tape is not None:
            self._tape.pause()

    def close(self) -> None:
        """Close the tape. Idempotent."""
        if self._tape is not None:
            self._tape.close()
