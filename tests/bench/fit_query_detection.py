"""Fit voicebot/knowledge/query_detection.json, and say what the method scores on unseen folds.

    python -m tests.bench.fit_query_detection [--data LINES.jsonl] [--embedder DIR] [--write]

Without ``--data`` the lines are ours: tests/bench/query_detection_lines.txt, the demo pack's FAQ
questions and scene triggers (to be answered), its FAQ answers and what a slot takes for a yes or a
no (told). With ``--data`` they are ``{"text", "label"}`` (or ``"in_domain"``; 1: to be answered;
"source" splits the table), and the committed weights are scored on them as well.
Licences decide what may be committed: ``--write`` refuses data that is not ours, unless ``--out``
names another file.

``--embedder`` adds the sentence embedding to the features of the cross-validation, to see what it
would gain; the committed weights never need it. Solved in the dual: a few thousand lines at most.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.query_detection import (
    TEXT_SCALE,
    WEIGHTS,
    from_fields,
    ngrams,
    rule_features,
)
from voicebot.knowledge.text import sentences
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK

Array = npt.NDArray[np.float64]
LINES = Path(__file__).with_name("query_detection_lines.txt")
OFF_TOPIC = Path(__file__).with_name("off_topic.txt")
RULE_SCALE, EMBEDDING_SCALE = 0.2, 0.25
RIDGE = 1.5
LEAST_COUNT = 2  # of an n-gram in the lines
FOLDS, INNER_FOLDS, SEEDS = 5, 5, 3


@dataclass(frozen=True)
class Data:
    """Lines with their labels (1: to be answered) and sources, and embeddings if asked for."""

    texts: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    sources: tuple[str, ...]
    vectors: Array | None = None


def our_lines() -> Data:
    pack = load_pack(SERVER_PACK)
    rows: list[tuple[str, int, str]] = []
    for line in LINES.read_text(encoding="utf-8").splitlines():
        if line[:2] in ("+ ", "- "):
            rows.append((line[2:], int(line[0] == "+"), "lines"))
    rows += [(t, 1, "off-topic") for t in OFF_TOPIC.read_text("utf-8").splitlines() if t]
    for item in pack.faq:
        rows += [(text, 1, "faq") for text in (item.question, *item.similar)]
        rows += [(sentence, 0, "answers") for sentence in sentences(item.answer)]
    for scene in pack.scenes:
        rows += [(trigger, 1, "triggers") for trigger in scene.triggers]
        for slot in scene.slots:
            rows += [(say, 0, "slots") for say in (*slot.affirm, *slot.deny)]
    known = dict.fromkeys(rows)
    texts, labels, sources = zip(*known, strict=True)
    return Data(texts, np.array(labels), sources)


def read(path: Path) -> Data:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return Data(
        tuple(row["text"] for row in rows),
        np.array([int(row["label"] if "label" in row else row["in_domain"]) for row in rows]),
        tuple(str(row.get("source", "all")) for row in rows),
    )


class Fit:
    """The model fitted on some rows: dual logistic regression by Newton's method."""

    def __init__(self, data: Data, grams: Array, rules: Array, rows: npt.NDArray[np.int64]) -> None:
        labels = data.labels[rows]
        right, wrong = (1.0 + grams[rows][labels == each].sum(axis=0) for each in (1, 0))
        self.ratio = np.log((right / right.sum()) / (wrong / wrong.sum()))
        self.mean, spread = rules[rows].mean(axis=0), rules[rows].std(axis=0)
        self.scale = np.where(spread < 1e-3, 1.0, spread)
        parts = [self._text(grams), RULE_SCALE * (rules - self.mean) / self.scale]
        if data.vectors is not None:
            spread = data.vectors[rows].std()
            parts.append(
                EMBEDDING_SCALE * (data.vectors - data.vectors[rows].mean(axis=0)) / spread
            )
        self.design = np.hstack(parts)
        self.weights, self.bias = _logistic(self.design[rows], labels)
        self.logits = self.design @ self.weights + self.bias

    def _text(self, grams: Array) -> Array:
        weighted = grams * self.ratio
        norms = np.linalg.norm(weighted, axis=1, keepdims=True)
        return np.asarray(TEXT_SCALE * weighted / np.maximum(norms, 1e-6))


def _logistic(design: Array, labels: npt.NDArray[np.int64], steps: int = 12) -> tuple[Array, float]:
    kernel = design @ design.T
    dual, bias = np.zeros(len(labels)), 0.0
    for _ in range(steps):
        logits = kernel @ dual + bias
        chance = 1 / (1 + np.exp(-logits))
        curve = np.maximum(chance * (1 - chance), 1e-4)
        target = logits + (labels - chance) / curve
        solved = np.linalg.solve(
            kernel + np.diag(RIDGE / curve), np.stack([target, np.ones(len(labels))], axis=1)
        )
        bias = float(solved[:, 0].sum() / solved[:, 1].sum())
        dual = solved[:, 0] - bias * solved[:, 1]
    return design.T @ dual, bias


