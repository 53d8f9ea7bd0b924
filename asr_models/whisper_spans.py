"""When each piece of a text was said: from Whisper's alignment of tokens to a text's spans.

CTranslate2 aligns by the cross-attention of the heads that the weights' config names (dynamic
time warping, as in openai/whisper's word timestamps). A token is a character, a part of one, or a
word; a span is the shortest run of tokens that makes whole characters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from asr_models.api import Span
from asr_models.script import normalize_script, strip_punctuation


@dataclass(frozen=True)
class AlignedToken:
    """A token of the tokenizer's, when it was said, and its probability given those before."""

    id: int
    start_ms: int
    end_ms: int
    probability: float


@dataclass
class _Piece:
    """Tokens that make whole characters, and how many letters or characters they are."""

    tokens: list[AlignedToken]
    letters: int


def make_spans(
    tokens: Sequence[AlignedToken], text: str, decode: Callable[[Sequence[int]], str]
) -> tuple[Span, ...]:
    """Cut the recognized `text` into the spans of its `tokens`.

    Marks belong to the span before. Empty where a guard has changed the text, so that its
    characters are no longer those of the tokens.

    Args:
        tokens: those of the best hypothesis.
        text: as the recognizer gives it, in the house's spelling.
        decode: from token ids to a text as it was written.
    """
    pieces = _pieces(tokens, decode)
    if sum(piece.letters for piece in pieces) != len(strip_punctuation(text)):
        return ()
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        end, left = at, piece.letters
        while end < len(text) and (left or not text[end].isalnum()):
            left -= text[end].isalnum()
            end += 1
        sure = float(np.exp(np.mean([np.log(t.probability + 1e-9) for t in piece.tokens])))
        first, last = piece.tokens[0], piece.tokens[-1]
        spans.append(Span(text[at:end].strip(), first.start_ms, last.end_ms, min(1.0, sure)))
        at = end
    return tuple(spans)


def _pieces(tokens: Sequence[AlignedToken], decode: Callable[[Sequence[int]], str]) -> list[_Piece]:
    pieces: list[_Piece] = []
    waiting: list[AlignedToken] = []
    for token in tokens:
        waiting.append(token)
        raw = decode([part.id for part in waiting])
        if "\ufffd" in raw:
            continue
        letters = len(strip_punctuation(normalize_script(raw)))
        if letters:
            pieces.append(_Piece(waiting, letters))
        waiting = []
    return pieces
