"""One call of the pyVoIP backend as `telephony.api.Call`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from telephony.api import (
    AudioTap,
    Call,
    CallInfo,
    Hangup,
    HangupBy,
    TransferOutcome,
    TransferResult,
)
from telephony.errors import LineError
from telephony.frames import DigitStream
from telephony.media import CallMedia
from telephony.outcomes import REASONS
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.dialog import ALLOW, Dialog
from telephony.pyvoip.invites import OurInvite, TheirInvite, offer_anew
from telephony.pyvoip.media import Media
from telephony.pyvoip.message import Address, Message, respond
from telephony.pyvoip.rtp import KEYS
from telephony.pyvoip.sdp import SdpError
from telephony.quality import Quality

ANSWER_TIMEOUT_S = 10.0
REINVITE_TIMEOUT_S = 10.0
RTP_LOSS_S = 120.0
NO_REFER: Final = "pyvoip has no REFER; bridge the call or choose the baresip backend"


class PyVoipCall:
    """A leg; made by `PyVoipEndpoint`, never by its users."""

    def __init__(self, agent: Agent, info: CallInfo, dialog: Dialog, peer: Address) -> None:
        loop = asyncio.get_running_loop()
        self._agent = agent
        self._info = info
        self._peer = peer
        self._ended: asyncio.Future[Hangup] = loop.create_future()
        self._settled = asyncio.Event()  # it is up, or over
        self._up = False
        self._digits = DigitStream()
        self._reinviting = False
        self.dialog = dialog
        self.wire = Media(agent, peer[0], self._digits.put)
        self.media = CallMedia(self.wire.ring, loop.time, info.call_id)
        self.their_invite: TheirInvite | None = None
        self.our_invite: OurInvite | None = None

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def ended(self) -> Hangup | None:
        return self._ended.result() if self._ended.done() else None

    async def wait_ended(self) -> Hangup:
        return await asyncio.shield(self._ended)

    def when_over(self, then: Callable[[], object]) -> None:
        """Call `then` soon after the call has ended."""
        self._ended.add_done_callback(lambda _: then())

    async def answer(self) -> None:
        """Send the 200 until it is acknowledged. Raises LineError."""
        invite = self._ringing("answered")
        try:
            invite.say(200, self.wire.describe(invite.request.text))
        except (LineError, SdpError) as error:
            await self.reject(488 if isinstance(error, SdpError) else 503)
            raise LineError(f"call {self._info.call_id} cannot be answered: {error}") from error
        if await self.wait_established(ANSWER_TIMEOUT_S):
            return
        if self.ended is not None:
            raise LineError(f"call {self._info.call_id} ended while it was answered: {self.ended}")
        await self.hangup()
        raise LineError(
            f"call {self._info.call_id}: no ACK within {ANSWER_TIMEOUT_S:g} s of the answer"
        )

    async def progress(self) -> None:
        invite = self._ringing("heard before its answer")
        if not invite.request.text:
            raise LineError(
                f"call {self._info.call_id} has no early media: its INVITE brought no offer"
            )
        try:
            invite.say(183, self.wire.describe(invite.request.text))
        except (LineError, SdpError) as error:
            raise LineError(f"call {self._info.call_id} has no early media: {error}") from error

    async def reject(self, code: int = 486) -> None:
        if self.ended is not None:
            return
        if self.their_invite is None or self.their_invite.final is not None:
            await self.hangup()  # too late to refuse
            return
        self.their_invite.say(code)
        self.finish(Hangup(HangupBy.LOCAL, f"{code} {REASONS.get(code, 'Refused')}"))

    async def hangup(self) -> None:
        if self.ended is not None:
            return
        if self.our_invite is not None and not self._up:
            self.our_invite.cancel()
        elif self.their_invite is not None and self.their_invite.final is None:
            await self.reject()
            return
        else:
            self.bye()
        self.finish(Hangup(HangupBy.LOCAL, "hung up"))

    def bye(self) -> None:
        """Tell the far end that the call is over."""
        self._agent.request(self.dialog, "BYE", self._peer, lambda response: None)

    def finish(self, hangup: Hangup) -> None:
        """The call is over; idempotent."""
        if self._ended.done():
            return
        self.media.stop()
        self.wire.close()
        self._digits.close()
        if self.their_invite is not None and (self.their_invite.final or 0) < 300:
            self.their_invite.close()
        self._ended.set_result(hangup)
        self._settled.set()

    def _ringing(self, what: str) -> TheirInvite:
        if self.ended is not None:
            raise LineError(f"call {self._info.call_id} ended before it was {what}: {self.ended}")
        if self.their_invite is None or self.their_invite.final is not None:
            raise LineError(f"call {self._info.call_id} is not one that rings here")
        return self.their_invite

    def establish(self) -> None:
        """Both sides have agreed: the clock runs from here."""
        if self.ended is None and not self._up:
            self.media.start()
            self._up = True
            self._settled.set()

    async def wait_established(self, timeout_s: float) -> bool:
        """Wait for media; False if the call ended or `timeout_s` passed first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        return self._up and self.ended is None

    def move(self) -> None:
        """Every 10 ms: audio in and out. Ends the call of a far end that has died."""
        if not self.media.started:
            self.media.queue.settle()  # early media leaves before the clock runs
            return
        self.media.tick()
        if self.wire.silent_s > RTP_LOSS_S:
            self.bye()
            self.finish(Hangup(HangupBy.ERROR, f"no RTP for {RTP_LOSS_S:g} s"))

    def on_ack(self, invite: TheirInvite, ack: Message) -> None:
        """The far end has our answer; where the offer was ours, the ACK brings its answer."""
        if invite.confirmed:
            return
        invite.confirm()
        if invite.final != 200 or self.ended is not None:
            return
        try:
            if not invite.request.text:
                self.wire.answered(ack.text)
        except SdpError as error:
            self.bye()
            self.finish(Hangup(HangupBy.ERROR, f"no common media: {error}"))
            return
        self.establish()

    def on_cancel(self) -> None:
        """CANCEL of a call that still rings."""
        if self.their_invite is not None and self.their_invite.final is None:
            self.their_invite.say(487)
            self.finish(Hangup(HangupBy.REMOTE, "CANCEL"))

    def on_bye(self) -> None:
        if self.their_invite is not None:
            self.their_invite.say(487)  # it gave up before we answered
        self.finish(Hangup(HangupBy.REMOTE, "BYE"))

    def on_reinvite(self, invite: TheirInvite) -> None:
        """Hold, resume, new media; or a question for our media."""
        if self._reinviting or not self._up:
            invite.say(491)
            return
        self.dialog.retarget(invite.request)
        try:
            invite.say(200, self.wire.describe(invite.request.text))
        except (LineError, SdpError):
            invite.say(488)

    def on_update(self, request: Message) -> bytes:
        """UPDATE (RFC 3311): as a re-INVITE, without an ACK."""
        if self._reinviting:
            return respond(request, 491)
        self.dialog.retarget(request)
        try:
            body = self.wire.answer(request.text) if request.text else ""
        except (LineError, SdpError):
            return respond(request, 488)
        headers = (f"Contact: {self.dialog.contact}", ALLOW)
        return respond(request, 200, headers=headers, body=body)

    async def hold(self) -> None:
        await self._reinvite("held", holding=True)

    async def resume(self) -> None:
        await self._reinvite("resumed", holding=False)

    async def _reinvite(self, what: str, *, holding: bool) -> None:
        if self.ended is not None or not self._up:
            raise LineError(f"call {self._info.call_id} cannot be {what}: it is not up")
        if self._reinviting:
            raise LineError(f"call {self._info.call_id} cannot be {what}: it is changing already")
        if self.wire.holding == holding:
            return
        self._reinviting = True
        self.wire.holding = holding
        try:
            async with asyncio.timeout(REINVITE_TIMEOUT_S):
                await offer_anew(self._agent, self.dialog, self.wire, self._peer)
        except (TimeoutError, SdpError) as error:
            self.wire.holding = not holding
            reason = str(error) or "no answer"
            raise LineError(f"call {self._info.call_id} cannot be {what}: {reason}") from error
        finally:
            self._reinviting = False

    async def transfer(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> TransferResult:
        """Not there: FAILED with the reason, and the call goes on."""
        if self.ended is not None:
            return TransferResult(TransferOutcome.CALLER_GONE, reason=self.ended.reason)
        return TransferResult(TransferOutcome.FAILED, reason=NO_REFER)

    async def attended_transfer(self, consult: Call, *, timeout_s: float = 30.0) -> TransferResult:
        """Not there: FAILED with the reason, and both calls go on."""
        return await self.transfer("", timeout_s=timeout_s)

    @property
    def codec(self) -> str:
        return self.wire.codec

    @property
    def held(self) -> bool:
        return self.wire.held

    @property
    def quality(self) -> Quality | None:
        return self.wire.quality

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
        """Returns when they have been sent. Raises LineError."""
        if not digits or set(digits.upper()) - set(KEYS):
            raise LineError(f"digits {digits!r} cannot be sent: some of {KEYS} are expected")
        if self.ended is not None or not self.wire.press(digits):
            raise LineError(
                f"digits {digits!r} cannot be sent: the call is not up, or its far end takes none"
            )
        while self.wire.pressing and self.ended is None:  # noqa: ASYNC110  # a thread sends them
            await asyncio.sleep(0.02)
