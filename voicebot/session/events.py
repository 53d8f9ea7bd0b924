"""What happened in a call, as frozen facts. Records, replay, demo and console read the same ones.

`at_ms` counts from the moment the call was answered, on the call's own clock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SessionEvent:
    """Base of all of them."""

    at_ms: int


@dataclass(frozen=True)
class CallAnswered(SessionEvent):
    """The bot took the call; it came through `trunk`."""

    caller: str
    callee: str
    codec: str
    pack: str
    trunk: str = ""


@dataclass(frozen=True)
class CallerSpoke(SessionEvent):
    """A finished caller turn. Empty `text`: sound in which nothing was understood."""

    text: str
    confidence: float
    speech_start_ms: int
    speech_end_ms: int
    barged_in: bool = False
    alternatives: tuple[str, ...] = ()
    rejected: str = ""
    raw_text: str = ""


@dataclass(frozen=True)
class DigitPressed(SessionEvent):
    """A DTMF digit."""

    digit: str


@dataclass(frozen=True)
class NumberDictated(SessionEvent):
    """A number was taken down, read back and agreed upon; a personal one's `value` is masked."""

    scene: str
    slot: str
    label: str
    value: str


@dataclass(frozen=True)
class Searched(SessionEvent):
    """A look into the knowledge: best ids first, with the chance that the first one answers.

    `raw_query` is what the caller said where `query` was made of it; `product` the line that the
    answers were limited to.
    """

    query: str
    hits: tuple[str, ...]
    answerable: float
    scene: str
    scene_probability: float
    elapsed_ms: float
    chosen_by: str = "search"
    raw_query: str = ""
    product: str = ""


@dataclass(frozen=True)
class MessageRequested(SessionEvent):
    """The caller wants something on their telephone: a ``figure`` (its id) or a ``link``. Nothing
    is sent from here; whoever reads the record may."""

    what: str
    content: str
    source: str


@dataclass(frozen=True)
class BotSpoke(SessionEvent):
    """The first sound of an utterance left.

    `since_caller_ms` is the time since the caller's last sound, None where nobody had spoken.
    `stages` is the turn's waterfall: what ran, from when to when, what was skipped and why. `rung`
    says who answered (`voicebot.session.judged.Rung`); `turn_confidence` and the `inputs` that it
    rests on are the turn's, told with its first utterance; `prompts` are the versions of the
    prompts that a language model was asked with.
    """

    text: str
    kind: str
    confidence: float
    since_caller_ms: int | None
    citations: tuple[dict[str, str], ...] = ()
    scene: str = ""
    slot: str = ""
    branch: str = ""
    stages: tuple[dict[str, Any], ...] = ()
    rung: str = ""
    turn_confidence: float | None = None
    inputs: dict[str, float] = dataclasses.field(default_factory=dict)
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True)
class BotInterrupted(SessionEvent):
    """The caller stopped the bot: what had been heard by then, and what had not.

    `stopped_after_ms` is from the caller's onset to the decision; 0 where a key did it.
    """

    heard: str
    unheard: str
    stopped_after_ms: int


@dataclass(frozen=True)
class ListenerSignal(SessionEvent):
    """The caller spoke over the bot, and it went on: ``text`` (perhaps none) is no interruption."""

    text: str


@dataclass(frozen=True)
class BotResumed(SessionEvent):
    """What had stopped the bot was no interruption: it says again what was cut off."""


@dataclass(frozen=True)
class CallHeld(SessionEvent):
    """The caller put us on hold: they hear nothing, and what comes from them is not listened to."""


@dataclass(frozen=True)
class CallResumed(SessionEvent):
    """The caller is back."""

    held_ms: int


@dataclass(frozen=True)
class RecordingStopped(SessionEvent):
    """The caller wished no recording, by ``speech`` or ``digit``: from here the tape is silent."""

    by: str


@dataclass(frozen=True)
class HandoffStarted(SessionEvent):
    """A human is to be called. The summary is stored first, then the first seat rings."""

    reason: str
    skill: str
    summary_id: str


@dataclass(frozen=True)
class SummaryDelivered(SessionEvent):
    """The story is where seats look for it, before any of them is rung; `stored`: it is on disk.

    `summary` is the package as plain data, masked; the records keep it once, with the call.
    """

    summary_id: str
    stored: bool
    summary: dict[str, Any]


@dataclass(frozen=True)
class HandoffWaits(SessionEvent):
    """No seat is free: the caller is told their place, and the wait where it can be told."""

    position: int
    expected_wait_s: float | None
    waited_s: float


@dataclass(frozen=True)
class HandoffOverflowed(SessionEvent):
    """The caller has waited so long that a rule applies: another ``group``, a ``number``, or a
    ``call_back``."""

    to: str
    target: str
    waited_s: float


@dataclass(frozen=True)
class SeatRinging(SessionEvent):
    """A seat is about to be rung."""

    seat: str


@dataclass(frozen=True)
class SeatRang(SessionEvent):
    """One seat was tried, with the typed outcome of that try."""

    seat: str
    outcome: str
    sip_code: int | None = None


@dataclass(frozen=True)
class HandoffFinished(SessionEvent):
    """The end of a hand-off: accepted with a seat's name, or the last outcome, and why.

    `summary_stored`: it was on disk before the first seat rang.
    """

    outcome: str
    seat: str = ""
    summary_stored: bool = False
    why: str = ""
    waited_s: float = 0.0


@dataclass(frozen=True)
class CallBackBooked(SessionEvent):
    """The caller was promised a call: on `number` (masked), as `wish` says, from when to when
    (ISO 8601)."""

    number: str
    wish: str
    due_from: str
    due_to: str


@dataclass(frozen=True)
class BridgeEnded(SessionEvent):
    """The talk between caller and seat is over."""

    ended_by: str
    talk_ms: int


@dataclass(frozen=True)
class Trouble(SessionEvent):
    """Something failed inside; the call went on as `consequence` says."""

    what: str
    consequence: str


@dataclass(frozen=True)
class CallQuality(SessionEvent):
    """What the network did to the whole call (`telephony.quality.Quality` says what each means).

    Told once, before `CallEnded`; not where there was no network (a replay).
    """

    received: int
    lost: int
    loss_percent: float
    late: int
    jitter_ms: float
    sent: int
    far_lost: int
    far_jitter_ms: float
    rtt_ms: float
    mos: float


@dataclass(frozen=True)
class CallEnded(SessionEvent):
    """The call is over."""

    by: str
    reason: str
    outcome: str


Observer = Callable[[SessionEvent], None]


def kind_of(event: SessionEvent) -> str:
    """The event's name in records and JSON: ``CallerSpoke`` -> ``caller_spoke``."""
    name = type(event).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def to_dict(event: SessionEvent) -> dict[str, Any]:
    """The event as JSON-ready data, with its kind."""
    return {"event": kind_of(event), **dataclasses.asdict(event)}
