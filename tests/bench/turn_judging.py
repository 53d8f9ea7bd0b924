"""Fitting the turn's confidence: a logistic model held to a prior, its folds, its calibration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.dialog.turn_confidence import NAMES, Calibration, Inputs

Array = npt.NDArray[np.float64]
FOLDS = 5
BINS = 10
RIDGE = 1.0
PRIOR = {
    "ears": 0.3,
    "found": 1.0,
    "margin": 0.0,
    "ungrounded": -0.5,
    "repeats": -0.3,
    "contradictions": -0.3,
    "mood": -0.3,
}
"""Where the turns say nothing of an input, its weight stays here; all are on one scale (logits)."""


@dataclass(frozen=True)
class Turn:
    """One judged turn. `group` keeps what belongs together out of two folds at once."""

    inputs: Inputs
    right: bool
    group: str


@dataclass(frozen=True)
class Fit:
    """Coefficients from all turns, and each turn's confidence by a model that never saw it."""

    calibration: Calibration
    unseen: Array
    right: Array


def read_turns(path: Path) -> list[Turn]:
    """Turns from JSON lines: ``{"group": …, "right": true, "inputs": {"ears": .9, …}}``.

    Inputs that a line does not name have their defaults. Raises ValueError with the line's number.
    """
    turns = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            inputs = Inputs(**{name: float(value) for name, value in data["inputs"].items()})
            turns.append(Turn(inputs, bool(data["right"]), str(data.get("group", number))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}:{number}: a turn with right and inputs ({', '.join(NAMES)}) is expected: "
                f"{type(error).__name__}: {error}"
            ) from None
    return turns


def write_turns(path: Path, turns: Sequence[Turn]) -> None:
    """The same, written."""
    lines = [
        json.dumps(
            {"group": turn.group, "right": turn.right, "inputs": turn.inputs.to_dict()},
            ensure_ascii=False,
        )
        for turn in turns
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def fit(turns: Sequence[Turn], fitted_on: str = "", prior: Mapping[str, float] = PRIOR) -> Fit:
    """Fit on all turns; judge each by a fit on the other folds. Raises ValueError for too few."""
    right = np.array([turn.right for turn in turns], float)
    groups = sorted({turn.group for turn in turns})
    if len(groups) < FOLDS or not 0 < right.sum() < len(right):
        raise ValueError(
            f"expected right and wrong turns of at least {FOLDS} groups, got {len(groups)} groups, "
            f"{int(right.sum())} right of {len(right)}"
        )
    features = np.array([turn.inputs.features() for turn in turns])
    order = np.random.default_rng(7).permutation(len(groups))
    fold_of = {group: int(order[n]) % FOLDS for n, group in enumerate(groups)}
    folds = np.array([fold_of[turn.group] for turn in turns])
    unseen = np.zeros(len(turns))
    for fold in range(FOLDS):
        kept = folds != fold
        unseen[~kept] = _sigmoid(
            _with_one(features[~kept]) @ _solve(features[kept], right[kept], prior)
        )
    weights = _solve(features, right, prior)
    calibration = Calibration(
        round(float(weights[0]), 4),
        {name: round(float(value), 4) for name, value in zip(NAMES, weights[1:], strict=True)},
        fitted_on,
        round(ece(unseen, right), 4),
    )
    return Fit(calibration, unseen, right)


def _solve(features: Array, right: Array, prior: Mapping[str, float]) -> Array:
    """Maximum a posteriori by Newton's method: weights are normal around the prior, bias free."""
    x = _with_one(features)
    mean = np.array([0.0, *(prior[name] for name in NAMES)])
    strength = np.diag([1e-6, *[RIDGE] * len(NAMES)])
    weights = mean.copy()
    for _ in range(60):
        p = _sigmoid(x @ weights)
        gradient = x.T @ (right - p) - strength @ (weights - mean)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + strength, gradient)
        weights += np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights)


def _with_one(features: Array) -> Array:
    return np.hstack([np.ones((len(features), 1)), features])


def _sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30, 30))))


@dataclass(frozen=True)
class Bin:
    """Turns of about one confidence: how many, the mean of it, and the share that was right."""

    count: int
    confidence: float
    right: float


def bins(confidence: Array, right: Array) -> list[Bin]:
    """Equal widths over 0..1; empty ones are left out."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    found = []
    for number in range(BINS):
        chosen = place == number
        if chosen.any():
            found.append(
                Bin(
                    int(chosen.sum()),
                    float(confidence[chosen].mean()),
                    float(right[chosen].mean()),
                )
            )
    return found


def ece(confidence: Array, right: Array) -> float:
    """Expected calibration error (Naeini et al. 2015) over ten bins of equal width."""
    total = len(confidence)
    return sum(
        each.count / total * abs(each.confidence - each.right) for each in bins(confidence, right)
    )


def risk_coverage(confidence: Array, right: Array) -> list[tuple[float, float, float]]:
    """(threshold, share of turns at or above it, share of these that are wrong), best first."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(1 - right[order]) / np.arange(1, len(order) + 1)
    share = np.arange(1, len(order) + 1) / len(order)
    return [
        (float(confidence[order[n]]), float(share[n]), float(wrong[n]))
        for n in range(len(order))
        if n + 1 == len(order) or confidence[order[n + 1]] != confidence[order[n]]
    ]


def auc_of(confidence: Array, right: Array) -> float:
    """How well it tells right turns from wrong ones."""
    from tests.bench.auc import auc

    return auc(list(confidence[right == 1]), list(confidence[right == 0]))


def to_json(calibration: Calibration) -> dict[str, Any]:
    """As ``voicebot/dialog/confidence.json`` holds it."""
    return {
        "bias": calibration.bias,
        "weights": dict(calibration.weights),
        "ece": calibration.ece,
        "fitted_on": calibration.fitted_on,
    }
