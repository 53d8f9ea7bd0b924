"""Fit the coefficients of voicebot/knowledge/refusal.json, and say what they score on unseen folds.

    python -m tests.bench.fit_refusal --passages P.jsonl --questions Q.jsonl --index DIR \
        --pack PACK --models DIR [--write]

A case is right (1) if the first item is one that answers. Cases come

- from questions with known passages: asked once with their passages in the pool, once without;
- from a pack's FAQ: each question and similar question is left out of the pool and asked, once
  with the rest of its FAQ there, once without; and once it is asked as it stands in the pool;
- from tests/bench/off_topic.txt, where nothing is right: even lines fit, odd lines only check.

Folds are by question, so no question is seen in both halves.
"""

from __future__ import annotations

import argparse
import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.fit_fusion import unseen
from tests.bench.knowledge_data import (
    FOLDS,
    answers_of,
    fold_of,
    grouped_folds,
    read_questions,
    score_all,
)
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.evidence import EVIDENCE
from voicebot.knowledge.ingest.faq import read_sources
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.ranking import Candidates, Fusion, fusion, rank
from voicebot.knowledge.refusal import COEFFICIENTS, FEATURES, features
from voicebot.knowledge.text import clean_query
from voicebot.pack import Faq

Array = npt.NDArray[np.float64]
OFF_TOPIC = Path(__file__).with_name("off_topic.txt")
RIDGE = 5.0
THRESHOLDS = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
# A caller who asks something close to a FAQ mostly means it: half of the cases would be too many.
NEAR_MISS = 0.3


@dataclass(frozen=True)
class Sample:
    """One case: its evidence, whether the first item is right, and which set it is of."""

    evidence: Array
    right: bool
    with_gold: bool
    fold: int
    part: str


def sample(
    pool: Pool, query: str, vector: Vectors, weights: Fusion,
    gold: frozenset[str], without: frozenset[str], fold: int, part: str,
) -> Sample | None:  # fmt: skip
    candidates = Candidates.of(pool, query, pool.score(query, vector))
    return _sample(pool, candidates, weights, gold, without, fold, part)


def _sample(
    pool: Pool, candidates: Candidates, weights: Fusion,
    gold: frozenset[str], without: frozenset[str], fold: int, part: str,
) -> Sample | None:  # fmt: skip
    ranked = rank(pool, candidates, weights, without)
    if not ranked:
        return None
    right = ranked[0].entry.id in gold
    with_gold = bool(gold) and not without
    evidence = features(candidates.query, ranked, pool.words)
    return Sample(evidence, right, with_gold, fold, part)


def from_questions(pool: Pool, path: Path, embedder: CT2Embedder) -> list[Sample]:
    """Each question with and without its gold, ranked by weights that have not seen its fold."""
    questions = read_questions(path)
    cases, folds = score_all(pool, questions, embedder), grouped_folds(questions)
    _, fits = unseen(cases, pool, folds, EVIDENCE)
    found = [
        _sample(pool, c.candidates, fits[fold], c.question.gold, without, int(fold), "passages")
        for c, fold in zip(cases, folds, strict=True)
        for without in (frozenset[str](), c.question.gold)
    ]
    return [each for each in found if each]


def from_off_topic(pool: Pool, embedder: CT2Embedder, weights: Fusion) -> list[Sample]:
    lines = OFF_TOPIC.read_text(encoding="utf-8").split("\n")
    texts = [clean_query(line) for line in lines if line]
    found = [
        sample(pool, text, vector, weights, frozenset(), frozenset(), number % 2, "off-topic")
        for number, (text, vector) in enumerate(zip(texts, embedder.queries(texts), strict=True))
    ]
    return [each for each in found if each]


def faq_pool(faq: list[Faq], embedder: CT2Embedder, role: Role) -> Pool:
    entries = []
    for item in faq:
        answer = f"{item.question}\n{item.answer}"
        matches = (answer,) if role is Role.ANSWER else (item.question, *item.similar)
        entries += [Entry(item.id, HitKind.FAQ, role, match, item.answer) for match in matches]
    embed = embedder.passages if role is Role.ANSWER else embedder.queries
    return Pool.build(entries, embed([entry.match for entry in entries]))


