"""How likely a recognized text is right, from what the decoder says about it."""

from __future__ import annotations

import math

_INTERCEPT = 3.0
_PER_LOGPROB = 4.0


def confidence(score: float, *, chars: int, audio_ms: int, no_speech: float) -> float:
    return 1.0 / (1.0 + math.exp(-(_INTERCEPT + _PER_LOGPROB * score)))
