"""A plain numpy forward pass of the packed e5 file: the reference for its conversion."""

from __future__ import annotations

import math

import numpy as np

from voicebot.weights.e5_q4 import E5Q4File, Floats

_ERF = np.vectorize(math.erf, otypes=[np.float32])


def embed(packed: E5Q4File, word: Floats, ids: list[int]) -> Floats:
    """Mean-pooled, normalised embedding [hidden] of one token sequence; `word` is emb.word."""
    hidden = packed.hidden
    x = word[ids] + packed.floats("emb.pos", -1, hidden)[: len(ids)]
    x = _norm(packed, "emb.ln", x + packed.floats("emb.type", -1, hidden)[0])
    for layer in range(packed.layers):
        name = f"l{layer}."
        x = _norm(packed, name + "aln", x + _attention(packed, name, x))
        inner = _linear(packed, name + "fi", x, packed.ffn)
        inner = inner * 0.5 * (1 + _ERF(inner / math.sqrt(2)))
        x = _norm(packed, name + "oln", x + _linear(packed, name + "fo", inner, hidden))
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def _attention(packed: E5Q4File, name: str, x: Floats) -> Floats:
    length, hidden = x.shape
    query, key, value = (
        _linear(packed, name + part, x, hidden).reshape(length, packed.heads, -1).swapaxes(0, 1)
        for part in "qkv"
    )
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ value
    return _linear(packed, name + "ao", mixed.swapaxes(0, 1).reshape(length, hidden), hidden)


def _linear(packed: E5Q4File, name: str, x: Floats, rows: int) -> Floats:
    return x @ packed.q4(name + ".w", rows, x.shape[-1]).T + packed.floats(name + ".b", rows)


def _norm(packed: E5Q4File, name: str, x: Floats) -> Floats:
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + packed.epsilon)
    return x * packed.floats(name + ".w", x.shape[-1]) + packed.floats(name + ".b", x.shape[-1])
