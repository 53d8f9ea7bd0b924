"""The slot for a model that reads a question and a passage together. None is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from voicebot.knowledge.lexical import Floats
from voicebot.knowledge.ranking import Ranked

DEPTH = 20  # how many of the best are read again


class Reranker(Protocol):
    """A second look at the best candidates. Called from several threads."""

    @property
    def weight(self) -> float:
        """What a unit of `scores` counts in logits of the fused order."""
        ...

    def scores(self, query: str, texts: Sequence[str]) -> Floats:
        """How well each text answers, higher is better: float32 (len(texts),)."""
        ...


def rerank(query: str, ranked: Sequence[Ranked], reranker: Reranker) -> list[Ranked]:
    """The best DEPTH in the order that fused score and reranker give together; the rest follow,
    none of them above the last that was read."""
    read, rest = ranked[:DEPTH], ranked[DEPTH:]
    if not read:
        return []
    scores = reranker.scores(query, [item.entry.match for item in read])
    moved = [
        replace(item, fused=item.fused + reranker.weight * float(score))
        for item, score in zip(read, scores, strict=True)
    ]
    moved.sort(key=lambda item: -item.fused)
    fall = max(0.0, rest[0].fused - moved[-1].fused) if rest else 0.0
    return [*moved, *(replace(item, fused=item.fused - fall) for item in rest)]
