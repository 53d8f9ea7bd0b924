"""How likely the best item answers the question: a small calibrated logistic model.

The coefficients live in ``refusal.json`` beside this file, with where they come from;
``tests/bench/fit_refusal.py`` writes it.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge import text
from voicebot.knowledge.pool import Scored
from voicebot.knowledge.ranking import Ranked

FEATURES = (
    "cosine",  # of the best item
    "cosine_lead",  # over the second item
    "dense_z",
    "fused",
    "fused_lead",  # over the second item
    "fused_lead5",  # over the mean of the second to sixth
    "words_ratio",  # BM25 over the score of a text that holds every query term once
    "sounds_ratio",
    "chars_cosine",
    "coverage",  # of the query's content characters and words by the item
    "latin_missing",  # share of the query's Latin words and numbers that the item lacks
    "words_first",  # 1 if BM25 alone puts the item first among the candidates
    "length",  # ln of the number of content terms in the query
)
COEFFICIENTS = Path(__file__).with_name("refusal.json")


@dataclass(frozen=True)
class Calibration:
    """``probability = 1 / (1 + exp(-(bias + weights · (features - mean) / scale)))``."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def logit(self, features: npt.NDArray[np.float64]) -> float:
        standard = (features - np.array(self.mean)) / np.array(self.scale)
        return float(np.clip(self.bias + standard @ np.array(self.weights), -12.0, 12.0))


@functools.cache
def calibration(pool: str) -> Calibration:
    """The committed coefficients for ``answers`` or ``questions``."""
    fields = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["pools"][pool]
    mean, scale, weights = (
        tuple(float(fields[name][feature]) for feature in FEATURES)
        for name in ("mean", "scale", "weights")
    )
    return Calibration(mean, scale, weights, float(fields["bias"]))


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def features(query: str, ranked: Sequence[Ranked], scored: Scored) -> npt.NDArray[np.float64]:
    """The evidence for the first of `ranked` (at least one), in the order of FEATURES."""
    top = ranked[0]
    second = ranked[1] if len(ranked) > 1 else None
    rivals = [item.fused for item in ranked[1:6]] or [top.fused]
    asked = text.content(query)
    held = text.content(top.entry.match)
    latin = {term for term in asked if term.isascii()}
    match = text.fold(top.entry.match)
    return np.array(
        [
            top.raw[0],
            top.raw[0] - second.raw[0] if second else 0.0,
            top.z[0],
            top.fused,
            top.fused - second.fused if second else 0.0,
            top.fused - sum(rivals) / len(rivals),
            top.raw[1] / max(float(scored.ceiling[1]), 1e-6),
            top.raw[3] / max(float(scored.ceiling[3]), 1e-6),
            top.raw[2],
            len(asked & held) / max(len(asked), 1),
            sum(term not in match for term in latin) / max(len(latin), 1),
            float(top.raw[1] >= max(item.raw[1] for item in ranked)),
            math.log(1 + len(asked)),
        ],
        np.float64,
    )
