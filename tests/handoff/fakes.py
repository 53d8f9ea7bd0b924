"""A caller, a line and seats that keep the contract of `telephony.api`, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from telephony.api import (
    AudioTap,
    Call,
    CallInfo,
    DialResult,
    Endpoint,
    Hangup,
    HangupBy,
    TransferOutcome,
    TransferResult,
)
from voicebot.handoff import Distributor, HandoffEnd, OfficeHours, Queue, Request, Roster, Want
from voicebot.handoff.outcomes import OnEvent, Store
from voicebot.handoff.package import SummaryPackage
from voicebot.settings import HandoffSettings, SeatSettings

Refer = Callable[["FakeCall"], TransferResult]


class FakeCall:
    """One leg. `refer` says how a REFER ends; it may end the call first."""

    def __init__(self, name: str = "13800138000", refer: Refer | None = None) -> None:
        self._info = CallInfo(f"{name}@test", name, "400")
        self._ended: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self._refer = refer
        self.referred: list[tuple[str, dict[str, str]]] = []
        self.refer_sent = asyncio.Event()
        self.joined_with: FakeCall | None = None

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def ended(self) -> Hangup | None:
        return self._ended.result() if self._ended.done() else None

    def end(self, by: HangupBy = HangupBy.REMOTE) -> None:
        """The far end (or the line) ends the call."""
        if not self._ended.done():
            self._ended.set_result(Hangup(by, "BYE"))

    def attach(self, tap: AudioTap) -> None:
        """No audio here."""

    async def answer(self) -> None:
        """Nothing to do."""

    async def reject(self, code: int = 486) -> None:
        self.end(HangupBy.LOCAL)

    async def frames(self) -> AsyncIterator[bytes]:
        for _ in range(0):
            yield b""

    def play(self, pcm: bytes) -> None:
        """Nobody listens."""

    def flush(self) -> int:
        return 0

    def fade_out(self) -> None:
        """Nobody listens."""

    def set_gain(self, gain_db: float) -> None:
        """Nobody listens."""

    @property
    def queued_ms(self) -> int:
        return 0

    async def digits(self) -> AsyncIterator[str]:
        for _ in range(0):
            yield ""

    async def send_digits(self, digits: str) -> None:
        """Nobody listens."""

    async def transfer(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> TransferResult:
        self.referred.append((uri, dict(headers or {})))
        self.refer_sent.set()
        if self._refer is None:
            await asyncio.get_running_loop().create_future()
            raise AssertionError("cancelled only")
        return self._refer(self)

    async def attended_transfer(
        self, consult: FakeCall, *, timeout_s: float = 30.0
    ) -> TransferResult:
        self.joined_with = consult
        return await self.transfer("", timeout_s=timeout_s)

    async def hangup(self) -> None:
        self.end(HangupBy.LOCAL)

    async def wait_ended(self) -> Hangup:
        return await asyncio.shield(self._ended)


async def hand_off(
    caller: FakeCall | Call,
    endpoint: Endpoint,
    seats: Sequence[SeatSettings],
    package: SummaryPackage,
    settings: HandoffSettings,
    on_event: OnEvent = lambda _event: None,
    *,
    skill: str = "",
    store: Store | None = None,
) -> HandoffEnd:
    """One hand-off at a desk of its own with these seats."""
    desk = distributor(settings.model_copy(update={"seats": tuple(seats)}))
    request = Request("call", Want(skill), package.reason)
    return await desk.hand_off(caller, endpoint, request, package, on_event, store=store)


def distributor(settings: HandoffSettings, roster: Roster | None = None) -> Distributor:
    """The desk of these settings, all of its seats ready."""
    if roster is None:
        roster = Roster(settings.seats, wrap_up_s=settings.wrap_up_s)
    return Distributor(settings, roster, Queue(roster), OfficeHours(settings.office_hours))


Answer = Callable[[], DialResult] | DialResult | Exception


class FakeEndpoint:
    """Seats by URI: a result, a function that gives one, an error, or None: rings for ever."""

    def __init__(self, seats: Mapping[str, Answer | None]) -> None:
        self._seats = seats
        self.rang: list[tuple[str, dict[str, str]]] = []
        self.cancelled: list[str] = []
        self.ringing = asyncio.Event()

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def incoming(self) -> AsyncIterator[FakeCall]:
        for _ in range(0):
            yield FakeCall()

    async def dial(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> DialResult:
        self.rang.append((uri, dict(headers or {})))
        answer = self._seats[uri]
        if isinstance(answer, DialResult):
            return answer
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer()
        self.ringing.set()
        try:
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), timeout_s)
        except TimeoutError:
            return DialResult(TransferOutcome.NO_ANSWER)
        except asyncio.CancelledError:
            self.cancelled.append(uri)
            raise
        raise AssertionError("nobody answers")
