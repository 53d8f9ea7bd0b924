"""How likely a turn's answer is right: one number from everything that speaks for or against it.

    confidence = 1 / (1 + exp(-(bias + weight x each input)))

The coefficients are fitted (tests/bench/fit_turn_confidence.py) and stand in confidence.json with
what they were fitted on. `voicebot.dialog.confidence` is the dialog's own product of a few factors;
this number judges the finished turn, goes into its record with all its inputs, and decides whether
the risk of saying the answer is one to take.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

COEFFICIENTS = Path(__file__).with_name("confidence.json")
_EDGE = 0.02  # probabilities are taken to be at least so far from 0 and 1


@dataclass(frozen=True)
class Inputs:
    """What is known of a turn; the defaults say nothing against it.

    `ears` is the recognizer's confidence, 0..1; `found` the probability that what was found
    answers (or that it is this scene); `margin` by how much the best hit leads the next, in units
    of the fused score, at most 2; `ungrounded` 1 where a model's wording was rejected; `repeats`
    turns in a row that helped nobody, or times that the same was asked; `contradictions` raised so
    far; `mood` 0 calm to 1 abusive (`voicebot.dialog.mood`).
    """

    ears: float = 1.0
    found: float = 1.0
    margin: float = 2.0
    ungrounded: float = 0.0
    repeats: float = 0.0
    contradictions: float = 0.0
    mood: float = 0.0

    def features(self) -> tuple[float, ...]:
        """The inputs as the model weighs them, in the order of `NAMES`."""
        return (
            _logit(self.ears),
            _logit(self.found),
            min(2.0, max(0.0, _number(self.margin))),
            self.ungrounded,
            min(3.0, self.repeats),
            min(3.0, self.contradictions),
            self.mood,
        )

    def to_dict(self) -> dict[str, float]:
        """Plain data for records."""
        return {name: round(_number(value), 4) for name, value in asdict(self).items()}


NAMES = tuple(each.name for each in fields(Inputs))


@dataclass(frozen=True)
class Calibration:
    """Fitted coefficients; `fitted_on` says on what, `ece` how well they did on unseen folds."""

    bias: float
    weights: Mapping[str, float]
    fitted_on: str = ""
    ece: float = math.nan

    def confidence(self, inputs: Inputs) -> float:
        """The probability, 0..1, rounded to three places."""
        total = self.bias + sum(
            self.weights[name] * value for name, value in zip(NAMES, inputs.features(), strict=True)
        )
        return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total)))), 3)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """What `tests/bench/fit_turn_confidence.py` wrote. Raises ValueError if inputs differ."""
        weights = {str(name): float(value) for name, value in data["weights"].items()}
        if set(weights) != set(NAMES):
            expected = ", ".join(NAMES)
            raise ValueError(f"confidence: weights for {expected} expected, got {sorted(weights)}")
        ece = float(data.get("ece", math.nan))
        return cls(float(data["bias"]), weights, str(data.get("fitted_on", "")), ece)


@cache
def calibration() -> Calibration:
    """The coefficients that come with the house."""
    return Calibration.from_dict(json.loads(COEFFICIENTS.read_text("utf-8")))


def _logit(probability: float) -> float:
    kept = min(1.0 - _EDGE, max(_EDGE, _number(probability)))
    return math.log(kept / (1.0 - kept))


def _number(value: float) -> float:
    return value if math.isfinite(value) else 0.0
