"""Entries that compete with one another: their vectors and posting lists, scored together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt
import structlog

from voicebot.knowledge import lexical, text
from voicebot.knowledge.delta import cosine_query
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.lexical import Floats, Postings
from voicebot.knowledge.vectors.api import (
    EVERYTHING,
    Filter,
    Rows,
    VectorIndex,
    VectorsUnavailableError,
)
from voicebot.knowledge.vectors.flat import FlatIndex
from voicebot.knowledge.vectors.labels import Labels

CANDIDATES = 50
SIGNALS = ("dense", "words", "chars", "sounds")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Moments:
    """Mean vector and covariance of a pool: they give a query's mean cosine and its deviation
    over all entries without scoring them."""

    mean: Vectors
    covariance: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Moments:
        """Of `vectors` (n, dim), read block by block: they may be a mapped file."""
        dim = vectors.shape[1]
        total, squares = np.zeros(dim), np.zeros((dim, dim))
        for start in range(0, len(vectors), 100_000):
            block = np.asarray(vectors[start : start + 100_000], np.float32)
            total += block.sum(axis=0, dtype=np.float64)
            squares += block.T @ block
        mean = total / len(vectors)
        covariance = squares / len(vectors) - np.outer(mean, mean)
        return cls(mean.astype(np.float32), covariance.astype(np.float32))

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


@dataclass(frozen=True)
class Part:
    """Entries with what scores them. `vectors` (entries, dim) may be a mapped file, `nearest`
    searches them; `postings` are those of SIGNALS after the first."""

    entries: Sequence[Entry]
    vectors: Vectors
    postings: tuple[Postings, ...]
    nearest: VectorIndex

    @classmethod
    def build(cls, entries: Sequence[Entry], vectors: Vectors) -> Part:
        """`vectors` is (len(entries), dim), unit norm, in the entries' order."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        return cls(entries, vectors, postings_of(entries), FlatIndex(vectors, labels_of(entries)))


def postings_of(entries: Sequence[Entry]) -> tuple[Postings, ...]:
    """The posting lists of SIGNALS after the first."""
    matches = [entry.match for entry in entries]
    return (
        lexical.bm25([text.terms(match) for match in matches]),
        lexical.tf_idf([text.grams(match) for match in matches]),
        lexical.bm25([text.sounds(match) for match in matches]),
    )


def labels_of(entries: Sequence[Entry]) -> Labels:
    """Rows are filtered by product; whatever is indexed is approved."""
    return Labels.of([entry.product for entry in entries])


def log_parts_of(entries: Sequence[Entry]) -> npt.NDArray[np.float64]:
    """(entries,): the logarithm of how many passages an entry's record became."""
    parts = Counter(entry.id for entry in entries if entry.role is Role.ANSWER)
    return np.log([float(parts[entry.id] or 1) for entry in entries])


