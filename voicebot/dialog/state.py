"""Everything a dialog remembers of a call: frozen, and plain data in `to_dict`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from voicebot.dialog.call_back_wish import CallBackWish
from voicebot.dialog.events import Citation, SendMessage
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.topic import Topic

STATE_VERSION = 5  # raised with every change of what is kept below


class Phase(enum.StrEnum):
    """Where the call is."""

    TALKING = "talking"
    HANDING_OFF = "handing_off"
    ENDED = "ended"


class Awaiting(enum.StrEnum):
    """What the next yes, no or 'go on' would be an answer to."""

    NOTHING = "nothing"
    OFFER = "offer"  # shall I bring a human?
    CLARIFY = "clarify"  # is it this scene?
    MORE = "more"  # shall I go on?
    TRY = "try"  # try this and tell me
    HELPED = "helped"  # did it help?
    ANSWERED = "answered"  # an answer was given, nothing was asked
    ELSE = "else"  # anything else?
    SEND = "send"  # shall I send it to your telephone?
    CALL_BACK = "call_back"  # shall somebody call back?
    CALL_BACK_WHEN = "call_back_when"  # when?
    CALL_BACK_NUMBER = "call_back_number"  # on the number you call from?


class Purpose(enum.StrEnum):
    """Why something is looked up."""

    QUESTION = "question"
    DIGRESSION = "digression"
    BRANCH = "branch"


@dataclass(frozen=True)
class Pending:
    """A search under way; `say` is a branch's own text, to come before what is found, `raw` the
    caller's words if `query` was made of them, `others` what is looked up if this finds nothing,
    `product` the line that the answers are limited to, `trying` whether a scene's advice is being
    tried."""

    query: str
    purpose: Purpose
    confidence: float
    say: str = ""
    raw: str = ""
    others: tuple[str, ...] = ()
    product: str = ""
    trying: bool = False


@dataclass(frozen=True)
class DialogState:
    """The memory of one call.

    `used` counts how often each prompt was said (the next variant follows from it), `said` is the
    last text spoken, `last_turn` what a caller who asks to hear it again hears. `rest` are the
    pieces left of a long answer. `failures` counts turns in a row that helped nobody. `unasked`:
    the scene's question was cut before it was heard. `rival` is the other scene when the caller
    was asked which of two it is. `spoken` are the texts said in this call, the last of them last,
    `answered` the sources of its answers, one for each piece said;
    `topic` is what was answered last, `sending` what may be sent by message; `upset` counts the
    caller's angry turns. `fragment` are words that asked nothing by themselves, and may with the
    next. `asked_back` are the questions that the caller was asked whether they are meant.
    `call_back` is the call back that is being arranged.
    """

    phase: Phase = Phase.TALKING
    awaiting: Awaiting = Awaiting.NOTHING
    scene: SceneRun | None = None
    closed: SceneRun | None = None
    pending: Pending | None = None
    candidate: str = ""
    candidate_query: str = ""
    rival: str = ""
    offer_reason: str = ""
    rest: tuple[str, ...] = ()
    rest_citations: tuple[Citation, ...] = ()
    rest_confidence: float = 1.0
    rest_then: Awaiting = Awaiting.ANSWERED
    used: Mapping[str, int] = field(default_factory=dict)
    said: str = ""
    last_turn: str = ""
    turns: int = 0
    failures: int = 0
    silences: int = 0
    waiting: bool = False
    unasked: bool = False
    spoken: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    topic: Topic | None = None
    sending: SendMessage | None = None
    upset: int = 0
    fragment: str = ""
    asked_back: tuple[str, ...] = ()
    call_back: CallBackWish | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (JSON-ready); `from_dict` takes it back."""
        return {"version": STATE_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DialogState:
        """Raises ValueError for a state of another version: a call does not outlive an upgrade."""
        plain = dict(data)
        version = plain.pop("version", None)
        if version != STATE_VERSION:
            raise ValueError(f"expected a dialog state of version {STATE_VERSION}, got {version}")
        plain["phase"] = Phase(plain["phase"])
        plain["awaiting"] = Awaiting(plain["awaiting"])
        plain["rest_then"] = Awaiting(plain["rest_then"])
        for name in ("scene", "closed"):
            plain[name] = SceneRun.from_dict(plain[name]) if plain[name] else None
        if plain["pending"]:
            pending = plain["pending"]
            plain["pending"] = Pending(
                **{
                    **pending,
                    "purpose": Purpose(pending["purpose"]),
                    "others": tuple(pending["others"]),
                }
            )
        plain["spoken"] = tuple(plain["spoken"])
        plain["answered"] = tuple(plain["answered"])
        plain["asked_back"] = tuple(plain["asked_back"])
        plain["topic"] = Topic.from_dict(plain["topic"]) if plain["topic"] else None
        plain["sending"] = SendMessage(**plain["sending"]) if plain["sending"] else None
        plain["call_back"] = CallBackWish(**plain["call_back"]) if plain["call_back"] else None
        plain["rest"] = tuple(plain["rest"])
        plain["rest_citations"] = tuple(Citation(**each) for each in plain["rest_citations"])
        return cls(**plain)
