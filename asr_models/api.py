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
class Span:
    """A stretch of a text: said from `start_ms` to `end_ms` of the audio; `confidence` is 0..1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True)
class Recognition:
    """What was heard in one stretch of audio.

    `text` is simplified Chinese, empty if nothing was said (or a guard refused the text:
    `rejected` then says which one). `confidence` is 0..1. `cpu_s` is the CPU time spent.
    `spans` are the words or segments of `text` in order, where the engine tells their times.
    """

    text: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    audio_ms: int = 0
    cpu_s: float = 0.0
    rejected: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Partial:
    """What is heard so far of an utterance that may go on.

    `stable` is the beginning of `text` that later partials are not expected to change.
    """

    text: str
    stable: str
    confidence: float
    audio_ms: int


class RecognitionStream(Protocol):
    """One utterance as it grows: PCM in, partials and finals out.

    `accept` is cheap and may be called while one of the others runs (from another thread);
    `partial` and `final` compute and are called one at a time. Dropping a stream ends it.
    """

    @property
    def samples(self) -> int:
        """How many samples have been accepted."""

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        """Add mono int16 samples, shape (n,), at the stream's rate; silence is audio too."""

    def partial(self, until: int | None = None) -> Partial:
        """What the first `until` samples say (default: all accepted so far); the quick answer."""

    def final(self, until: int | None = None) -> Recognition:
        """The engine's best reading of the first `until` samples (default: all so far).

        It does not end the stream: the caller may go on, and a later `final` replaces this one.
        """


class Recognizer(Protocol):
    """Text from a finished stretch of speech. Thread-safe; blocking (CPU-bound)."""

    @property
    def name(self) -> str: ...

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,). `prompt` is domain context in Chinese."""


class StreamingRecognizer(Recognizer, Protocol):
    """A recognizer that hears a caller while they speak; streams are independent of each other."""

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> RecognitionStream:
        """A new utterance. `prompt` is domain context in Chinese.

        `figures`: the caller is asked for a number. An engine whose prompt makes it write words
        for figures leaves the prompt out; words are still heard.
        """
