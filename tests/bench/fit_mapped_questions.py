"""Fit what the mapped questions weigh (fusion.json) and how sure they are (refusal.json).

    python -m tests.bench.fit_mapped_questions --pack PACK --models DIR [--asked 700] [--write]

Similar questions play the callers: each is left out of the pool and asked, once with its FAQ there
and once without, by a map and by weights that were fitted on the other folds (whole FAQ). The map
itself: ``tests/bench/fit_question_map.py``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench import fit_refusal
from tests.bench.fit_fusion import fit, ranks, recalls
from tests.bench.fit_question_map import FOLDS, asked_of, fold_of
from tests.bench.fit_question_map import fit as fit_map
from tests.bench.fit_refusal import NEAR_MISS, OFF_TOPIC, Sample, calibrate, faq_pool
from tests.bench.knowledge_data import Case, Question
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import Role
from voicebot.knowledge.evidence import EVIDENCE
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.question_map import QuestionMap, mapped
from voicebot.knowledge.ranking import WEIGHTS, Candidates, Fusion, rank
from voicebot.knowledge.refusal import COEFFICIENTS, features
from voicebot.knowledge.text import clean_query

NAME = "mapped_questions"
COLUMNS = [EVIDENCE.index(n) for n in ("dense", "words", "chars", "sounds", "names", "phrase")]
VERBATIM = 160  # questions that are asked in the pool's own words too
SEED = 3


@dataclass(frozen=True)
class Asked:
    """A similar question, left out and asked of the pool under its fold's map."""

    case: Case
    fold: int


def ask(pools: list[Pool], rows: list[int]) -> list[Asked]:
    found = []
    for row in rows:
        entry = pools[0].entries[row]
        pool = pools[fold_of(entry.id)]
        others = Pool(pool.parts, pool.moments, pool.log_parts, np.array([row]))
        query = clean_query(entry.match)
        scored = others.score(query, pool.vectors_of(np.array([row]))[0])
        question = Question(entry.id, "faq", query, frozenset({entry.id}))
        found.append(Asked(Case(question, Candidates.of(others, query, scored)), fold_of(entry.id)))
    return found


def samples(asked: list[Asked], pool: Pool, fits: list[Fusion]) -> list[Sample]:
    found = []
    for each in asked:
        gold = each.case.question.gold
        for without in (frozenset[str](), gold):
            ranked = rank(pool, each.case.candidates, fits[each.fold], without)
            right = ranked[0].entry.id in gold
            evidence = features(each.case.candidates.query, ranked, pool.words)
            found.append(Sample(evidence, right, not without, each.fold, "faq"))
    return found


def others(
    pool: Pool, rows: list[int], by: QuestionMap, embedder: CT2Embedder, weights: Fusion
) -> list[Sample]:
    """Off-topic lines, and questions in the pool's own words."""
    lines = [clean_query(n) for n in OFF_TOPIC.read_text(encoding="utf-8").split("\n") if n]
    vectors, none = by(embedder.queries(lines)), frozenset[str]()
    found = [
        fit_refusal.sample(pool, text, vector, weights, none, none, number % 2, "off-topic")
        for number, (text, vector) in enumerate(zip(lines, vectors, strict=True))
    ]
    for row in rows[:VERBATIM]:
        entry, vector = pool.entries[row], pool.vectors_of(np.array([row]))[0]
        gold, fold = frozenset({entry.id}), fold_of(entry.id)
        text = clean_query(entry.match)
        found.append(fit_refusal.sample(pool, text, vector, weights, gold, none, fold, "verbatim"))
    return [each for each in found if each]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pack", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--asked", type=int, default=700)
    parser.add_argument("--write", action="store_true", help="replace the two files' entries")
    options = parser.parse_args()
    embedder = CT2Embedder(options.models / "e5-small")
    faq = asked_of(options.pack)
    plain = faq_pool(faq, embedder, Role.QUESTION)
    ids = [entry.id for entry in plain.entries]
    vectors = plain.vectors_of(np.arange(len(ids)))
    groups = np.unique(np.array(ids), return_inverse=True)[1]
    folds = np.array([fold_of(each) for each in ids])
    maps = [fit_map(vectors[folds != n], groups[folds != n]) for n in range(FOLDS)]
    pools = [mapped(plain, each) for each in maps]
    similar = [row for row, each in enumerate(ids) if row and ids[row - 1] == each]
    chosen = np.random.default_rng(SEED).permutation(similar)[: options.asked].tolist()
    asked = ask(pools, chosen)
    fits, places = [], []
    for fold in range(FOLDS):
        seen = [each.case for each in asked if each.fold != fold]
        fits.append(Fusion(fit(seen, plain, COLUMNS).astype(np.float32)))
        held = [each.case for each in asked if each.fold == fold]
        places.append(ranks(held, plain, fits[-1]))
    unseen = recalls(np.concatenate(places))
    print("unseen FAQ", len(asked), unseen)
    weights = fit([each.case for each in asked], plain, COLUMNS)
    cases = samples(asked, plain, fits) + others(pools[0], chosen, maps[0], embedder, fits[0])
    entry = calibrate(NAME, cases, NEAR_MISS)
    if options.write:
        shares = dict(zip(EVIDENCE, weights.round(4).tolist(), strict=True))
        _put(WEIGHTS, {"unseen": {"n": len(asked), **unseen}, "weights": shares})
        _put(COEFFICIENTS, entry)


def _put(path: Path, entry: object) -> None:
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["pools"][NAME] = entry
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
