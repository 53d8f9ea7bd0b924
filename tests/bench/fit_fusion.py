"""Fit the weights of the retrieval signals on folds, and say what they score on unseen folds.

    python -m tests.bench.fit_fusion --passages P.jsonl --questions Q.jsonl --index DIR --models DIR

Weights of the z-scores are searched on a grid with the dense weight fixed at 1. The mean
reciprocal rank on four folds chooses; the fifth is scored. What is printed last is the choice on
all questions, to be copied into voicebot/knowledge/ranking.py.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench.knowledge_data import FOLDS, Case, fold_of, open_index, read_questions, score_all
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.pool import SIGNALS, Pool
from voicebot.knowledge.ranking import ANSWER_WEIGHTS

GRID = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
MISSED = 10_000


def ranks(cases: list[Case], pool: Pool, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Rank of the first gold item of each question, from 0."""
    found = []
    for case in cases:
        fused = case.scored.z @ weights
        order: dict[str, float] = {}
        for row, score in zip(case.scored.rows, fused, strict=True):
            item = pool.entries[row].id
            order[item] = max(score, order.get(item, -np.inf))
        best = max((order[item] for item in case.question.gold if item in order), default=None)
        found.append(MISSED if best is None else sum(s > best for s in order.values()))
    return np.array(found)


def describe(found: npt.NDArray[np.int64]) -> str:
    return " ".join(f"R@{k} {np.mean(found < k):.3f}" for k in (1, 3, 10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("passages", "questions", "index", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    embedder = CT2Embedder(options.models / "e5-small")
    pool = open_index(options.passages, options.index, embedder).answers
    if pool is None:
        raise SystemExit("the index holds no passages")
    cases = score_all(pool, read_questions(options.questions), embedder)
    grid = [np.array((1.0, *w), np.float32) for w in itertools.product(GRID, repeat=3)]
    table = np.stack([ranks(cases, pool, weights) for weights in grid])
    gain = 1.0 / (1 + table)
    folds = np.array([fold_of(i) for i in range(len(cases))])
    held_out = np.empty(len(cases), np.int64)
    for fold in range(FOLDS):
        best = int(gain[:, folds != fold].mean(axis=1).argmax())
        held_out[folds == fold] = table[best, folds == fold]
        print(f"fold {fold}: {dict(zip(SIGNALS, grid[best].tolist(), strict=True))}")
    print(f"unseen folds, n={len(cases)}: {describe(held_out)}")
    for name, weights in (("dense", np.array([1, 0, 0, 0])), ("words", np.array([0, 1, 0, 0]))):
        print(f"{name} alone: {describe(ranks(cases, pool, weights.astype(np.float32)))}")
    print(f"as committed {ANSWER_WEIGHTS.tolist()}: {describe(ranks(cases, pool, ANSWER_WEIGHTS))}")
    best = int(gain.mean(axis=1).argmax())
    print(f"on all questions: {grid[best].tolist()}: {describe(table[best])}")


if __name__ == "__main__":
    main()
