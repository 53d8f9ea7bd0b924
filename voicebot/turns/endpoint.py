"""How much silence ends a turn. One strategy a class; `FixedEndpoint` is the first."""

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

    `text` is the newest (speculative) recognition of this turn, empty if there is none yet.
    """

    speech_ms: int
    silence_ms: int
    text: str = ""
    expected: ExpectedAnswer = ExpectedAnswer.OPEN


class EndpointStrategy(Protocol):
    """Decides how much silence ends this turn; asked once a silent frame."""

    def needed_silence_ms(self, turn: TurnSoFar) -> int: ...


@dataclass(frozen=True)
class FixedEndpoint:
    """The same silence for every turn."""

    endpoint_ms: int

    def needed_silence_ms(self, turn: TurnSoFar) -> int:
        """`endpoint_ms`, whatever was said."""
        return self.endpoint_ms
