"""One call of the baresip stack as `telephony.api.Call`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

from baresip import BaresipError, Event, StackEvent, StaleHandleError
from baresip import Call as StackCall

from telephony.api import (
    AudioTap,
    Call,
    CallInfo,
    Hangup,
    TransferOutcome,
    TransferResult,
)
from telephony.baresip import refer
from telephony.baresip.config import RTP_LOSS_S
from telephony.baresip.native import NativeStack
from telephony.baresip.wire import BaresipWire
from telephony.errors import LineError
from telephony.frames import DigitStream
from telephony.media import CallMedia
from telephony.outcomes import REASONS, hangup_of
from telephony.quality import Quality, Reading, ReceiverStatistics

ANSWER_TIMEOUT_S = 10.0
PRACK_POLL_S = 0.02
_log = logging.getLogger("telephony")
_DESCRIBED = (Event.CALL_REMOTE_SDP, Event.CALL_HOLD, Event.CALL_RESUME)


class BaresipCall:
    """A leg; made by `BaresipEndpoint`, never by its users."""

    def __init__(self, native: StackCall, info: CallInfo, stack: NativeStack) -> None:
        loop = asyncio.get_running_loop()
        self._native = native
        self._stack = stack
        self._info = info
        self._ended: asyncio.Future[Hangup] = loop.create_future()
        self._established = asyncio.Event()
        self._ending = False
        self._held = False
        self._leaving: asyncio.Future[None] | None = None
        self._digits = DigitStream()
        self._statistics = ReceiverStatistics(concealed=True)
        self._gaps = 0
        self.rang = False
        self.media = CallMedia(BaresipWire(native.audio), loop.time, info.call_id, self)
        native.on(self._on_event)

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def ended(self) -> Hangup | None:
        return self._ended.result() if self._ended.done() else None

    async def answer(self) -> None:
        if self.ended is not None:
            raise LineError(f"call {self._info.call_id} ended before it was answered: {self.ended}")
        await self._accept()
        if await self.wait_established(ANSWER_TIMEOUT_S):
            return
        if self.ended is not None:
            raise LineError(f"call {self._info.call_id} ended while it was answered: {self.ended}")
        await self.hangup()
        raise LineError(
            f"call {self._info.call_id}: no ACK within {ANSWER_TIMEOUT_S:g} s of the answer"
        )

    async def _accept(self) -> None:
        """Send the answer, once the far end has confirmed reliable ringing (PRACK, RFC 3262)."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + ANSWER_TIMEOUT_S
        while self.ended is None:
            try:
                await self._native.answer()
                return
            except BaresipError as error:
                unconfirmed = os.strerror(errno.EAGAIN) in str(error)
                if not unconfirmed or loop.time() > until_s:
                    # After a time-out the answer may still go out: nobody would own that call.
                    await self.hangup()
                    raise LineError(
                        f"call {self._info.call_id} cannot be answered: {error}"
                    ) from error
            await asyncio.sleep(PRACK_POLL_S)

    async def wait_established(self, timeout_s: float) -> bool:
        """Wait for media; False if the call ended or `timeout_s` passed first."""
        waits = {
            asyncio.ensure_future(self._established.wait()),
            asyncio.ensure_future(self.wait_ended()),
        }
        try:
            await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self._established.is_set() and self.ended is None

    async def progress(self) -> None:
        if self.ended is not None or not self._stack.progress(self._info.call_id):
            raise LineError(f"call {self._info.call_id} is not one that rings here")
        self._learn_codec()
        self.media.begin_early()

    async def reject(self, code: int = 486) -> None:
        self._ending = True
        if self.ended is None:
            self._stack.refuse(self._info.call_id, code, REASONS.get(code, "Refused"))

    @property
    def lacks_keys(self) -> bool:
        """Whether it rings over TLS and offers no encryption: it must not be answered."""
        return self._stack.lacks_keys(self._info.call_id)

    @property
    def codec(self) -> str:
        return self._info.codec

    @property
    def held(self) -> bool:
        return self._held

    @property
    def quality(self) -> Quality | None:
        return self._statistics.quality()

    def lost(self) -> int:
        """For `telephony.media.Losses`."""
        with contextlib.suppress(LineError):  # the stack is about to stop
            self._gaps = self._stack.monitor.lost(self._info.call_id)
        return self._gaps

    def run(self, packets: int) -> None:
        """For `telephony.media.Losses`."""
        self._statistics.run(packets)

    def _read_statistics(self) -> None:
        with contextlib.suppress(LineError):  # the last reading will do
            for reading in self._stack.monitor.read(self._info.call_id).values():
                self._add(reading)

    def _add(self, reading: Reading) -> None:
        buffered = replace(reading.buffered, heard_ms=self.media.heard_ms)
        dropped = self.media.dropped_frames
        self._statistics.add(replace(reading, buffered=buffered, dropped=dropped))

    def frames(self) -> AsyncIterator[bytes]:
        return self.media.stream.read()

    def attach(self, tap: AudioTap) -> None:
        self.media.taps.attach(tap)

    def play(self, pcm: bytes) -> None:
        if self.ended is None:
            self.media.queue.play(pcm)

    def flush(self) -> int:
        return self.media.queue.flush()

    def fade_out(self) -> None:
        self.media.queue.fade_out()

    def set_gain(self, gain_db: float) -> None:
        self.media.queue.set_gain(gain_db)

    def relay(self, sink: Callable[[bytes], None] | None) -> None:
        self.media.relay = sink

    @property
    def queued_ms(self) -> int:
        return self.media.queue.queued_ms

    def digits(self) -> AsyncIterator[str]:
        return self._digits.read()

    async def send_digits(self, digits: str) -> None:
        try:
            await self._native.send_dtmf(digits)
        except (BaresipError, ValueError) as error:
            raise LineError(f"digits {digits!r} cannot be sent: {error}") from error

    async def transfer(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> TransferResult:
        if self.ended is not None:
            return TransferResult(TransferOutcome.CALLER_GONE, reason=self.ended.reason)
        return await refer.blind(self, self._native, uri, headers or {}, timeout_s)

    async def attended_transfer(self, consult: Call, *, timeout_s: float = 30.0) -> TransferResult:
        if self.ended is not None:
            return TransferResult(TransferOutcome.CALLER_GONE, reason=self.ended.reason)
        if not isinstance(consult, BaresipCall) or consult is self:
            raise TypeError(f"another call of this line is expected, got {consult!r}")
        return await refer.attended(self, self._native, consult, consult._native, timeout_s)

    async def hold(self) -> None:
        await self._order("held", self._native.hold())

    async def resume(self) -> None:
        await self._order("resumed", self._native.resume())

    async def _order(self, what: str, command: Any) -> None:
        try:
            await command
        except BaresipError as error:
            raise LineError(f"call {self._info.call_id} cannot be {what}: {error}") from error

    async def hangup(self) -> None:
        if self.ended is None:
            self._ending = True
            self._read_statistics()
            await self._end()

    async def wait_ended(self) -> Hangup:
        return await asyncio.shield(self._ended)

    async def _end(self) -> None:
        for _ in range(2):
            try:
                await self._native.hangup()
                return
            except StaleHandleError:
                return  # it ended by itself in the meantime; its event tells how
            except BaresipError as error:
                _log.error("call %s is not hung up: %s", self._info.call_id, error)

    def _on_event(self, event: StackEvent) -> None:
        if not self._info.call_id and event.call_id:  # a call that we dialled
            self._info = replace(self._info, call_id=event.call_id)
        if event.event is Event.CALL_ESTABLISHED:
            self._begin()
        elif event.event is Event.CALL_DTMF_START and event.text:
            # Its beginning counts: all of the packets that tell of its end may be lost.
            self._digits.put(event.text)
        elif event.event in _DESCRIBED:
            self._described()
        elif event.event in (Event.CALL_RINGING, Event.CALL_PROGRESS):
            self.rang = True
        elif event.event is Event.CALL_CLOSED:
            self._statistics.finish(
                received=event.stats.get("rx", {}).get("packets", 0),
                sent=event.stats.get("tx", {}).get("packets", 0),
            )
            self.closed(event.text or "")

    def _begin(self) -> None:
        if self._stack.leaks(self._info.call_id):
            _log.error("call %s: no SRTP on TLS; hanging up", self._info.call_id)
            self._leaving = asyncio.ensure_future(self.hangup())
            return
        self._learn_codec()
        self._stack.monitor.watch(self._info.call_id, self._add)
        self.media.start()
        self._established.set()

    def _learn_codec(self) -> None:
        self._info = replace(self._info, codec=self._stack.codec(self._info.call_id))

    def _described(self) -> None:
        """The far end has described its media: it may hold us, resume, or change the codec.

        The stack's own word for hold does not know the address 0.0.0.0, and such a hold would
        end the call for its missing RTP.
        """
        if self._established.is_set():
            self._learn_codec()
        held = self._stack.held(self._info.call_id)
        if held != self._held:
            self._held = held
            self._stack.watch_rtp(self._info.call_id, 0 if held else RTP_LOSS_S * 1000)

    def closed(self, text: str) -> None:
        """The stack has closed the call; `text` is its reason. Idempotent."""
        if self._ended.done():
            return
        self.media.stop()
        self._stack.monitor.forget(self._info.call_id)
        self._digits.close()
        answered = self._established.is_set()
        self._ended.set_result(hangup_of(text, ours=self._ending, answered=answered))
