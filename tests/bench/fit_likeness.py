"""Fits when two questions ask the same, on the demo pack: ``python -m tests.bench.fit_likeness``.

The index is the demo pack with each FAQ's question only; the similar questions play the callers.
Each is paired with its twelve nearest: those of its own entry ask the same, those of other entries
for the same product do not. Folds are by entry: what is reported was scored on entries that the fit
has not seen.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.build import build_embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq
from voicebot.pack_loader import load_pack, scene_entries
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.workshop.likeness import FEATURES, WEIGHTS, Likeness, Said, features, nearest

FOLDS = 5
NEIGHBOURS = 12
STEPS = 4000
RATE = 0.5
RIDGE = 1e-3
# More of these never speaks against asking the same, whatever these pairs say: none of them are
# alike to the letter, and callers often are. Naming other numbers never speaks for it.
SIGNS = np.array([1, 1, 1, 1, -1, 1])


@dataclass
class Pairs:
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    fold: npt.NDArray[np.int64]


def main() -> None:
    settings = load_settings()
    pack = load_pack(SERVER_PACK)
    faq = [each for each in pack.faq if each.status == "approved"]
    with tempfile.TemporaryDirectory() as folder:
        knowledge = Knowledge.build(
            [replace(each, similar=()) for each in faq],
            pack.documents,
            [SceneEntry(*each) for each in scene_entries(pack)],
            build_embedder(settings),
            Path(folder),
        )
        owner = [nth for nth, each in enumerate(faq) for _ in each.similar]
        said = Said.of([text for each in faq for text in each.similar], knowledge)
    found = pairs_of(faq, owner, said)
    scored = np.zeros(len(found.y))
    for fold in range(FOLDS):
        model = fit(found.x[found.fold != fold], found.y[found.fold != fold])
        scored[found.fold == fold] = probability(model, found.x[found.fold == fold])
    curve = {
        f"{cut:.1f}": [
            round(float(found.y[scored >= cut].mean()), 3) if (scored >= cut).any() else None,
            round(float((scored[found.y == 1] >= cut).mean()), 3),
        ]
        for cut in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    }
    model = fit(found.x, found.y)
    fields = {
        "features": FEATURES,
        "weights": [round(each, 4) for each in model.weights],
        "bias": round(model.bias, 4),
        "fitted_on": f"{len(faq)} entries of packs/server: {int(found.y.sum())} pairs that ask the "
        f"same, {int((1 - found.y).sum())} near ones that do not",
        "unseen_folds": {"auroc": round(auroc(scored, found.y), 4), "precision_recall": curve},
        "embedder": knowledge.embedder.name,
    }
    WEIGHTS.write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(fields, ensure_ascii=False, indent=1))


def pairs_of(faq: list[Faq], owner: list[int], said: Said) -> Pairs:
    """Each text with its nearest: so the model meets them, whether they ask the same or not."""
    near = nearest(said, said, NEIGHBOURS)
    rows: dict[tuple[int, int], float] = {}
    for one in range(len(said)):
        for other in (int(each) for each in near[one] if each != one):
            mine, theirs = faq[owner[one]], faq[owner[other]]
            same = mine is theirs
            if same or (mine.product == theirs.product and mine.answer != theirs.answer):
                rows[min(one, other), max(one, other)] = float(same)
    keys = list(rows)
    return Pairs(
        features(said, said, keys),
        np.array([rows[key] for key in keys]),
        np.array([owner[one] % FOLDS for one, _ in keys]),
    )


def fit(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Likeness:
    """Logistic regression by gradient descent on standardized features, its signs as in SIGNS."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    z = (x - mean) / scale
    w, b = np.zeros(z.shape[1]), 0.0
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(z @ w + b)))
        w -= RATE * (z.T @ (p - y) / len(y) + RIDGE * w)
        w = SIGNS * np.maximum(SIGNS * w, 0)
        b -= RATE * float((p - y).mean())
    weights = w / scale
    return Likeness(tuple(float(each) for each in weights), float(b - weights @ mean))


def probability(model: Likeness, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(x @ np.array(model.weights) + model.bias)))
    return result


def auroc(scores: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    order = np.argsort(scores)
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    n = y.sum()
    return float((ranks[y == 1].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))


if __name__ == "__main__":
    main()
