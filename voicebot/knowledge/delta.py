"""What changed since the large part of a pool was built, as a small part beside it.

Building posting lists and cells anew for every edited page would cost minutes where there are a
million passages. A small change becomes a part of its own, searched exactly, and rows of the large
part that are no longer found. When changes have added up, everything is built anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.knowledge.entry import Entry
from voicebot.knowledge.lexical import Postings
from voicebot.knowledge.vectors.api import Rows
from voicebot.knowledge.vocabulary import terms_of

MERGE_SHARE = 0.05  # of the large part: more changes than that are merged into it


@dataclass(frozen=True)
class Change:
    """From the large part to what is wanted: its rows that go, and which entries are new."""

    deleted: Rows
    added: tuple[int, ...]
    order: tuple[int, ...]  # for each row of the large part the entry it is, -1 where it goes

    def small(self, size: int) -> bool:
        """Whether it should stay beside a large part of `size` rows."""
        return len(self.deleted) + len(self.added) <= MERGE_SHARE * size


def change(old: Sequence[Entry], new: Sequence[Entry]) -> Change:
    """What makes `new` of `old`; equal entries are the same entry."""
    waiting: dict[Entry, list[int]] = defaultdict(list)
    for number in range(len(new) - 1, -1, -1):
        waiting[new[number]].append(number)
    order = []
    for entry in old:
        numbers = waiting.get(entry)
        order.append(numbers.pop() if numbers else -1)
    added = sorted(number for numbers in waiting.values() for number in numbers)
    return Change(np.flatnonzero(np.array(order) < 0), tuple(added), tuple(order))


def like(base: Postings, own: Postings, *, unit: bool) -> Postings:
    """`own` posting lists weighed as those of `base`, so that their scores may be compared.

    Terms take the rarity they have in `base`; what `base` does not know counts as its rarest.
    With `unit`, entries have norm 1 again. BM25's mean length stays that of `own`.
    """
    rarest = float(base.idf.max(initial=1.0))
    idf = np.array(
        [
            base.idf[base.vocabulary[term]] if term in base.vocabulary else rarest
            for term in terms_of(own.vocabulary)
        ],
        np.float32,
    )
    ratio = np.divide(idf, own.idf, out=np.ones_like(idf), where=own.idf > 0)
    weights = own.weights * np.repeat(ratio, np.diff(own.starts))
    if unit:
        norms = np.sqrt(np.bincount(own.entries, weights * weights, minlength=own.size))
        weights = weights / np.maximum(norms, 1e-9)[own.entries]
    return Postings(
        own.vocabulary, own.starts, own.entries, weights.astype(np.float32), idf, own.size
    )


def cosine_query(parts: Sequence[Postings], terms: Sequence[str]) -> dict[str, float]:
    """TF-IDF weights of norm 1 over the terms that any part knows, the large one first."""
    if len(parts) == 1:
        return parts[0].cosine_query(terms)
    weights = {}
    for term, count in Counter(terms).items():
        known = next((part for part in parts if term in part.vocabulary), None)
        if known:
            weights[term] = (1 + np.log(count)) * float(known.idf[known.vocabulary[term]])
    norm = float(np.sqrt(sum(weight * weight for weight in weights.values()))) or 1.0
    return {term: weight / norm for term, weight in weights.items()}
