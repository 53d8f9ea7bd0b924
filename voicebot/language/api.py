"""What a language model is to the rest of the house: choices under a deadline, and drafts.

Nothing a model writes reaches a caller: callers hear prepared texts and quoted passages. A
choice names one of the options it was given; a draft is for a person to review.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LETTERS = "ABCDEFGH"


class Late(Exception):
    """No answer by the deadline; the caller takes its cheaper way."""


@dataclass(frozen=True)
class FewShot:
    """The fixed head of a prompt: instructions and worked examples (user text, answer)."""

    system: str
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    """The chosen option, and the probability of each (they sum to 1)."""

    index: int
    probabilities: tuple[float, ...]
    elapsed_ms: float

    @property
    def probability(self) -> float:
        """Probability of the chosen option, 0..1."""
        return self.probabilities[self.index]


@dataclass(frozen=True)
class Draft:
    """Generated text. `finished` is False when the token cap or a cancel cut it short."""

    text: str
    tokens: int
    finished: bool
    elapsed_ms: float


class ChoiceEngine(Protocol):
    """Scores lettered options by the first token of the answer."""

    def warm(self, head: FewShot) -> None:
        """Read a head once, so that later choices under it pay only for their own text."""
        ...

    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
    ) -> Choice:
        """Ask `question` with `options` lettered A, B, C …; at most 8.

        Raises Late when there is no answer `deadline_ms` from now.
        """
        ...


class TextEngine(Protocol):
    """Writes text, for people to review."""

    def generate(
        self,
        head: FewShot,
        prompt: str,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Draft:
        """Continue the conversation; `cancelled` is asked after every token."""
        ...


def lettered(question: str, options: Sequence[str]) -> str:
    """The text of a multiple-choice question, as `choose` puts it to the model."""
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return f"{question}\n" + "\n".join(lines)
