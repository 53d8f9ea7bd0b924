"""Area under the ROC curve, ties counted half."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a positive scores above a negative. Raises ValueError if either is empty."""
    if not positives or not negatives:
        raise ValueError("auc: needs at least one score of each kind")
    scores = np.concatenate([positives, negatives])
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[place]
    n = len(positives)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(negatives)))
