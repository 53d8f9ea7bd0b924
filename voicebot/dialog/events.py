"""What the dialog hears (events in) and what it wants done (actions out). All frozen."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from voicebot.knowledge.api import SearchResult


# --- events in ---------------------------------------------------------------------------
@dataclass(frozen=True)
class CallStarted:
    """The call was answered."""


@dataclass(frozen=True)
class Heard:
    """A finished caller turn. `confidence` is the recognizer's, 0..1 (1.0 for typed text).

    `raw` is what the recognizer wrote before terms were repaired (empty: the same): a repair may
    take dictated figures for a term.
    """

    text: str
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    barged_in: bool = False
    raw: str = ""


@dataclass(frozen=True)
class NoInput:
    """The caller said nothing for the no-input time."""


@dataclass(frozen=True)
class Digit:
    """A DTMF digit."""

    digit: str


@dataclass(frozen=True)
class Paused:
    """Neither words nor keys nor anything of ours for `silence_ms`, while a number is dictated."""

    silence_ms: int


@dataclass(frozen=True)
class Found:
    """The answer to a `Search` action, in the same turn."""

    result: SearchResult


@dataclass(frozen=True)
class HandoffEnded:
    """The hand-off the dialog asked for did not end in a talk; `outcome` is the typed one.

    `call_back`: one can be booked; `own_number`: the calling number can be rung. `now` is the time
    (ISO 8601, with its zone), `opens` when somebody is there again, as one says it.
    """

    outcome: str
    call_back: bool = False
    own_number: bool = False
    now: str = ""
    opens: str = ""


Event = CallStarted | Heard | NoInput | Digit | Paused | Found | HandoffEnded


# --- actions out -------------------------------------------------------------------------
class SayKind(enum.StrEnum):
    """Why something is said; shown to testers and in records."""

    GREETING = "greeting"
    ANSWER = "answer"
    ASK = "ask"
    READ_BACK = "read_back"
    CONTRADICTION = "contradiction"
    REFUSE = "refuse"
    CLARIFY = "clarify"
    OFFER_HUMAN = "offer_human"
    FILLER = "filler"
    HANDOFF = "handoff"
    NO_INPUT = "no_input"
    GOODBYE = "goodbye"
    NOTICE = "notice"  # about the call itself: recording, hold, all lines busy


@dataclass(frozen=True)
class Citation:
    """Where a statement comes from: an index id and the source line shown to people."""

    id: str
    source: str
    quote: str = ""


@dataclass(frozen=True)
class Say:
    """Speak `text`. `confidence` 0..1 is the turn's; `citations` back every claim in it.

    `groups` are what of a dictated number is read back in it, as spoken, from number
    `first_group` (from 0) on.
    """

    text: str
    kind: SayKind
    confidence: float = 1.0
    citations: tuple[Citation, ...] = ()
    scene: str = ""
    slot: str = ""
    branch: str = ""
    groups: tuple[str, ...] = ()
    first_group: int = 0


@dataclass(frozen=True)
class Search:
    """Look `query` up and come back with `Found`.

    `raw` is what the caller said where `query` was made of it (a follow-up), else "". With
    `product`, what is of another product line does not answer.
    """

    query: str
    raw: str = ""
    product: str = ""


@dataclass(frozen=True)
class Handoff:
    """Bring a human. `reason` is a stable key: requested, low_confidence, danger, limit, scene,
    sensitive, upset, unknown_product, supervisor. `seat` is the one to ring first, by its name.
    """

    reason: str
    skill: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    seat: str = ""


@dataclass(frozen=True)
class SendMessage:
    """Send to the caller's telephone what cannot be spoken, as they agreed to.

    `what` is ``figure`` or ``link``; `content` the figure's id in the index or the address,
    `source` the citation it belongs to.
    """

    what: str
    content: str
    source: str = ""


@dataclass(frozen=True)
class HangUp:
    """End the call after what was said has been heard."""


@dataclass(frozen=True)
class BookCallBack:
    """Promise the caller a call: on `number` (empty: the calling one), as `wish` says, between
    `due_from` and `due_to` (ISO 8601; empty: as soon as possible). What follows it is said only if
    that worked."""

    number: str
    wish: str
    due_from: str = ""
    due_to: str = ""


Action = Say | Search | Handoff | HangUp | SendMessage | BookCallBack
