"""One order out of all the evidence, and one item out of the entries that lead to it."""

from __future__ import annotations

import functools
import json
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.evidence import EVIDENCE, evidence
from voicebot.knowledge.lexical import Floats
from voicebot.knowledge.pool import Pool, Scored

WEIGHTS = Path(__file__).with_name("fusion.json")


@dataclass(frozen=True)
class Fusion:
    """How much each number of EVIDENCE counts: float32 (8,). Fused scores are logits against
    the other candidates (a softmax over them is the chance to be the right one)."""

    weights: Floats

    def without(self, name: str) -> Fusion:
        """The same with one signal switched off, for measurements."""
        weights = self.weights.copy()
        weights[EVIDENCE.index(name)] = 0.0
        return replace(self, weights=weights)


@functools.cache
def fusion(pool: str) -> Fusion:
    """The committed weights for ``answers``, ``questions`` or ``mapped_questions``
    (tests/bench/fit_fusion.py, fit_question_map.py)."""
    fields = json.loads(WEIGHTS.read_text(encoding="utf-8"))["pools"][pool]["weights"]
    return Fusion(np.array([float(fields[name]) for name in EVIDENCE], np.float32))


@dataclass(frozen=True)
class Candidates:
    """A pool's candidates for one query with all evidence, (n, 8), in the order of `scored`."""

    query: str
    scored: Scored
    evidence: Floats

    @classmethod
    def of(cls, pool: Pool, query: str, scored: Scored) -> Candidates:
        return cls(query, scored, evidence(pool, query, scored))


@dataclass(frozen=True)
class Ranked:
    """An item with its best entry: `raw` (4,) and `evidence` (8,) are that entry's."""

    entry: Entry
    fused: float
    raw: Floats
    evidence: Floats


def rank(
    pool: Pool, candidates: Candidates, weights: Fusion, without: Container[str] = ()
) -> list[Ranked]:
    """Items of a pool, best first; counter-examples and the ids in `without` are left out."""
    return _items(pool, candidates, weights, counter=False, without=without)


def rank_counters(pool: Pool, candidates: Candidates, weights: Fusion) -> list[Ranked]:
    """The items that the query is a counter-example of, nearest first."""
    return _items(pool, candidates, weights, counter=True)


def _items(
    pool: Pool,
    candidates: Candidates,
    weights: Fusion,
    *,
    counter: bool,
    without: Container[str] = (),
) -> list[Ranked]:
    fused = candidates.evidence @ weights.weights
    raw, rows = candidates.scored.raw, candidates.scored.rows
    best: dict[tuple[str, str], Ranked] = {}
    for i in np.argsort(-fused, kind="stable"):
        entry = pool.entries[rows[i]]
        if (entry.role is Role.COUNTER) is counter and entry.id not in without:
            item = (entry.kind.value, entry.id)
            if item not in best:
                best[item] = Ranked(entry, float(fused[i]), raw[i], candidates.evidence[i])
    return list(best.values())
