"""ROUGE-1, -2 and -L by character: how much of a human summary is in ours, and the other way.

Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries". Chinese is scored by character,
Latin words and figures whole, punctuation left out, as the dialogue summary literature does. No
library that is still kept takes Chinese so; the longest common subsequence is rapidfuzz's, and the
tests hold the figures against google-research's rouge-score.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

_TOKEN = re.compile(r"[a-z0-9]+|[^\W_]")


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean, each 0..1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Rouge:
    """The three scores of one summary."""

    rouge1: Score
    rouge2: Score
    rouge_l: Score


def tokens(text: str) -> list[str]:
    """Characters; runs of Latin letters and figures are one token each."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def rouge(summary: str, reference: str) -> Rouge:
    """The scores of `summary` against one human summary. Two empty texts score 0."""
    ours, theirs = tokens(summary), tokens(reference)
    return Rouge(
        _overlap(_grams(ours, 1), _grams(theirs, 1)),
        _overlap(_grams(ours, 2), _grams(theirs, 2)),
        _score(LCSseq.similarity(ours, theirs), len(ours), len(theirs)),
    )


def _grams(found: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(found[at : at + size]) for at in range(len(found) - size + 1))


def _overlap(ours: Counter[tuple[str, ...]], theirs: Counter[tuple[str, ...]]) -> Score:
    return _score((ours & theirs).total(), ours.total(), theirs.total())


def _score(common: float, ours: int, theirs: int) -> Score:
    if not common:
        return Score(0.0, 0.0, 0.0)
    precision, recall = common / ours, common / theirs
    return Score(precision, recall, 2 * precision * recall / (precision + recall))
