"""How a supervisor's action may end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

MOST_CHARS = 200
"""Of a text that is to be said."""


class Stage(enum.StrEnum):
    """Who has the call."""

    BOT = "bot"
    HANDING_OFF = "handing_off"
    BRIDGED = "bridged"
    ENDED = "ended"


class Why(enum.StrEnum):
    """Why an action came to nothing; a dialled phone's refusal is a `TransferOutcome` instead."""

    ENDED = "ended"
    HANDING_OFF = "handing_off"
    BRIDGED = "bridged"
    NOT_BRIDGED = "not_bridged"
    NO_CHANCE = "no_chance"
    TOO_MANY = "too_many"
    BAD_TEXT = "bad_text"
    URI_REFUSED = "uri_refused"
    UNKNOWN_SEAT = "unknown_seat"
    SEAT_BUSY = "busy"  # as its phone would say
    NO_LINE = "no_line"
    SEAT_GONE = "seat_gone"


EXPLAINED = {
    Why.ENDED: "the call has ended",
    Why.HANDING_OFF: "a seat is being called; wait for it to answer",
    Why.BRIDGED: "a human has the call; join it, or whisper to the seat",
    Why.NOT_BRIDGED: "no human has the call; take it over, or tell the bot what to say",
    Why.NO_CHANCE: "bot or caller spoke all the time; try again",
    Why.TOO_MANY: "one is under way already; wait for it to end",
    Why.BAD_TEXT: f"1 to {MOST_CHARS} characters with a word in them are expected",
    Why.URI_REFUSED: "this phone may not be rung; add it to handoff.supervisors",
    Why.UNKNOWN_SEAT: "no seat of this name in the settings",
    Why.SEAT_BUSY: "this seat is rung or talks already; wait for it, or ring another phone",
    Why.NO_LINE: "this call has no line to ring a phone on",
    Why.SEAT_GONE: "the seat has left",
}


@dataclass(frozen=True)
class Acted:
    """How an action ended: `ok`, or `why` not, with a sentence for people in `text`."""

    ok: bool
    why: str = ""
    text: str = ""

    @classmethod
    def refused(cls, why: Why) -> Acted:
        """With the sentence that explains it."""
        return cls(False, why, EXPLAINED[why])


DONE = Acted(True)
