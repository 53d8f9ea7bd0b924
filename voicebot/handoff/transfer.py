"""Ring seats until one takes the call; every end has a type, and the caller may leave any time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from telephony import Call, DialResult, Endpoint, LineError, TransferOutcome
from voicebot.handoff.choose import next_seat
from voicebot.handoff.package import SummaryPackage
from voicebot.settings import HandoffSettings, SeatSettings

# What a line may still need after the ring time-out to say how the attempt ended.
GRACE_S = 3.0
STORE_TIMEOUT_S = 1.0
# How long the PBX may take to report after it has ended our leg, and to join two legs.
REFER_REPORT_S = 1.0
JOIN_S = 10.0
_log = structlog.get_logger("voicebot.handoff")


@dataclass(frozen=True)
class Ringing:
    """A seat is being rung."""

    seat: str


@dataclass(frozen=True)
class Attempt:
    """How ringing one seat ended, and after how many ms."""

    seat: str
    outcome: TransferOutcome
    ring_ms: int
    sip_code: int | None = None
    reason: str = ""


HandoffEvent = Ringing | Attempt
Store = Callable[[SummaryPackage], Awaitable[bool]]


@dataclass(frozen=True)
class HandoffEnd:
    """The end of a hand-off.

    `outcome` is ACCEPTED, CALLER_GONE, or how the last attempt failed. `seat_call` is the
    answered leg to bridge to: always with mode ``bridge``, with ``attended`` where the PBX would
    not join the legs. Without it the PBX has both.
    `stored` says whether the summary was on disk before the first seat rang.
    """

    outcome: TransferOutcome
    seat: str = ""
    seat_call: Call | None = None
    attempts: tuple[Attempt, ...] = ()
    stored: bool = False
    reason: str = ""


async def hand_off(
    caller: Call,
    endpoint: Endpoint,
    seats: Sequence[SeatSettings],
    package: SummaryPackage,
    settings: HandoffSettings,
    on_event: Callable[[HandoffEvent], None] = lambda _event: None,
    *,
    skill: str = "",
    store: Store | None = None,
) -> HandoffEnd:
    """Bring a human to `caller`.

    First `store` is awaited with the summary, so that a seat that looks up the id it was sent
    finds the story; if that fails or takes longer than `STORE_TIMEOUT_S` the call goes on all
    the same. Then the seats are rung one after another (skilled ones first) until one accepts,
    none is left, or the caller hangs up. Never raises for what the line or a seat does.
    """
    stored = await _stored(store, package)
    attempts: list[Attempt] = []
    tried: set[str] = set()
    while caller.ended is None:
        seat = next_seat(seats, skill, tried)
        if seat is None:
            return _nobody(attempts, stored)
        tried.add(seat.uri)
        on_event(Ringing(seat.name))
        attempt, seat_call = await _ring(caller, endpoint, seat, package, settings)
        attempts.append(attempt)
        on_event(attempt)
        if attempt.outcome in (TransferOutcome.ACCEPTED, TransferOutcome.CALLER_GONE):
            return HandoffEnd(
                attempt.outcome, seat.name, seat_call, tuple(attempts), stored, attempt.reason
            )
    return HandoffEnd(
        TransferOutcome.CALLER_GONE,
        attempts=tuple(attempts),
        stored=stored,
        reason=caller.ended.reason,
    )


def summary_headers(package: SummaryPackage) -> dict[str, str]:
    """The headers that tell a seat where the story is: its id, nothing of its content.

    User-to-User as of RFC 7433: hexadecimal, with its encoding named.
    """
    return {
        "X-Summary-Id": package.id,
        "User-to-User": f"{package.id.encode('ascii').hex()};encoding=hex",
    }


async def _stored(store: Store | None, package: SummaryPackage) -> bool:
    if store is None:
        return False
    try:
        return await asyncio.wait_for(store(package), STORE_TIMEOUT_S)
    except Exception as error:  # whatever the store does, the caller gets their human
        _log.error("summary_not_stored", id=package.id, error=f"{type(error).__name__}: {error}")
        return False


def _nobody(attempts: list[Attempt], stored: bool) -> HandoffEnd:
    if not attempts:
        reason = "no seat in the settings; add [[handoff.seats]]"
        return HandoffEnd(TransferOutcome.UNREACHABLE, stored=stored, reason=reason)
    last = attempts[-1]
    return HandoffEnd(last.outcome, last.seat, None, tuple(attempts), stored, last.reason)


async def _ring(
    caller: Call,
    endpoint: Endpoint,
    seat: SeatSettings,
    package: SummaryPackage,
    settings: HandoffSettings,
) -> tuple[Attempt, Call | None]:
    """Ring one seat while watching the caller; leaves no leg and no task behind."""
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
        seat: SeatSettings,
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

    async def reach(self) -> DialResult:
        """Ring the seat; ACCEPTED without a call: the PBX has both legs."""
        try:
            if self._settings.mode == "refer":
                return await self._refer()
            result = await self._endpoint.dial(
                self._seat.uri, headers=self._headers, timeout_s=self._settings.ring_timeout_s
            )
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
        return DialResult(result.outcome, None, result.sip_code, result.reason)

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
