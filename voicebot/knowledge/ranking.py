"""One order out of four signals, and one item out of the entries that lead to it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.lexical import Floats
from voicebot.knowledge.pool import Pool, Scored

# Weights of the z-scores of SIGNALS (dense, words, chars, sounds): the rounded mean of the folds'
# choices of tests/bench/fit_fusion.py (docs/knowledge.md).
ANSWER_WEIGHTS = np.array([1.0, 0.15, 0.05, 0.05], np.float32)
QUESTION_WEIGHTS = np.array([1.0, 0.2, 0.2, 0.1], np.float32)
# The best of several passages of one record is better by chance alone; taken back for each
# e-fold of passages.
PART_PENALTY = 0.2


@dataclass(frozen=True)
class Ranked:
    """An item with its best entry: `raw` and `z` (4,) are that entry's signals."""

    entry: Entry
    fused: float
    raw: Floats
    z: Floats


def rank(pool: Pool, scored: Scored, weights: Floats, without: Container[str] = ()) -> list[Ranked]:
    """Items of a pool, best first; counter-examples and the ids in `without` are left out."""
    return _items(pool, scored, weights, counter=False, without=without)


def rank_counters(pool: Pool, scored: Scored, weights: Floats) -> list[Ranked]:
    """The items that the query is a counter-example of, nearest first."""
    return _items(pool, scored, weights, counter=True)


def _items(
    pool: Pool,
    scored: Scored,
    weights: Floats,
    *,
    counter: bool,
    without: Container[str] = (),
) -> list[Ranked]:
    fused = scored.z @ weights - PART_PENALTY * pool.log_parts[scored.rows]
    best: dict[tuple[str, str], Ranked] = {}
    for i in np.argsort(-fused, kind="stable"):
        entry = pool.entries[scored.rows[i]]
        if (entry.role is Role.COUNTER) is counter and entry.id not in without:
            item = (entry.kind.value, entry.id)
            if item not in best:
                best[item] = Ranked(entry, float(fused[i]), scored.raw[i], scored.z[i])
    return list(best.values())
