"""How likely the best item answers the question: a small calibrated logistic model.

The coefficients live in ``refusal.json`` beside this file, with where they come from;
``tests/bench/fit_refusal.py`` writes it.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge import text
from voicebot.knowledge.evidence import EVIDENCE
from voicebot.knowledge.lexical import Postings
from voicebot.knowledge.ranking import Ranked

FEATURES = (
    "share",  # ln of the best item's softmax share of all candidates
    "fused_lead5",  # over the mean of the second to sixth
    "cosine",  # of the best item
    "dense_z",
    "chars_cosine",
    "covered",  # share of the query's words that the item holds, each by its rarity
    "rarest_missing",  # rarity (the pool's rarest word has 1) of the rarest word that it lacks
    "names_missing",  # summed rarity of the Latin words and numbers that it lacks
    "names_share",  # share of Latin words and numbers in the query, by rarity
    "phrase",  # the longest run of characters that it shares, as a share of the query
    "hub",
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
def calibration(name: str) -> Calibration:
    """The committed coefficients for ``passages`` and ``faq`` (what answers), ``questions`` (what
    FAQ are asked by; ``mapped_questions`` with mapped vectors) or ``scenes`` (what scenes are)."""
    fields = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["pools"][name]
    mean, scale, weights = (
        tuple(float(fields[name][feature]) for feature in FEATURES)
        for name in ("mean", "scale", "weights")
    )
    return Calibration(mean, scale, weights, float(fields["bias"]))


def threshold(wrong_answers: float) -> float:
    """The probability from which to answer, so that of the questions without an answer at most
    this share (0..1) is answered: read off the curves of refusal.json, on unseen folds, for the
    kind of text that needs it highest."""
    pools = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["pools"]
    answering = (pools[name] for name in ("passages", "faq", "questions", "mapped_questions"))
    parts = (part for pool in answering for part in pool["unseen"].values())
    curves = (part["curve"] for part in parts if "curve" in part)
    return max(_crossing(curve, wrong_answers) for curve in curves)


def _crossing(curve: Sequence[Mapping[str, float]], wrong_answers: float) -> float:
    """Linear between the points; nothing is answered below 0, everything refused at 1."""
    points = [(0.0, 1.0), *((p["threshold"], p["unanswerable"]) for p in curve), (1.0, 0.0)]
    for (low, more), (high, less) in itertools.pairwise(points):
        if less <= wrong_answers:
            share = (more - wrong_answers) / max(more - less, 1e-9)
            return low + (high - low) * min(max(share, 0.0), 1.0)
    return 1.0


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def features(query: str, ranked: Sequence[Ranked], words: Postings) -> npt.NDArray[np.float64]:
    """The evidence for the first of `ranked` (at least one), in the order of FEATURES.

    `words` are the pool's posting lists of words: they know how rare a word is.
    """
    top = ranked[0]
    fused = np.array([item.fused for item in ranked])
    rivals = fused[1:6] if len(ranked) > 1 else fused
    rarest = float(words.idf.max(initial=1.0))  # grows with the pool, so it is divided out
    rarity = {term: words.rarity(term) / rarest for term in set(text.terms(query))}
    held = set(text.terms(top.entry.match))
    missing = {term: value for term, value in rarity.items() if term not in held}
    every = sum(rarity.values()) or 1.0
    values = dict(zip(EVIDENCE, top.evidence, strict=True))
    return np.array(
        [
            -math.log(float(np.exp(fused - fused[0]).sum())),
            top.fused - float(rivals.mean()),
            top.raw[0],
            values["dense"],
            top.raw[2],
            1 - sum(missing.values()) / every,
            max(missing.values(), default=0.0),
            sum(value for term, value in missing.items() if term.isascii()),
            sum(value for term, value in rarity.items() if term.isascii()) / every,
            math.expm1(values["phrase"]) / max(len("".join(query.split())), 1),
            values["hub"],
            float(top.raw[1] >= max(item.raw[1] for item in ranked)),
            math.log(1 + len(text.content(query))),
        ],
        np.float64,
    )
