"""How likely a recognized text is right, from what the decoder says about it."""

from __future__ import annotations

import math

# Fitted by tests/bench/fit_confidence.py on 276 clips of Common Voice and AISHELL-1 through
# A-law, clean and with noise at 20, 10 and 3 dB (docs/ears.md). The length of the text
# and the speaking rate added nothing on clips that were not fitted.
_INTERCEPT = 4.85
_PER_LOGPROB = 9.34


def confidence(score: float) -> float:
    """Return the probability (0..1) that at least 80 % of the syllables are right.

    `score` is the mean log-probability a token of Whisper base with beam search.
    """
    return 1.0 / (1.0 + math.exp(-(_INTERCEPT + _PER_LOGPROB * score)))
