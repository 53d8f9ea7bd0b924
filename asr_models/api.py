"""What a recognizer is to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Alternative:
    """One hypothesis; `score` is the mean log-probability a token (natural log)."""

    text: str
    score: float


@dataclass(frozen=True)
class Recognition:
    """What was heard in one stretch of audio.

    `text` is simplified Chinese, empty if nothing was said (or a guard refused the text:
    `rejected` then says which one). `confidence` is 0..1. `cpu_s` is the CPU time spent.
    """

    text: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    audio_ms: int = 0
    cpu_s: float = 0.0
    rejected: str = ""


class Recognizer(Protocol):
    """Text from a finished or growing stretch of speech. Thread-safe; blocking (CPU-bound)."""

    @property
    def name(self) -> str: ...

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,). `prompt` is domain context in Chinese."""
