"""Ring one seat; every end has a type, and the caller may leave at any time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from telephony import Call, DialResult, Endpoint, LineError, TransferOutcome
from voicebot.handoff.package import SummaryPackage
from voicebot.settings import HandoffSettings

# What a line may still need after the ring time-out to say how the attempt ended.
GRACE_S = 3.0
# How long the PBX may take to report after it has ended our leg, and to join two legs.
REFER_REPORT_S = 1.0
JOIN_S = 10.0
# A PBX that answers a REFER with these does not do transfers at all; the bot can.
_NO_REFER = (405, 420, 501)
_log = structlog.get_logger("voicebot.handoff")


@dataclass(frozen=True)
class Attempt:
    """How ringing one seat ended, and after how many ms."""

    seat: str
    outcome: TransferOutcome
    ring_ms: int
    sip_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """Whom to ring: a seat, or a number outside."""

    name: str
    uri: str


def summary_headers(package: SummaryPackage) -> dict[str, str]:
    """The headers that tell a seat where the story is: its id, nothing of its content.

    User-to-User as of RFC 7433: hexadecimal, with its encoding named.
    """
    return {
        "X-Summary-Id": package.id,
        "User-to-User": f"{package.id.encode('ascii').hex()};encoding=hex",
    }


async def ring(
    caller: Call,
    endpoint: Endpoint,
    seat: Target,
    package: SummaryPackage,
    settings: HandoffSettings,
) -> tuple[Attempt, Call | None]:
    """Ring one seat while watching the caller; leaves no leg and no task behind.

    With the attempt comes the answered leg to bridge to: always with mode ``bridge``; with
    ``attended`` and ``refer`` where the PBX would not do its part. Without it the PBX has both.
    Never raises for what the line or a seat does.
    """
    clock = asyncio.get_running_loop().time
    started_s = clock()
    attempt = _Attempt(caller, endpoint, seat, summary_headers(package), settings)
    dial = asyncio.ensure_future(attempt.reach())
    gone = asyncio.ensure_future(caller.wait_ended())
    try:
        await asyncio.wait(
            {dial, gone},
            timeout=attempt.limit_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not dial.done() and attempt.referring:
            # A PBX may end our leg a moment before it reports that the transfer worked.
            await asyncio.wait({dial}, timeout=REFER_REPORT_S)
        result = await _settled(dial)
    except asyncio.CancelledError:  # a seat must not go on ringing for nobody
        await _hang_up(await _settled(dial))
        raise
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    outcome, seat_call = result.outcome, result.call
    moved = outcome is TransferOutcome.ACCEPTED and seat_call is None
    if caller.ended is not None and not moved:
        await _hang_up(result)  # the seat took it in the moment in which the caller left
        outcome, seat_call = TransferOutcome.CALLER_GONE, None
    ring_ms = int((clock() - started_s) * 1000)
    return Attempt(seat.name, outcome, ring_ms, result.sip_code, result.reason), seat_call


async def _settled(dial: asyncio.Future[DialResult]) -> DialResult:
    """The dial's result; one that is still under way is cancelled, which takes the call back."""
    if not dial.done():
        dial.cancel()
        await asyncio.gather(dial, return_exceptions=True)
    if dial.cancelled():
        return DialResult(TransferOutcome.NO_ANSWER, reason="given up")
    return dial.result()


async def _hang_up(result: DialResult) -> None:
    if result.call is not None:
        await result.call.hangup()


class _Attempt:
    """One seat, by the mode of the settings."""

    def __init__(
        self,
        caller: Call,
        endpoint: Endpoint,
        seat: Target,
        headers: dict[str, str],
        settings: HandoffSettings,
    ) -> None:
        self._caller = caller
        self._endpoint = endpoint
        self._seat = seat
        self._headers = headers
        self._settings = settings
        self.referring = False
        self.limit_s = settings.ring_timeout_s + GRACE_S
        if settings.whisper:  # told to the seat once it has answered, within the dial
            self.limit_s += settings.whisper_limit_s
        if settings.mode == "attended":
            self.limit_s += JOIN_S
        elif settings.mode == "refer":  # and once more, should the PBX know no REFER
            self.limit_s += settings.ring_timeout_s

    async def reach(self) -> DialResult:
        """Ring the seat; ACCEPTED without a call: the PBX has both legs."""
        try:
            if self._settings.mode == "refer":
                return await self._refer()
            result = await self._dial()
            if self._settings.mode == "attended" and result.call is not None:
                return await self._join(result.call)
            return result
        except LineError as error:
            return DialResult(TransferOutcome.FAILED, reason=str(error))
        except Exception as error:  # a fault in the line must not cost the caller the next seat
            _log.exception("seat_not_rung", seat=self._seat.name)
            return DialResult(TransferOutcome.FAILED, reason=f"{type(error).__name__}: {error}")

    async def _refer(self) -> DialResult:
        self.referring = True
        result = await self._caller.transfer(
            self._seat.uri, headers=self._headers, timeout_s=self._settings.ring_timeout_s
        )
        if result.sip_code in _NO_REFER and self._caller.ended is None:
            self.referring = False
            _log.warning("no_refer", seat=self._seat.name, code=result.sip_code, why=result.reason)
            dialled = await self._dial()
            return replace(dialled, reason=f"REFER refused ({result.sip_code}), rung by us")
        return DialResult(result.outcome, None, result.sip_code, result.reason)

    async def _dial(self) -> DialResult:
        return await self._endpoint.dial(
            self._seat.uri, headers=self._headers, timeout_s=self._settings.ring_timeout_s
        )

    async def _join(self, seat: Call) -> DialResult:
        """The seat has answered: let the PBX join it with the caller, else give it to us."""
        self.referring = True
        try:
            result = await self._caller.attended_transfer(seat, timeout_s=JOIN_S)
        except BaseException:
            await seat.hangup()
            raise
        if result.outcome is TransferOutcome.ACCEPTED:
            return DialResult(TransferOutcome.ACCEPTED)
        if seat.ended is not None or self._caller.ended is not None:
            await seat.hangup()
            return DialResult(result.outcome, None, result.sip_code, result.reason)
        # Both are there and only the join was refused: neither is to be sent away for that.
        _log.warning("not_joined", seat=self._seat.name, code=result.sip_code, why=result.reason)
        return DialResult(TransferOutcome.ACCEPTED, seat, reason=f"bridged: {result.reason}")
