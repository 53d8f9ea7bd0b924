"""Fixtures of the language tests: the real model, once a session, and a scripted stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from voicebot.language.api import Cancelled, Choice, Draft, FewShot, Late, never, unheard
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.weights import locate


@pytest.fixture(scope="session")
def llm(models: Path) -> Iterator[Ct2Engine]:
    """The real model; only tests marked `llm` ask for it."""
    with Ct2Engine(locate("qwen2.5-coder-1.5b", models)) as engine:
        yield engine


@dataclass
class Scripted:
    """An engine that answers as told: probabilities of a choice, or a text."""

    probabilities: tuple[float, ...] = (0.9, 0.1)
    text: str = ""
    finished: bool = True
    takes_ms: float = 100.0
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    written: int = 0

    def warm(self, head: FewShot) -> None:
        pass

    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Choice:
        self.asked.append((question, tuple(options)))
        if deadline_ms is not None and deadline_ms < self.takes_ms:
            raise Late
        best = max(range(len(self.probabilities)), key=self.probabilities.__getitem__)
        return Choice(best, self.probabilities, self.takes_ms)

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
        self.written += 1
        on_text(self.text)
        return Draft(self.text, len(self.text), self.finished, self.takes_ms)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()