class Pool:
    """One or more entries with everything needed to score them. Immutable, so safe to share.

    Rows count through the parts, the large one first, then what was added since. `deleted` rows
    are never candidates. `log_parts` is as `log_parts_of` says, over all rows.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        moments: Moments,
        log_parts: npt.NDArray[np.float64],
        deleted: Rows | None = None,
    ) -> None:
        self.parts = tuple(parts)
        self.moments = moments
        self.log_parts = log_parts
        self.deleted = np.zeros(0, np.int64) if deleted is None else deleted
        self._offsets = np.cumsum([0, *(len(part.entries) for part in parts)])
        self._alive = np.ones(len(log_parts), np.bool_)
        self._alive[self.deleted] = False
        self.words, self.chars, self.sounds = self.postings = parts[0].postings
        self.entries: Sequence[Entry] = (
            parts[0].entries if len(parts) == 1 else _Joined([part.entries for part in parts])
        )

    @classmethod
    def build(cls, entries: Sequence[Entry], vectors: Vectors) -> Pool:
        """`vectors` is (len(entries), dim), unit norm, in the entries' order."""
        part = Part.build(tuple(entries), vectors)
        return cls([part], Moments.of(part.vectors), log_parts_of(entries))

    def __len__(self) -> int:
        """Entries that can be found."""
        return len(self._alive) - len(self.deleted)

    def living(self) -> list[tuple[Entry, Vectors]]:
        """Every entry that can be found, with its vector (dim,)."""
        found = []
        for part, offset in zip(self.parts, self._offsets, strict=False):
            for i, entry in enumerate(part.entries):
                if self._alive[offset + i]:
                    found.append((entry, part.vectors[i]))
        return found

    def vectors_of(self, rows: Rows) -> Vectors:
        """The vectors of some entries: (rows, dim)."""
        found = np.empty((len(rows), self.parts[0].vectors.shape[1]), np.float32)
        for part, offset in zip(self.parts, self._offsets, strict=False):
            here = (rows >= offset) & (rows < offset + len(part.entries))
            found[here] = part.vectors[rows[here] - offset]
        return found

    def word_scores(self, terms: Sequence[str]) -> Floats:
        """BM25 of every entry for these words alone: (entries,)."""
        query = self.words.bm25_query(terms)
        return np.concatenate([part.postings[0].scores(query) for part in self.parts])

    def cosines(self, rows: Rows, vector: Vectors) -> Floats:
        """Exact cosines of some rows: (rows,)."""
        found = np.empty(len(rows), np.float32)
        for part, offset in zip(self.parts, self._offsets, strict=False):
            here = (rows >= offset) & (rows < offset + len(part.entries))
            found[here] = part.vectors[rows[here] - offset] @ vector
        return found

    def score(self, query: str, vector: Vectors, product: str = "") -> Scored:
        """The union of each signal's best 50, with all signals for each. `vector` is (dim,).

        With `product`, the nearest vectors are those of this product and of none. Where vectors
        cannot be searched the other signals find alone.
        """
        words = self.words.bm25_query(text.terms(query))
        sounds = self.sounds.bm25_query(text.sounds(query))
        chars = cosine_query([part.postings[1] for part in self.parts], text.grams(query))
        queries = (words, chars, sounds)
        sparse = np.stack(
            [
                np.concatenate([part.postings[i].scores(terms) for part in self.parts])
                for i, terms in enumerate(queries)
            ],
            axis=1,
        )
        sparse[self.deleted] = 0.0
        nearest = self._nearest(vector, product)
        rows = np.unique(np.concatenate([nearest, *(_top(column) for column in sparse.T)]))
        rows = rows[self._alive[rows]]
        cosines = self.cosines(rows, vector)
        deviations = np.maximum(sparse.std(axis=0), 1e-3)
        z = (sparse[rows] - sparse.mean(axis=0)) / deviations
        return Scored(
            rows,
            np.column_stack([cosines, sparse[rows]]).astype(np.float32),
            np.column_stack([self.moments.z(cosines, vector), z]).astype(np.float32),
            np.array(
                [1.0, self.words.ceiling(words), 1.0, self.sounds.ceiling(sounds)], np.float32
            ),
        )

    def _nearest(self, vector: Vectors, product: str) -> Rows:
        keep = Filter(products=frozenset(("", product))) if product else EVERYTHING
        rows, cosines = [], []
        for part, offset in zip(self.parts, self._offsets, strict=False):
            try:
                found = part.nearest.search(vector, CANDIDATES, keep)
            except VectorsUnavailableError as error:
                _log.warning("vectors_unavailable", error=str(error))
                continue
            rows.append(found.rows + offset)
            cosines.append(found.cosines)
        if not rows:
            return np.zeros(0, np.int64)
        every = np.concatenate(rows)
        return every[np.argsort(-np.concatenate(cosines), kind="stable")[:CANDIDATES]]


class _Joined(Sequence[Entry]):
    """Several sequences one after the other."""

    def __init__(self, parts: Sequence[Sequence[Entry]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    @overload
    def __getitem__(self, row: int) -> Entry: ...
    @overload
    def __getitem__(self, row: slice) -> list[Entry]: ...
    def __getitem__(self, row: int | slice) -> Entry | list[Entry]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        for part in self._parts:
            if row < len(part):
                return part[row]
            row -= len(part)
        raise IndexError(row)


def _top(scores: Floats) -> npt.NDArray[np.int64]:
    if len(scores) <= CANDIDATES:
        return np.arange(len(scores))
    return np.argpartition(scores, -CANDIDATES)[-CANDIDATES:]
