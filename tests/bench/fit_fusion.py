"""Fit the weights of the retrieval evidence on folds, and say what each part gains there.

    python -m tests.bench.fit_fusion --passages P.jsonl --questions Q.jsonl --index DIR \
        --models DIR [--write]

The weights are those of a listwise softmax (Cao et al. 2007): the likelihood that the gold
passages are picked out of the candidates, with a ridge. Folds are grouped by gold passage: a
passage that answers two questions never stands on both sides. `--write` puts the fit on all
questions into voicebot/knowledge/fusion.json; the weights of the pool of questions are set by
hand and kept.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from tests.bench.knowledge_data import (
    FOLDS,
    Case,
    answers_of,
    grouped_folds,
    read_questions,
    score_all,
)
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.evidence import EVIDENCE
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.ranking import WEIGHTS, Fusion, fusion

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]
RIDGE = 0.01  # on standardised evidence; a tenth and ten times as much score the same
STEPS = 400
MISSED = 10_000
# What is added to what, in the order of the table.
LADDER = (
    ("dense",),
    ("dense", "words"),
    ("dense", "words", "chars", "sounds", "parts"),
    ("dense", "words", "chars", "sounds", "parts", "names"),
    ("dense", "words", "chars", "sounds", "parts", "names", "hub"),
    EVIDENCE,
)


def ranks(cases: list[Case], pool: Pool, weights: Fusion) -> Ranks:
    """Rank of the first gold item of each question, from 0."""
    return np.array(
        [_rank(case, pool, case.candidates.evidence @ weights.weights) for case in cases]
    )


def _rank(case: Case, pool: Pool, fused: npt.NDArray[np.floating]) -> int:
    order: dict[str, float] = {}
    for row, score in zip(case.candidates.scored.rows, fused, strict=True):
        item = pool.entries[row].id
        order[item] = max(float(score), order.get(item, -np.inf))
    best = max((order[item] for item in case.question.gold if item in order), default=None)
    return MISSED if best is None else sum(score > best for score in order.values())


def fit(cases: list[Case], pool: Pool, columns: list[int]) -> Array:
    """The weights of `columns` (others 0) by Adam steps on the ridge likelihood."""
    held = [(_evidence(case, columns), _gold(case, pool)) for case in cases]
    held = [(x, y) for x, y in held if y.any()]
    every = np.concatenate([x for x, _ in held])
    mean, scale = every.mean(axis=0), every.std(axis=0) + 1e-6
    held = [((x - mean) / scale, y) for x, y in held]
    w, first, second = (np.zeros(len(columns)) for _ in range(3))
    for step in range(1, STEPS + 1):
        slope = RIDGE * w - sum(_ascent(x, y, w) for x, y in held) / len(held)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        w -= 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    full = np.zeros(len(EVIDENCE))
    full[columns] = w / scale
    return full


def _ascent(x: Array, y: npt.NDArray[np.bool_], w: Array) -> Array:
    scores = x @ w
    p = np.exp(scores - scores.max())
    p /= p.sum()
    among_gold = p * y / max(float((p * y).sum()), 1e-12)
    return np.asarray((among_gold - p) @ x)


def _evidence(case: Case, columns: list[int]) -> Array:
    return case.candidates.evidence[:, columns].astype(np.float64)


def _gold(case: Case, pool: Pool) -> npt.NDArray[np.bool_]:
    rows = case.candidates.scored.rows
    return np.array([pool.entries[row].id in case.question.gold for row in rows])


def unseen(
    cases: list[Case], pool: Pool, folds: Ranks, names: tuple[str, ...]
) -> tuple[Ranks, list[Fusion]]:
    """Each question's rank by weights fitted without its fold, and those weights."""
    columns = [EVIDENCE.index(name) for name in names]
    found, fits = np.empty(len(cases), np.int64), []
    for fold in range(FOLDS):
        others = [case for case, f in zip(cases, folds, strict=True) if f != fold]
        fits.append(Fusion(fit(others, pool, columns).astype(np.float32)))
        held = [case for case, f in zip(cases, folds, strict=True) if f == fold]
        found[folds == fold] = ranks(held, pool, fits[-1])
    return found, fits


def recalls(found: Ranks) -> dict[str, float]:
    scores = {f"R@{k}": round(float(np.mean(found < k)), 3) for k in (1, 3, 10)}
    return {**scores, "MRR": round(float(np.mean(1 / (1 + found))), 3)}


def rungs(cases: list[Case], pool: Pool, folds: Ranks) -> Iterator[tuple[str, dict[str, float]]]:
    for at, names in enumerate(LADDER):
        added = [name for name in names if at == 0 or name not in LADDER[at - 1]]
        yield " + ".join(["", *added]).strip(), recalls(unseen(cases, pool, folds, names)[0])


def main() -> None:
    options = _arguments()
    embedder = CT2Embedder(options.models / "e5-small")
    pool = answers_of(options.passages, options.index, embedder)
    questions = read_questions(options.questions)
    cases, folds = score_all(pool, questions, embedder), grouped_folds(questions)
    table = Table("evidence", "R@1", "R@3", "R@10", "MRR", title=f"unseen folds, n={len(cases)}")
    for name, scores in rungs(cases, pool, folds):
        table.add_row(name, *(f"{score:.3f}" for score in scores.values()))
    words = np.eye(len(EVIDENCE), dtype=np.float32)[EVIDENCE.index("words")]
    for name, found in (
        ("words alone", ranks(cases, pool, Fusion(words))),
        ("as committed", ranks(cases, pool, fusion("answers"))),
    ):
        table.add_row(name, *(f"{score:.3f}" for score in recalls(found).values()))
    Console().print(table)
    weights = fit(cases, pool, list(range(len(EVIDENCE))))
    print("on all questions:", dict(zip(EVIDENCE, weights.round(3).tolist(), strict=True)))
    if options.write:
        _write(weights, recalls(unseen(cases, pool, folds, EVIDENCE)[0]), len(cases), options)


def _write(weights: Array, scores: dict[str, float], n: int, options: argparse.Namespace) -> None:
    kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))["pools"]
    fields: dict[str, Any] = {
        "version": 1,
        "provenance": {
            "fitted_by": "tests/bench/fit_fusion.py",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "data": [options.questions.name, options.passages.name],
            "method": f"listwise softmax, ridge {RIDGE:g}; 'unseen' is {FOLDS}-fold by gold",
        },
        "pools": {
            "answers": {
                "unseen": {"n": n, **scores},
                "weights": dict(zip(EVIDENCE, weights.round(4).tolist(), strict=True)),
            },
            "questions": kept["questions"],
            "mapped_questions": kept["mapped_questions"],
        },
    }
    WEIGHTS.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("passages", "questions", "index", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="replace the weights in fusion.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
