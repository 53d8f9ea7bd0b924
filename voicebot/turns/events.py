"""What the turn-taker says happened. Frozen; all times are ms on the call's frame clock.

The frame clock counts received frames: `at_ms` is the end of the newest frame, so that an event
caused by the first frame of a call has ``at_ms == 20``. Order within a call (square brackets:
optional, star: any number of times)::

    [BargeInSuspected (BargeInDismissed | BargeIn)] SpeechStarted
        (SpeculateNow SpeechResumed)* [SpeculateNow] TurnEnded

Where the content decides (`content_barge_in`), what is said over the bot is recognized first::

    BargeInSuspected (SpeculateNow SpeechResumed)* [SpeculateNow]
        (BargeInDismissed | [BargeIn] SpeechStarted (SpeechResumed SpeculateNow)* … TurnEnded)

`NoInputElapsed` comes only between turns. A `BargeInSuspected` whose speech outlasts the bot's
own is settled by a plain `SpeechStarted`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class TurnEndReason(enum.StrEnum):
    """Why a turn was closed."""

    SILENCE = "silence"
    MAX_LENGTH = "max_length"


@dataclass(frozen=True)
class SpeechStarted:
    """The caller has begun a turn; `speech_start_ms` is where the speech itself began."""

    at_ms: int
    speech_start_ms: int


@dataclass(frozen=True)
class SpeculateNow:
    """First short silence: recognition may start on `utterance()` as it is now.

    If the turn ends without `SpeechResumed`, `utterance()` returns these very samples, so the
    speculative recognition is the final one.
    """

    at_ms: int
    speech_end_ms: int


@dataclass(frozen=True)
class SpeechResumed:
    """The caller went on: what was speculated since the last `SpeculateNow` is void."""

    at_ms: int


@dataclass(frozen=True)
class TurnEnded:
    """The turn is over. `speech_end_ms` is the end of the last speech, the budget's start."""

    at_ms: int
    speech_start_ms: int
    speech_end_ms: int
    reason: TurnEndReason


@dataclass(frozen=True)
class BargeInSuspected:
    """Speech over the bot that may become a barge-in: make the bot quieter, not silent."""

    at_ms: int
    onset_ms: int


@dataclass(frozen=True)
class BargeInDismissed:
    """The suspected speech came to nothing: bring the bot back to full level.

    What was speculated since `BargeInSuspected` is void.
    """

    at_ms: int


@dataclass(frozen=True)
class BargeIn:
    """The caller speaks over the bot and means it: stop the bot. `SpeechStarted` follows."""

    at_ms: int
    onset_ms: int


@dataclass(frozen=True)
class NoInputElapsed:
    """Neither side has spoken for the no-input time; repeats each time it has passed again."""

    at_ms: int


TurnEvent = (
    SpeechStarted
    | SpeculateNow
    | SpeechResumed
    | TurnEnded
    | BargeInSuspected
    | BargeInDismissed
    | BargeIn
    | NoInputElapsed
)
