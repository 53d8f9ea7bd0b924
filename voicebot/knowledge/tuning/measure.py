"""How well an embedder finds the held-out passages: recall with its bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.tuning.pairs import Split

AT = (1, 3, 10)
_Z = 1.96  # of 95 %


@dataclass(frozen=True)
class Recall:
    """`ranks`: for each question how many passages lie nearer than its own (0: found first)."""

    ranks: tuple[int, ...]

    @property
    def n(self) -> int:
        return len(self.ranks)

    def hits(self, k: int) -> int:
        """Questions whose passage is among the first `k`."""
        return sum(rank < k for rank in self.ranks)

    def at(self, k: int) -> float:
        """Recall at `k`."""
        return self.hits(k) / self.n

    def __str__(self) -> str:
        parts = []
        for k in AT:
            low, high = wilson(self.hits(k), self.n)
            parts.append(f"R@{k} {self.at(k):.3f} [{low:.3f}, {high:.3f}]")
        return ", ".join(parts)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927). Raises ValueError for n < 1."""
    if n < 1:
        raise ValueError(f"at least one trial is expected, got {n}")
    share, spread = hits / n, _Z * _Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def recall(embedder: Embedder, split: Split) -> Recall:
    """The held-out questions among all passages, by cosine alone."""
    passages = split.passages
    place = {passage: number for number, passage in enumerate(passages)}
    vectors = embedder.passages(passages)
    questions = embedder.queries([pair.question for pair in split.held_out])
    own = [place[pair.passage] for pair in split.held_out]
    return Recall(_ranks(questions @ vectors.T, own))


def _ranks(cosines: np.ndarray, own: Sequence[int]) -> tuple[int, ...]:
    mine = cosines[np.arange(len(own)), own]
    return tuple(int(count) for count in (cosines > mine[:, None]).sum(axis=1))
