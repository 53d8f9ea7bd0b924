"""The next generation's pools: the old large parts with a small one beside, or built anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.knowledge.delta import change, like
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.index import Index
from voicebot.knowledge.pool import Moments, Part, Pool, log_parts_of
from voicebot.knowledge.vectors.choice import VectorChoice

_UNIT = (False, True, False)  # which posting lists hold cosines: words, chars, sounds


@dataclass(frozen=True)
class Update:
    """`index` is what to save; the pools named in `same_base` keep the large part they have."""

    index: Index
    same_base: frozenset[str]


def updated(
    old: Index | None, entries: Sequence[Entry], vectors: Vectors, choice: VectorChoice
) -> Update:
    """Pools of exactly `entries` with `vectors` (len(entries), dim), from what is there."""
    pools: dict[str, Pool | None] = {}
    same: set[str] = set()
    known = dict(old.pools) if old else {}
    for name in ("answers", "questions"):
        rows = [i for i, e in enumerate(entries) if (e.role is Role.ANSWER) is (name == "answers")]
        wanted = [entries[i] for i in rows]
        grown = _grown(known.get(name), wanted, vectors[rows], choice) if rows else None
        if grown:
            same.add(name)
        pools[name] = grown or (Pool.build(wanted, vectors[rows]) if rows else None)
    return Update(Index(pools["answers"], pools["questions"]), frozenset(same))


def _grown(
    old: Pool | None, entries: Sequence[Entry], vectors: Vectors, choice: VectorChoice
) -> Pool | None:
    """The old large part with the changes beside it; None where it is better built anew."""
    if old is None or len(old.parts[0].entries) < choice.delta_from:
        return None
    base = old.parts[0]
    size = len(base.entries)
    if base.nearest.backend != choice.for_rows(size):
        return None
    diff = change(base.entries, entries)
    if not diff.small(size):
        return None
    sizes = log_parts_of(entries)
    order = np.array(diff.order)
    log_parts = np.where(order >= 0, sizes[order], 0.0)
    parts = [base]
    if diff.added:
        added = list(diff.added)
        parts.append(_delta([entries[i] for i in added], vectors[added], base))
        log_parts = np.concatenate([log_parts, sizes[added]])
    return Pool(parts, Moments.of(vectors), log_parts, diff.deleted)


def _delta(entries: Sequence[Entry], vectors: Vectors, base: Part) -> Part:
    part = Part.build(entries, vectors)
    postings = tuple(
        like(large, small, unit=unit)
        for large, small, unit in zip(base.postings, part.postings, _UNIT, strict=True)
    )
    return Part(part.entries, part.vectors, postings, part.nearest)
