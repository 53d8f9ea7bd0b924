"""What follows the stream: an offline model over the whole utterance, and punctuation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.api import Span
from asr_models.funasr_runtime import FunasrModel, as_float
from asr_models.metrics import syllable_errors
from asr_models.script import strip_punctuation


class SecondPass:
    """An offline FunASR recognizer, with hotwords where it takes them. Thread-safe."""

    def __init__(self, model: FunasrModel, hotwords: tuple[str, ...]) -> None:
        """`hotwords` are handed on as FunASR wants them: one string, spaces between the words."""
        self.model = model
        self.hotwords = " ".join("".join(word.split()) for word in hotwords)

    def hear(self, audio: npt.NDArray[np.int16]) -> tuple[str, tuple[tuple[int, int], ...]]:
        """Return the text of 16 kHz samples, shape (n,), and [start, end) in ms a token.

        The times are empty where the model tells none.
        """
        options: dict[str, Any] = {"output_timestamp": True}
        if self.hotwords:
            options["hotword"] = self.hotwords
        found = self.model.generate(as_float(audio), **options)
        times = tuple((int(start), int(end)) for start, end in found.get("timestamp") or ())
        return str(found.get("text", "")), times


class Punctuation:
    """A FunASR punctuation model. Thread-safe."""

    def __init__(self, model: FunasrModel) -> None:
        self.model = model

    def add(self, text: str) -> str:
        """Return `text` with marks; `text` itself where the model changed more than that."""
        found = str(self.model.generate(text).get("text", ""))
        return found if strip_punctuation(found) == strip_punctuation(text) else text


def agreement(one: str, other: str) -> float:
    """How much of two texts sounds the same, 0..1 (toneless syllables)."""
    if not one or not other:
        return 0.0
    return 1.0 - min(1.0, syllable_errors(one, other).rate)


def spans_of(text: str, times: tuple[tuple[int, int], ...], confidence: float) -> tuple[Span, ...]:
    """A span a token of a second pass; none where times and tokens do not pair."""
    tokens = text.split() if " " in text.strip() else list(text)
    if len(tokens) != len(times):
        return ()
    return tuple(
        Span(token, start, end, confidence)
        for token, (start, end) in zip(tokens, times, strict=True)
    )
