"""What a phone line is to the rest of the house: `Endpoint` and `Call`.

Implementations: `telephony.baresip.line` (real SIP/RTP) and `telephony.file_line`
(a recording played as a call, used by replay and tests). Both keep the same contract test.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from telephony.quality import Quality

SAMPLE_RATE = 8000
FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2


class HangupBy(enum.StrEnum):
    """Who ended the call."""

    REMOTE = "remote"
    LOCAL = "local"
    ERROR = "error"


@dataclass(frozen=True)
class Hangup:
    """How a call ended. `reason` is the stack's text (e.g. ``486 Busy Here``)."""

    by: HangupBy
    reason: str = ""


class TransferOutcome(enum.StrEnum):
    """Typed end of an outbound dial, a REFER or a bridge attempt."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    CALLER_GONE = "caller_gone"


@dataclass(frozen=True)
class TransferResult:
    """Outcome of a transfer; `sip_code` is the final SIP status where there was one."""

    outcome: TransferOutcome
    sip_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class DialResult:
    """Outcome of an outbound INVITE; `call` is set if and only if it was accepted."""

    outcome: TransferOutcome
    call: Call | None = None
    sip_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class CallInfo:
    """What the INVITE said. All of it is the network's word: data, never a path or a query.

    `caller` and `callee` are the user parts of From and To; `headers` holds the
    allow-listed extra headers (X-…, User-to-User) by lower-case name. `trunk` is the name of
    the configured trunk that it came through, empty for a call that we dialled. `overflow`:
    let in over the limits only to hear the queue notice (`telephony.admission`).
    """

    call_id: str
    caller: str
    callee: str
    headers: Mapping[str, str] = field(default_factory=dict)
    codec: str = ""
    trunk: str = ""
    overflow: bool = False


class AudioTap(Protocol):
    """Is told of all audio of a call, in both directions, from answer to end.

    Both directions are continuous (silence included) and paced by the same clock, so sample n
    received and sample n sent belong to the same moment. `sent` is what has left for the far
    end: audio that was flushed before it left never appears.
    """

    def received(self, pcm: bytes) -> None: ...

    def sent(self, pcm: bytes) -> None: ...


class Call(Protocol):
    """One leg of a call. Methods are used from one asyncio loop, not from other threads."""

    @property
    def info(self) -> CallInfo: ...

    @property
    def ended(self) -> Hangup | None:
        """How the call ended, or None while it lasts."""

    async def answer(self) -> None:
        """Accept an incoming call; returns when media may flow. Raises LineError."""

    async def progress(self) -> None:
        """Early media (183): from now on `play` is heard, before any answer. Raises LineError."""

    async def reject(self, code: int = 486) -> None:
        """Refuse an incoming call that was not answered, with this final SIP status."""

    @property
    def codec(self) -> str:
        """The codec agreed upon (pcma, pcmu, g722); empty before there is one."""

    @property
    def held(self) -> bool:
        """Whether the far end has put us on hold: it hears nothing now."""

    @property
    def quality(self) -> Quality | None:
        """What the network did so far; the last figures once ended; None without any media."""

    def frames(self) -> AsyncIterator[bytes]:
        """Received audio, one frame (`FRAME_BYTES`) every 20 ms, silence included.

        One consumer at a time: asking again ends the earlier iterator and starts live. Ends
        when the call has ended. Lost packets are frames too, made up (see
        `telephony.concealment`) or silent: the count of frames is the call's clock.
        """

    def attach(self, tap: AudioTap) -> None:
        """Give `tap` (a `telephony.tape.Tape`, a meter …) all audio from now on."""

    def play(self, pcm: bytes) -> None:
        """Queue audio for the far end. Any length; paced out in real time; never blocks."""

    def flush(self) -> int:
        """Stop sound at once; returns how many ms of queued audio were never sent."""

    def fade_out(self) -> None:
        """Stop sound without a click: within 100 ms, the last 20 ms of them fading."""

    def set_gain(self, gain_db: float) -> None:
        """Level of what `play` has queued and will queue, dB; 0 at first. Without a click.

        A softer level is heard within 100 ms: nothing is lost or said twice for it, but up to
        two frames of silence may come in between. A louder one begins with what the stack was
        not given yet. At -60 dB and less the sound pauses: what is queued waits.
        """

    @property
    def queued_ms(self) -> int:
        """Audio queued by `play` that has not left yet, in ms."""

    def digits(self) -> AsyncIterator[str]:
        """DTMF digits (0-9 * # A-D) as they arrive; ends with the call.

        Each reader gets all of them from when it asks; the first one also those of before.
        """

    async def send_digits(self, digits: str) -> None:
        """Send DTMF (RFC 4733)."""

    async def transfer(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> TransferResult:
        """Blind transfer by REFER; `headers` travel inside Refer-To. Never raises for a refusal."""

    async def attended_transfer(self, consult: Call, *, timeout_s: float = 30.0) -> TransferResult:
        """Join this call's far end with that of `consult`, a call we dialled, by REFER with
        Replaces (RFC 3891). Accepted: both calls end. Otherwise both go on, off hold. Never
        raises for a refusal."""

    async def hold(self) -> None:
        """Put the far end on hold (re-INVITE); idempotent. Raises LineError."""

    async def resume(self) -> None:
        """Take the far end off hold; idempotent. Raises LineError."""

    async def hangup(self) -> None:
        """End the call (BYE, CANCEL or a refusal, as its state asks for). Idempotent."""

    async def wait_ended(self) -> Hangup:
        """Wait until the call has ended, by whom it may be."""


class Endpoint(Protocol):
    """A SIP user agent: takes calls and places them."""

    async def start(self) -> None:
        """Bind and listen. Raises PortInUseError or LineError."""

    async def stop(self) -> None:
        """Hang up what is left and close the sockets. Idempotent."""

    async def drain(self, timeout_s: float | None = None) -> bool:
        """Take no new calls (503) and wait until those in progress have ended.

        False if some are left after `timeout_s`; they are still up.
        """

    def incoming(self) -> AsyncIterator[Call]:
        """Calls that ring, unanswered, as they come; ends when the endpoint stops."""

    async def dial(
        self,
        uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        trunk: str = "",
    ) -> DialResult:
        """Place a call; returns when it was answered or has failed. Never raises for a refusal.

        `uri` comes from the operator's configuration, never from what a caller said or sent.
        `trunk` names the trunk to go out through; empty is the first one.
        """
