"""Entries that compete with one another: their vectors and posting lists, scored together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from voicebot.knowledge import lexical, text
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.lexical import Floats, Postings

CANDIDATES = 50
SIGNALS = ("dense", "words", "chars", "sounds")


@dataclass(frozen=True)
class Moments:
    """Mean vector and covariance of a pool: they give a query's mean cosine and its deviation
    over all entries without scoring them."""

    mean: Vectors
    covariance: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Moments:
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        return cls(mean, centred.T @ centred / len(vectors))

    def z(self, cosines: Floats, query: Vectors) -> Floats:
        deviation = float(np.sqrt(max(float(query @ self.covariance @ query), 0.0)))
        return np.asarray((cosines - float(self.mean @ query)) / max(deviation, 1e-3), np.float32)


@dataclass(frozen=True)
class Scored:
    """A pool's candidates for one query, in no order.

    `rows` (n,) are entry numbers; `raw` and `z` (n, 4) are the signals in SIGNALS' order, as
    they are and as z-scores over the whole pool; `ceiling` (4,) is what a perfect match of the
    query with itself would score.
    """

    rows: npt.NDArray[np.int64]
    raw: Floats
    z: Floats
    ceiling: Floats


class Pool:
    """One or more entries with everything needed to score them. Immutable, so safe to share.

    `log_parts` (entries,) is the logarithm of how many passages an entry's record became.
    """

    def __init__(self, entries: Sequence[Entry], vectors: Vectors, postings: Sequence[Postings]):
        self.entries = tuple(entries)
        self.vectors = vectors
        self.words, self.chars, self.sounds = self.postings = tuple(postings)
        parts = Counter(entry.id for entry in entries if entry.role is Role.ANSWER)
        self.log_parts = np.log([float(parts[entry.id] or 1) for entry in entries])
        self._moments = Moments.of(vectors)
        self._faiss = faiss.IndexFlatIP(vectors.shape[1])
        self._faiss.add(np.ascontiguousarray(vectors))

    @classmethod
    def build(cls, entries: Sequence[Entry], vectors: Vectors) -> Pool:
        """`vectors` is (len(entries), dim), unit norm, in the entries' order."""
        matches = [entry.match for entry in entries]
        return cls(
            entries,
            vectors,
            (
                lexical.bm25([text.terms(match) for match in matches]),
                lexical.tf_idf([text.grams(match) for match in matches]),
                lexical.bm25([text.sounds(match) for match in matches]),
            ),
        )

    def vectors_of(self, rows: npt.NDArray[np.int64]) -> Vectors:
        """The vectors of some entries: (rows, dim)."""
        return self.vectors[rows]

    def word_scores(self, terms: Sequence[str]) -> Floats:
        """BM25 of every entry for these words alone: (entries,)."""
        return self.words.scores(self.words.bm25_query(terms))

    def score(self, query: str, vector: Vectors) -> Scored:
        """The union of each signal's best 50, with all signals for each. `vector` is (dim,)."""
        words = self.words.bm25_query(text.terms(query))
        sounds = self.sounds.bm25_query(text.sounds(query))
        sparse = np.stack(
            [
                self.words.scores(words),
                self.chars.scores(self.chars.cosine_query(text.grams(query))),
                self.sounds.scores(sounds),
            ],
            axis=1,
        )
        nearest = self._faiss.search(vector[None], min(CANDIDATES, len(self.entries)))[1][0]
        rows = np.unique(np.concatenate([nearest, *(_top(column) for column in sparse.T)]))
        cosines = self.vectors[rows] @ vector
        deviations = np.maximum(sparse.std(axis=0), 1e-3)
        z = (sparse[rows] - sparse.mean(axis=0)) / deviations
        return Scored(
            rows,
            np.column_stack([cosines, sparse[rows]]).astype(np.float32),
            np.column_stack([self._moments.z(cosines, vector), z]).astype(np.float32),
            np.array(
                [1.0, self.words.ceiling(words), 1.0, self.sounds.ceiling(sounds)], np.float32
            ),
        )


def _top(scores: Floats) -> npt.NDArray[np.int64]:
    if len(scores) <= CANDIDATES:
        return np.arange(len(scores))
    return np.argpartition(scores, -CANDIDATES)[-CANDIDATES:]
