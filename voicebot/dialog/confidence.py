"""How sure a turn is, 0..1: one product, so that a reader can redo it by hand.

    confidence = heard x found x 0.9 ** repeats

`heard` is the recognizer's confidence in the caller's turn (1 for typed text), `found` the
probability behind what is said (answerable for an answer, the scene's for a scene, the certainty
of the least certain slot for a question), `repeats` how often this was already gone over (the
same question asked, turns in a row that failed). Fixed courtesies are 1.
"""

from __future__ import annotations

REPEAT_FACTOR = 0.9
LOW_HEARING = 0.35  # below this, what matched nothing is taken as misheard


def combined(heard: float, found: float = 1.0, repeats: int = 0) -> float:
    """The product above, within 0..1, rounded to three places."""
    value = _unit(heard) * _unit(found) * REPEAT_FACTOR ** max(0, repeats)
    return round(value, 3)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value)) if value == value else 0.0