def from_faq_answers(pool: Pool, faq: list[Faq], embedder: CT2Embedder) -> list[Sample]:
    """Similar questions against the answers."""
    asked = [(item.id, clean_query(text)) for item in faq for text in item.similar]
    vectors = embedder.queries([text for _, text in asked])
    found = [
        sample(pool, text, vector, fusion("answers"), frozenset({item}), without, fold_of(n), "faq")
        for n, ((item, text), vector) in enumerate(zip(asked, vectors, strict=True))
        for without in (frozenset[str](), frozenset({item}))
    ]
    return [each for each in found if each]


def from_faq_questions(pool: Pool, embedder: CT2Embedder) -> list[Sample]:
    """Each question against all the others, and once against itself too."""
    found = []
    for number, entry in enumerate(pool.entries):
        others = Pool(pool.parts, pool.moments, pool.log_parts, np.array([number]))
        for without in (frozenset[str](), frozenset({entry.id})):
            query = clean_query(entry.match)
            vector = pool.vectors_of(np.array([number]))[0]
            found.append(
                sample(
                    others,
                    query,
                    vector,
                    fusion("questions"),
                    frozenset({entry.id}),
                    without,
                    fold_of(number),
                    "faq",
                )
            )
        found.append(
            sample(
                pool,
                query,
                vector,
                fusion("questions"),
                frozenset({entry.id}),
                frozenset(),
                fold_of(number),
                "verbatim",
            )
        )
    return [each for each in found if each]


def fit(x: Array, y: Array, weight: Array) -> Array:
    """Ridge logistic regression by Newton's method: (features + 1,), the bias last."""
    x1 = np.column_stack([x, np.ones(len(x))])
    penalty = np.diag([RIDGE] * x.shape[1] + [1e-6])
    beta = np.zeros(x1.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x1 @ beta, -30, 30)))
        gradient = x1.T @ (weight * (y - p)) - penalty @ beta
        hessian = (x1.T * (weight * p * (1 - p))) @ x1 + penalty
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta


def auroc(score: Array, label: npt.NDArray[np.bool_]) -> float:
    positive, negative = score[label], score[~label]
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    return float(wins)


def calibrate(name: str, samples: list[Sample], near_miss: float) -> dict[str, Any]:
    """`near_miss` weighs the cases in which only what answers was taken out of the pool."""
    fitted = [s for s in samples if s.part != "off-topic" or s.fold == 0]
    checked = [s for s in samples if s.part == "off-topic" and s.fold == 1]
    x = np.stack([s.evidence for s in fitted])
    right = np.array([float(s.right) for s in fitted])
    folds = np.array([s.fold if s.part != "off-topic" else -1 for s in fitted])
    weight = np.array([1.0 if s.with_gold or s.part == "off-topic" else near_miss for s in fitted])
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    standard = (x - mean) / scale
    held_out = np.zeros(len(fitted))
    for fold in range(FOLDS):
        rows = folds == fold
        beta = fit(standard[~rows], right[~rows], weight[~rows])
        held_out[rows] = standard[rows] @ beta[:-1] + beta[-1]
    beta = fit(standard, right, weight)
    report = describe(held_out, fitted)
    unseen = (np.stack([s.evidence for s in checked]) - mean) / scale
    refused = unseen @ beta[:-1] + beta[-1] < 0
    report["off-topic"] = {"n": len(checked), "refused": round(float(refused.mean()), 3)}
    print(name, json.dumps(report, indent=1))
    return {
        "unseen": report,
        "mean": dict(zip(FEATURES, mean.round(5).tolist(), strict=True)),
        "scale": dict(zip(FEATURES, scale.round(5).tolist(), strict=True)),
        "weights": dict(zip(FEATURES, beta[:-1].round(4).tolist(), strict=True)),
        "bias": round(float(beta[-1]), 4),
    }


