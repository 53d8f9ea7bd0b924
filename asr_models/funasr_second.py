"""What follows the stream: an offline model over the whole utterance, and punctuation."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.api import Span
from asr_models.funasr_runtime import FunasrModel, as_float
from asr_models.metrics import syllable_errors
from asr_models.script import strip_punctuation

_MARKS = re.compile("[，。？！、；：,.?!;:]")


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
        """Return `text` with the model's marks; as it is where the model has other characters.

        FunASR's own text is not used: it writes NF5280M6 as Nf5280m6 where a sentence begins.
        """
        return with_marks(text, str(self.model.generate(text).get("text", "")))


def with_marks(text: str, marked: str) -> str:
    """Return `text` with the punctuation of `marked`; `text` where they are not the same text."""
    marks = _MARKS.sub("", text)
    if strip_punctuation(marked).casefold() != strip_punctuation(marks).casefold():
        return text
    out, rest = "", marked
    for char in marks:
        out += char
        if char.isalnum():
            at = next(i for i, other in enumerate(rest) if other.isalnum()) + 1
            following = itertools.takewhile(lambda other: not other.isalnum(), rest[at:])
            out += "".join(_MARKS.findall("".join(following)))
            rest = rest[at:]
    return out


def agreement(one: str, other: str) -> float:
    """How much of two texts sounds the same, 0..1 (toneless syllables)."""
    if not one or not other:
        return 0.0
    return 1.0 - min(1.0, syllable_errors(one, other).rate)


def spans_of(
    text: str, times: tuple[tuple[int, int], ...], confidence: float, audio_ms: int
) -> tuple[Span, ...]:
    """A span a token of a second pass; none where times and tokens do not pair.

    FunASR counts in frames of 60 ms: its last token may end after the audio, ours does not.
    """
    tokens = text.split() if " " in text.strip() else list(text)
    if len(tokens) != len(times):
        return ()
    return tuple(
        Span(token, min(start, audio_ms), min(end, audio_ms), confidence)
        for token, (start, end) in zip(tokens, times, strict=True)
    )
