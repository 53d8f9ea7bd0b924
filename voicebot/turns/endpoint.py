"""How much silence ends a turn. One strategy a file; here what they share, and the fixed one."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


class ExpectedAnswer(enum.StrEnum):
    """What kind of answer the bot has just asked for; a hint, never a constraint."""

    OPEN = "open"
    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"


@dataclass(frozen=True)
class TurnSoFar:
    """What is known about the running turn when its end is judged.

    `text` is the recognition of all speech so far, empty while there is none; `earlier_text` the
    one from before the caller's last pause, empty in the first stretch of speech. `confidence` is
    the recognizer's in `text`, 0..1.
    """

    speech_ms: int
    silence_ms: int
    text: str = ""
    expected: ExpectedAnswer = ExpectedAnswer.OPEN
    earlier_text: str = ""
    confidence: float = 1.0


class EndpointStrategy(Protocol):
    """Decides how much silence ends this turn; asked once a silent frame. One a call."""

    def needed_silence_ms(self, turn: TurnSoFar) -> int: ...

    def caller_paused(self, pause_ms: int, *, cut: bool = False) -> None:
        """The caller was silent that long and went on; `cut`: the turn had been ended in it."""


@dataclass(frozen=True)
class FixedEndpoint:
    """The same silence for every turn."""

    endpoint_ms: int

    def needed_silence_ms(self, turn: TurnSoFar) -> int:
        """`endpoint_ms`, whatever was said."""
        return self.endpoint_ms

    def caller_paused(self, pause_ms: int, *, cut: bool = False) -> None:
        """Nothing is learned from it."""
