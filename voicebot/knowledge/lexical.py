"""Sparse scores over all entries: BM25 and TF-IDF cosine from one posting-list structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.vocabulary import Vocabulary

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

K1 = 1.2
B = 0.75


@dataclass(frozen=True)
class Postings:
    """For each term the entries that hold it, with a weight each (compressed sparse columns).

    `starts` (terms + 1), `entries` and `weights` (postings); `idf` (terms) weighs query terms.
    `size` is the number of entries.
    """

    vocabulary: Vocabulary
    starts: npt.NDArray[np.int64]
    entries: Ints
    weights: Floats
    idf: Floats
    size: int

    def scores(self, query: dict[str, float]) -> Floats:
        """Weighted sum over the query's terms: float32 (size,)."""
        columns = [
            (self.vocabulary[term], w) for term, w in query.items() if term in self.vocabulary
        ]
        if not columns:
            return np.zeros(self.size, np.float32)
        spans = [slice(self.starts[column], self.starts[column + 1]) for column, _ in columns]
        entries = np.concatenate([self.entries[span] for span in spans])
        weights = np.concatenate(
            [self.weights[span] * w for span, (_, w) in zip(spans, columns, strict=True)]
        )
        return np.bincount(entries, weights, minlength=self.size).astype(np.float32)

    def ceiling(self, query: dict[str, float]) -> float:
        """About what an entry scores that holds every term once; unknown terms count as rarest."""
        return sum(self.rarity(term) for term in query)

    def rarity(self, term: str) -> float:
        """The term's idf; an unknown one is as rare as the rarest."""
        if term not in self.vocabulary:
            return float(self.idf.max(initial=1.0))
        return float(self.idf[self.vocabulary[term]])

    def bm25_query(self, terms: Sequence[str]) -> dict[str, float]:
        """Each distinct term once: the form for short questions."""
        return dict.fromkeys(terms, 1.0)

    def cosine_query(self, terms: Sequence[str]) -> dict[str, float]:
        """TF-IDF weights of norm 1, over the terms that the index knows."""
        weights = {
            term: (1 + np.log(count)) * float(self.idf[self.vocabulary[term]])
            for term, count in Counter(terms).items()
            if term in self.vocabulary
        }
        norm = float(np.sqrt(sum(weight * weight for weight in weights.values()))) or 1.0
        return {term: weight / norm for term, weight in weights.items()}


Weigh = Callable[[Floats, Ints, Ints, Floats, Floats], Floats]


def bm25(documents: Sequence[Sequence[str]]) -> Postings:
    """Okapi BM25 (Robertson & Zaragoza 2009) with k1 1.2, b 0.75 and the never-negative idf."""

    def weigh(counts: Floats, columns: Ints, entries: Ints, idf: Floats, lengths: Floats) -> Floats:
        average = float(lengths.mean()) or 1.0
        slack = K1 * (1 - B + B * lengths[entries] / average)
        return np.asarray(idf[columns] * counts * (K1 + 1) / (counts + slack), np.float32)

    return _build(documents, weigh, lambda n, df: np.log(1 + (n - df + 0.5) / (df + 0.5)))


def tf_idf(documents: Sequence[Sequence[str]]) -> Postings:
    """Cosine of (1 + ln tf) · idf vectors with smoothed idf."""

    def weigh(counts: Floats, columns: Ints, entries: Ints, idf: Floats, lengths: Floats) -> Floats:
        weights = (1 + np.log(counts)) * idf[columns]
        norms = np.sqrt(np.bincount(entries, weights * weights, minlength=len(lengths)))
        return np.asarray(weights / np.maximum(norms, 1e-9)[entries], np.float32)

    return _build(documents, weigh, lambda n, df: np.log((1 + n) / (1 + df)) + 1)


def _build(
    documents: Sequence[Sequence[str]],
    weigh: Weigh,
    idf_of: Callable[[int, Floats], npt.NDArray[np.floating]],
) -> Postings:
    vocabulary: dict[str, int] = {}
    columns: list[int] = []
    entries: list[int] = []
    counts: list[int] = []
    for i, document in enumerate(documents):
        for term, count in Counter(document).items():
            columns.append(vocabulary.setdefault(term, len(vocabulary)))
            entries.append(i)
            counts.append(count)
    order = np.argsort(np.asarray(columns, np.int32), kind="stable")
    column = np.asarray(columns, np.int32)[order]
    entry = np.asarray(entries, np.int32)[order]
    occurs = np.asarray(counts, np.float32)[order]
    frequency = np.bincount(column, minlength=len(vocabulary)).astype(np.float32)
    idf = np.asarray(idf_of(len(documents), frequency), np.float32)
    lengths = np.bincount(entry, occurs, minlength=len(documents)).astype(np.float32)
    weights = np.asarray(weigh(occurs, column, entry, idf, lengths), np.float32)
    starts = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
    return Postings(vocabulary, starts, entry, weights, idf, len(documents))
