"""What happens in a hand-off, and how it ends: each with a type of its own."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telephony import Call, TransferOutcome
from voicebot.handoff.choose import Want
from voicebot.handoff.package import SummaryPackage
from voicebot.handoff.transfer import Attempt


class NobodyThere(enum.StrEnum):
    """Why no seat was found; what ringing one came to is a `TransferOutcome`."""

    CLOSED = "closed"  # outside office hours
    NO_SEAT = "no_seat"  # nobody is signed in
    QUEUE_FULL = "queue_full"
    WAITED_OUT = "waited_out"
    CALL_BACK = "call_back"  # the caller prefers to be called back


Outcome = TransferOutcome | NobodyThere


@dataclass(frozen=True)
class Delivered:
    """The story was given to all who want it; `stored`: it is on disk. Nobody has been rung yet."""

    package: SummaryPackage
    stored: bool


@dataclass(frozen=True)
class Waits:
    """No seat is free. Told at first, at intervals, and when the caller moves up."""

    position: int
    expected_wait_s: float | None
    waited_s: float


@dataclass(frozen=True)
class Overflowed:
    """The caller has waited so long that a rule applies."""

    to: str
    target: str
    waited_s: float


@dataclass(frozen=True)
class Ringing:
    """A seat is about to be rung."""

    seat: str
    uri: str


HandoffEvent = Delivered | Waits | Overflowed | Ringing | Attempt
Store = Callable[[SummaryPackage], Awaitable[bool]]
OnEvent = Callable[[HandoffEvent], None]


@dataclass(frozen=True)
class HandoffEnd:
    """The end of a hand-off.

    `outcome` is ACCEPTED, CALLER_GONE, how the last attempt failed, or why there was none.
    `seat_call` is the answered leg to bridge to: always with mode ``bridge``, otherwise where the
    PBX would not join the legs. Without it the PBX has both.
    `stored` says whether the summary was on disk before the first seat rang.
    """

    outcome: Outcome
    seat: str = ""
    seat_call: Call | None = None
    attempts: tuple[Attempt, ...] = ()
    stored: bool = False
    reason: str = ""
    waited_s: float = 0.0


@dataclass(frozen=True)
class Request:
    """Whom the call `call_id` needs, and why (the hand-off's stable key)."""

    call_id: str
    want: Want = field(default_factory=Want)
    reason: str = ""
