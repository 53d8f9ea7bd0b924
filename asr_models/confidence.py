"""How likely a recognized text is right, from what the decoder says about it."""

from __future__ import annotations

import math

_INTERCEPT = 3.0
_WEIGHTS = (4.0, 0.0, 0.0)


def features(score: float, *, chars: int, audio_ms: int) -> tuple[float, ...]:
    """Return what the confidence is computed from.

    The mean log-probability a token; the log of the text's length (a short text is sure of
    itself without reason); and how far the speaking rate is from a common one, in octaves.
    """
    chars = max(chars, 1)
    rate = chars / max(audio_ms / 1000, 0.1)
    return score, math.log(chars), abs(math.log2(rate / 4.0))


def confidence(score: float, *, chars: int, audio_ms: int) -> float:
    """Return the probability (0..1) that at least 80 % of the syllables are right."""
    values = features(score, chars=chars, audio_ms=audio_ms)
    logit = _INTERCEPT + sum(w * v for w, v in zip(_WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-logit))
