"""What a language model is to the rest of the house: choices, wordings and forms, in time.

A choice names one of the options it was given. A wording reaches a caller only sentence by
sentence and only where the passage it cites bears it out (`voicebot.language.phrase`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

LETTERS = "ABCDEFGH"

Cancelled = Callable[[], bool]
"""Asked again and again while an engine works; True: nobody waits for it any more."""


class Late(Exception):
    """No answer by the deadline; the caller takes its cheaper way."""


class Abandoned(Exception):
    """Nobody waited for the answer any more, and the engine was told."""


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
    """Generated text. `finished` is False when the token cap, the deadline or a cancel cut it."""

    text: str
    tokens: int
    finished: bool
    elapsed_ms: float


def never() -> bool:
    """Somebody waits to the end."""
    return False


def unheard(text: str) -> None:
    """Nobody listens to the pieces."""


class ChoiceEngine(Protocol):
    """Scores lettered options by the first token of the answer."""

    def warm(self, head: FewShot) -> None:
        """Read a head once, so that later requests under it pay only for their own text."""
        ...

    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Choice:
        """Ask `question` with `options` lettered A, B, C …; at most 8.

        Raises Late when there is no answer `deadline_ms` from now, Abandoned when `cancelled`
        says so, LanguageError when the engine fails.
        """
        ...


class TextEngine(Protocol):
    """Writes text."""

    def generate(
        self,
        head: FewShot,
        prompt: str,
        max_tokens: int,
        cancelled: Cancelled = never,
        *,
        deadline_ms: float | None = None,
        on_text: Callable[[str], None] = unheard,
    ) -> Draft:
        """Continue the conversation; `on_text` is told each piece as it comes.

        `cancelled` is asked after every token, and while none comes. What is there at the deadline
        is returned unfinished. Raises Late if that is nothing, LanguageError when the engine fails.
        """
        ...


class Engine(ChoiceEngine, TextEngine, Protocol):
    """A language model, whatever runs it."""

    @property
    def name(self) -> str:
        """The model's name, for people."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it computes elsewhere: waiting for it takes no core of ours."""
        ...

    def fields(
        self,
        head: FewShot,
        prompt: str,
        names: Sequence[str],
        *,
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Mapping[str, str]:
        """Fill a form: a text for each of `names`, no more and no less, perhaps empty.

        Raises Late, Abandoned and LanguageError as `choose` does.
        """
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` is; where the tokenizer is not here, at least that many."""
        ...

    def close(self) -> None:
        """Give the model back. Idempotent."""
        ...


def lettered(question: str, options: Sequence[str]) -> str:
    """The text of a multiple-choice question, as `choose` puts it to the model."""
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return f"{question}\n" + "\n".join(lines)


def check_options(options: Sequence[str]) -> None:
    """Raises ValueError unless there are 2 to 8."""
    if not 2 <= len(options) <= len(LETTERS):
        raise ValueError(f"choose: expected 2 to {len(LETTERS)} options, got {len(options)}")
