"""Where questions lie: a small map of e5's vectors, fitted on questions that mean the same.

``question_map.npz`` beside this file holds it; ``tests/bench/fit_question_map.py`` writes it. It
brings the ways to ask one thing together, and parts what e5 holds alike because the subject is.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.pool import Moments, Part, Pool, labels_of
from voicebot.knowledge.vectors.flat import FlatIndex

FILE = Path(__file__).with_name("question_map.npz")
EMBEDDER = "e5-small"  # whose vectors it was fitted on
MOST = 200_000  # rows that are mapped and held in memory


@dataclass(frozen=True)
class QuestionMap:
    """``unit(x + x @ down @ up)`` of centred unit vectors x: `mean` (dim,), `down` (dim, rank),
    `up` (rank, dim)."""

    mean: Vectors
    down: Vectors
    up: Vectors

    def __call__(self, vectors: Vectors) -> Vectors:
        """Unit vectors (n, dim) to unit vectors (n, dim)."""
        x = unit(np.asarray(vectors - self.mean, np.float32))
        return unit(np.asarray(x + x @ self.down @ self.up, np.float32))

    def save(self, path: Path) -> None:
        """As 16-bit floats."""
        half = {name: getattr(self, name).astype(np.float16) for name in ("mean", "down", "up")}
        np.savez_compressed(path, **half)


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to norm 1."""
    length = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return np.asarray(vectors / length, np.float32)


@functools.cache
def committed() -> QuestionMap:
    """The map of question_map.npz."""
    with np.load(FILE) as stored:
        return QuestionMap(*(stored[name].astype(np.float32) for name in ("mean", "down", "up")))


def map_for(embedder: Embedder, pool: Pool | None) -> QuestionMap | None:
    """The map for `pool`'s questions; None for another embedder's, or for too many."""
    fits = pool is not None and embedder.name == EMBEDDER and embedder.dim == len(committed().mean)
    return committed() if fits and pool is not None and len(pool) <= MOST else None


def mapped(pool: Pool, by: QuestionMap) -> Pool:
    """The same entries with their vectors mapped; words and sounds are shared."""
    parts = []
    for part in pool.parts:
        vectors = by(np.asarray(part.vectors))
        index = FlatIndex(vectors, labels_of(part.entries))
        parts.append(Part(part.entries, vectors, part.postings, index))
    moments = Moments.of(np.concatenate([np.asarray(part.vectors) for part in parts]))
    return Pool(parts, moments, pool.log_parts, pool.deleted)