def vocabulary(texts: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        for gram in ngrams(text):
            counts[gram] = counts.get(gram, 0) + 1
    return {
        gram: n for n, gram in enumerate(sorted(g for g, c in counts.items() if c >= LEAST_COUNT))
    }


def matrices(data: Data, known: dict[str, int]) -> tuple[Array, Array]:
    grams = np.zeros((len(data.texts), len(known)))
    for row, text in enumerate(data.texts):
        grams[row, [known[gram] for gram in ngrams(text) if gram in known]] = 1.0
    return grams, np.array([rule_features(text) for text in data.texts])


def folds(count: int, parts: int, seed: int) -> npt.NDArray[np.int64]:
    of = np.arange(count) % parts
    np.random.default_rng(seed).shuffle(of)
    return of


def best_threshold(logits: Array, labels: npt.NDArray[np.int64]) -> float:
    """Where F1 is best, smoothed over its neighbours: a single peak is chance."""
    order = np.argsort(-logits)
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(labels) + 1) + labels.sum())
    width = min(21, len(labels) // 4 * 2 + 1)
    smooth = np.convolve(f1, np.ones(width) / width, "same")
    edge = width // 2
    return float(logits[order][smooth[edge:-edge].argmax() + edge])


def cross_validated(data: Data, seed: int) -> npt.NDArray[np.bool_]:
    """Each line judged by a fit, and a threshold, that have not seen it."""
    said = np.zeros(len(data.labels), bool)
    outer = folds(len(said), FOLDS, seed)
    for fold in range(FOLDS):
        rows = np.flatnonzero(outer != fold)
        known = vocabulary([data.texts[row] for row in rows])
        grams, rules = matrices(data, known)
        inner = folds(len(rows), INNER_FOLDS, seed + 100)
        logits = np.zeros(len(rows))
        for part in range(INNER_FOLDS):
            logits[inner == part] = Fit(data, grams, rules, rows[inner != part]).logits[
                rows[inner == part]
            ]
        threshold = best_threshold(logits, data.labels[rows])
        said[outer == fold] = Fit(data, grams, rules, rows).logits[outer == fold] >= threshold
    return said


def scores(said: npt.NDArray[np.bool_], labels: npt.NDArray[np.int64]) -> tuple[float, ...]:
    """F1, precision, recall."""
    hits = float((said & (labels == 1)).sum())
    return (
        2 * hits / max(float(said.sum() + labels.sum()), 1.0),
        hits / max(float(said.sum()), 1.0),
        hits / max(float(labels.sum()), 1.0),
    )


def report(name: str, said: Sequence[npt.NDArray[np.bool_]], data: Data) -> None:
    for source in ("all", *sorted(set(data.sources) - {"all"})):
        rows = np.array([source in ("all", each) for each in data.sources])
        found = np.mean([scores(each[rows], data.labels[rows]) for each in said], axis=0)
        positive = int(data.labels[rows].sum())
        print(
            f"{name}, {source}: F1 {found[0]:.3f} precision {found[1]:.3f} recall {found[2]:.3f} "
            f"(n {rows.sum()}, {positive} to be answered)"
        )


def fitted(data: Data) -> dict[str, Any]:
    known = vocabulary(data.texts)
    grams, rules = matrices(data, known)
    rows = np.arange(len(data.texts))
    fit = Fit(data, grams, rules, rows)
    inner = folds(len(rows), INNER_FOLDS, 0)
    logits = np.zeros(len(rows))
    for part in range(INNER_FOLDS):
        logits[inner == part] = Fit(data, grams, rules, rows[inner != part]).logits[inner == part]
    threshold = best_threshold(logits, data.labels)
    weighted = fit.ratio * fit.weights[: len(known)]
    return {
        "grams": {
            g: [round(float(fit.ratio[n]), 3), round(float(weighted[n]), 4)]
            for g, n in known.items()
        },
        "rules": [round(float(w) * RULE_SCALE, 5) for w in fit.weights[len(known) :]],
        "mean": [round(float(each), 5) for each in fit.mean],
        "scale": [round(float(each), 5) for each in fit.scale],
        "bias": round(fit.bias, 5),
        "threshold": round(float(1 / (1 + np.exp(-threshold))), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="JSONL; without it, our own lines")
    parser.add_argument("--embedder", type=Path, help="folder of the embedder's weights")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    data = read(options.data) if options.data else our_lines()
    report(
        "rules and n-grams, unseen folds", [cross_validated(data, s) for s in range(SEEDS)], data
    )
    if options.embedder:
        from voicebot.knowledge.ct2_embedder import CT2Embedder

        embedder = CT2Embedder(options.embedder)
        blocks = [
            embedder.queries(list(data.texts[i : i + 64])) for i in range(0, len(data.texts), 64)
        ]
        wide = Data(data.texts, data.labels, data.sources, np.vstack(blocks).astype(np.float64))
        report(
            "with the embedding, unseen folds",
            [cross_validated(wide, s) for s in range(SEEDS)],
            wide,
        )
    fields = fitted(data if options.write or not options.data else our_lines())
    ours = from_fields(fields)
    if options.data and not options.write:
        said = np.array([ours.asks(text) for text in data.texts])
        report("the committed weights, fitted on our lines", [said], data)
        logits = np.array([ours.probability(text) for text in data.texts])
        best = best_threshold(logits, data.labels)
        report("the same, threshold chosen on this data", [logits >= best], data)
    if options.write:
        if options.data and options.out == WEIGHTS:
            parser.error("--write with --data needs --out: committed weights are of our own lines")
        about = {"about": f"fitted on {len(data.texts)} lines", "from": str(options.data or "ours")}
        text = json.dumps(about | fields, ensure_ascii=False, indent=None)
        options.out.write_text(text + "\n", encoding="utf-8")
        print(f"wrote {options.out.name}: {len(text.encode()) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
