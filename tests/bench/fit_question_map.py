"""Fit voicebot/knowledge/question_map.npz, and say what it finds of FAQ that it has not seen.

    python -m tests.bench.fit_question_map --pack PACK --models DIR [--write]

Each similar question of an approved FAQ must lie nearer to its FAQ's other questions than to those
of all others (softmax over cosines, by gradient; the batch's rivals are every question of the
pack). Folds are whole FAQ. It also fits without the service FAQ and asks those: another subject.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.ingest.faq import read_sources
from voicebot.knowledge.question_map import FILE, QuestionMap, unit
from voicebot.pack import Faq

Array = npt.NDArray[np.float32]
Groups = npt.NDArray[np.int64]
FOLDS = 4
RANK = 32
STEPS = 120
BATCH = 256
TEMPERATURE = 0.05
RATE = 5e-3
DROPPED = 0.1  # of the numbers of a vector, while fitting
SEED = 20261123


def fit(vectors: Array, groups: Groups) -> QuestionMap:
    """A map under which rows of one group are near one another: `vectors` (n, dim), norm 1."""
    rng = np.random.default_rng(SEED)
    mean = vectors.mean(axis=0)
    x = unit(vectors - mean)
    weights = [
        (rng.standard_normal((x.shape[1], RANK)) / 20).astype(np.float32),
        np.zeros((RANK, x.shape[1]), np.float32),
    ]
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for step in range(1, STEPS + 1):
        batch = rng.choice(len(x), min(BATCH, len(x)), replace=False)
        kept = (rng.random(x.shape) >= DROPPED) / np.float32(1 - DROPPED)
        for i, grad in enumerate(_gradients(x, x * kept, groups, batch, weights)):
            first[i] = 0.9 * first[i] + 0.1 * grad
            second[i] = 0.999 * second[i] + 0.001 * grad**2
            slope = (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
            weights[i] = (weights[i] - RATE * slope).astype(np.float32)
    return QuestionMap(mean, *weights)


def _gradients(
    x: Array, seen: Array, groups: Groups, batch: npt.NDArray[np.intp], weights: list[Array]
) -> tuple[Array, Array]:
    """Of the mean -ln(share of the softmax that is of the row's group), row itself left out."""
    down, up = weights
    low = seen @ down
    high = x + low @ up
    length = np.linalg.norm(high, axis=1, keepdims=True)
    z = high / length
    logits = z[batch] @ z.T / TEMPERATURE
    logits[np.arange(len(batch)), batch] = -np.inf
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    share = odds / odds.sum(axis=1, keepdims=True)
    own = np.where(groups[batch][:, None] == groups, share, 0)
    total = own.sum(axis=1, keepdims=True)
    wanted = np.divide(own, total, out=share.copy(), where=total > 0)
    pull = ((share - wanted) / (len(batch) * TEMPERATURE)).astype(np.float32)
    dz = pull.T @ z[batch]
    np.add.at(dz, batch, pull @ z)
    dh = (dz - z * (z * dz).sum(axis=1, keepdims=True)) / length
    return seen.T @ (dh @ up.T), low.T @ dh


def recall(vectors: Array, groups: Groups, rows: Groups) -> list[float]:
    """Shares of `rows` whose group is the first, or among the first 3 and 10, by its nearest other
    row."""
    cosines = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -2
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) > 0])
    best = np.maximum.reduceat(cosines[:, order], starts, axis=1)
    rank = (best > best[np.arange(len(rows)), groups[rows]][:, None]).sum(axis=1)
    return [round(float((rank < k).mean()), 3) for k in (1, 3, 10)]


def fold_of(faq: str) -> int:
    return int(hashlib.sha256(faq.encode()).hexdigest(), 16) % FOLDS


def report(vectors: Array, faqs: Sequence[str], similar: npt.NDArray[np.bool_]) -> None:
    groups = np.unique(np.array(faqs), return_inverse=True)[1]
    folds = np.array([fold_of(each) for each in faqs])
    parts = {f"fold {n}": folds == n for n in range(FOLDS)}
    parts["service"] = np.array([each.startswith("service.") for each in faqs])
    for name, held in parts.items():
        rows = np.flatnonzero(held & similar)
        found = fit(vectors[~held], groups[~held])
        print(name, len(rows), "before", recall(vectors, groups, rows),
              "after", recall(found(vectors), groups, rows), flush=True)  # fmt: skip


def asked_of(pack: Path) -> list[Faq]:
    """The approved FAQ of a pack."""
    return [each for each in read_sources([pack / "faq"])[0] if each.status == "approved"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pack", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="replace question_map.npz")
    options = parser.parse_args()
    embedder = CT2Embedder(options.models / "e5-small")
    faq = asked_of(options.pack)
    asked = [(each.id, text) for each in faq for text in (each.question, *each.similar)]
    titles = {each.question for each in faq}
    vectors = embedder.queries([text for _, text in asked])
    faqs = [each for each, _ in asked]
    report(vectors, faqs, np.array([text not in titles for _, text in asked]))
    if options.write:
        fit(vectors, np.unique(np.array(faqs), return_inverse=True)[1]).save(FILE)


if __name__ == "__main__":
    main()
