"""Exact search: every vector is compared. The choice below 200,000 rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors.api import EVERYTHING, NOTHING, Filter, Nearest, checked_query
from voicebot.knowledge.vectors.labels import Labels, Masks


class FlatIndex:
    """Over `vectors` (rows, dim), which may be a mapped file: nothing is copied."""

    backend = "flat"

    def __init__(self, vectors: Vectors, labels: Labels) -> None:
        if len(vectors) != len(labels):
            raise ValueError(f"{len(vectors)} vectors but {len(labels)} labels")
        self._vectors = vectors
        self._masks = Masks(labels)
        self.dim = int(vectors.shape[1])

    def __len__(self) -> int:
        return len(self._masks)

    def search(self, query: Vectors, k: int, keep: Filter = EVERYTHING) -> Nearest:
        """See `VectorIndex.search`."""
        query = checked_query(query, self.dim)
        mask = self._masks.of(keep)
        size = min(k, int(np.count_nonzero(mask)))
        if size <= 0:
            return NOTHING
        cosines = np.where(mask, self._vectors @ query, np.float32(-2))
        best = np.argpartition(cosines, -size)[-size:]
        best = best[np.lexsort((best, -cosines[best]))]
        return Nearest(best.astype(np.int64), cosines[best].astype(np.float32))

    def delete(self, rows: Sequence[int]) -> None:
        """See `VectorIndex.delete`."""
        self._masks.delete(rows)