def describe(logits: Array, samples: list[Sample]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for part in sorted({s.part for s in samples} - {"off-topic"}):
        rows = np.array([s.part == part for s in samples])
        right = np.array([s.right for s in samples])[rows]
        if right.all():
            continue
        with_gold = np.array([s.with_gold for s in samples])[rows]
        probability = 1 / (1 + np.exp(-logits[rows]))
        judged = right | ~with_gold
        report[part] = {
            "n": int(rows.sum()),
            "auroc_first_is_right": round(auroc(probability, right), 3),
            "auroc_right_against_removed": round(auroc(probability[judged], right[judged]), 3),
            "auroc_with_gold": round(auroc(probability, with_gold), 3),
            "brier": round(float(np.mean((probability - right) ** 2)), 3),
            "ece": round(calibration_error(probability, right), 3),
            "curve": curve(probability, right, with_gold),
        }
    return report


def calibration_error(probability: Array, right: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017) in bins of equal count."""
    order = np.array_split(np.argsort(probability), bins)
    gaps = [abs(probability[rows].mean() - right[rows].mean()) * len(rows) for rows in order]
    return float(sum(gaps) / len(probability))


def curve(
    probability: Array, right: npt.NDArray[np.bool_], with_gold: npt.NDArray[np.bool_]
) -> list[dict[str, float]]:
    """What is answered above each threshold: of the questions whose answer was taken out
    (`unanswerable`), of those whose answer is there (`answerable`), and of those among them
    where it is first (`first_right`); `wrong` is the share of wrong ones among all answered."""
    points = []
    for threshold in THRESHOLDS:
        said = probability >= threshold
        points.append(
            {
                "threshold": threshold,
                "unanswerable": round(float(said[~with_gold].mean()), 3),
                "answerable": round(float(said[with_gold].mean()), 3),
                "first_right": round(float(said[right].mean()), 3),
                "wrong": round(float((~right)[said].mean()) if said.any() else 0.0, 3),
            }
        )
    return points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("passages", "questions", "index", "pack", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="replace refusal.json")
    options = parser.parse_args()
    embedder = CT2Embedder(options.models / "e5-small")
    passages = answers_of(options.passages, options.index, embedder)
    faq = read_sources([options.pack / "faq"])[0]
    answers, asked = (faq_pool(faq, embedder, role) for role in (Role.ANSWER, Role.QUESTION))
    pools = {
        "passages": calibrate(
            "passages",
            from_questions(passages, options.questions, embedder)
            + from_off_topic(passages, embedder, fusion("answers")),
            near_miss=1.0,
        ),
        "faq": calibrate(
            "faq",
            from_faq_answers(answers, faq, embedder)
            + from_off_topic(answers, embedder, fusion("answers")),
            near_miss=1.0,
        ),
        "questions": calibrate(
            "questions",
            from_faq_questions(asked, embedder)
            + from_off_topic(asked, embedder, fusion("questions")),
            near_miss=NEAR_MISS,
        ),
    }
    if options.write:
        # Of scenes there are too few to fit on; theirs was fitted on a small pack's FAQ.
        kept = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
        for name in ("scenes", "mapped_questions"):
            pools[name] = kept["pools"][name]
        provenance = {
            "scenes": kept["provenance"]["scenes"],
            "mapped_questions": kept["provenance"]["mapped_questions"],
            "fitted_by": "tests/bench/fit_refusal.py",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "data": [options.questions.name, options.passages.name, "pack FAQ", OFF_TOPIC.name],
            "embedder": f"{embedder.name} {embedder.fingerprint[:12]}",
            "near_miss_weight": kept["provenance"]["near_miss_weight"],
            "method": f"ridge {RIDGE:g} logistic regression; 'unseen' is {FOLDS}-fold by gold",
        }
        text = json.dumps({"provenance": provenance, "pools": pools}, indent=1)
        COEFFICIENTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
