"""Which question comes next: the next of `ask_order`, or the one that would decide most.

Without an order the engine asks like an engineer: every branch that is still possible counts as
equally likely, and within a branch every answer that it allows. Of the slots that may be asked,
the one is next whose answer is expected to leave the least doubt about the branch (information
gain, Quinlan 1986: the entropy over branches now, less the mean entropy after the answer).
Ties go to the slot that stands first in the file, so the same call always hears the same questions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.scenes.domain import answers_of
from voicebot.scenes.model import Branch, Scene, Slot

Values = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """The slot to ask for, and why it and no other, for people to read."""

    slot: str
    why: str


def next_question(scene: Scene, values: Values) -> Question | None:
    """What to ask for while no branch holds; None if nothing is left that could help."""
    if not scene.ask_order:
        return _best(scene, values)
    for nth, name in enumerate(scene.ask_order):
        if name not in values:
            return Question(name, f"ask_order, number {nth + 1}")
    return None


def must_know(scene: Scene) -> tuple[str, ...]:
    """The slots without which no branch is answered, in the order of asking."""
    names = scene.ask_order or tuple(slot.id for slot in scene.slots)
    return tuple(name for name in names if scene.slot(name).required)


def possible(scene: Scene, values: Values) -> tuple[Branch, ...]:
    """The branches that may still be the first to hold."""
    left = []
    unset = [slot.id for slot in scene.slots if slot.id not in values]
    for branch in scene.branches:
        decision = branch.when.decide(values, unset)
        if decision is not False:
            left.append(branch)
        if decision is True:
            break
    return tuple(left)


def _best(scene: Scene, values: Values) -> Question | None:
    left = possible(scene, values)
    looked_at = {name for branch in left for name in branch.when.slots}
    askable = [
        slot
        for slot in scene.slots
        if slot.asks and slot.id not in values and (slot.required or slot.id in looked_at)
    ]
    if not askable:
        return None
    gains = [(_gain(scene, values, slot, left), slot) for slot in askable]
    gain, slot = max(gains, key=lambda pair: pair[0])  # the first of equals
    others = ", ".join(f"{other.id} {bits:.2f}" for bits, other in gains if other is not slot)
    why = f"decides {gain:.2f} of {math.log2(len(left) or 1):.2f} bits between "
    why += ", ".join(branch.id for branch in left) or "no branches"
    return Question(slot.id, why + (f" ({others})" if others else ""))


def _gain(scene: Scene, values: Values, slot: Slot, left: tuple[Branch, ...]) -> float:
    """Bits of doubt about the branch that the answer is expected to remove."""
    if len(left) < 2:
        return 0.0
    after = [
        {branch.id for branch in possible(scene, {**values, slot.id: answer})}
        for answer in answers_of(scene, slot)
    ]
    joint = [[0.0] * len(left) for _ in after]
    for column, branch in enumerate(left):
        rows = [row for row, ids in enumerate(after) if branch.id in ids]
        for row in rows:
            joint[row][column] = 1.0 / (len(left) * len(rows))
    total = sum(map(sum, joint))
    doubt = sum(_entropy(row) for row in joint) / total if total else 0.0
    return round(max(0.0, math.log2(len(left)) - doubt), 6)


def _entropy(weights: list[float]) -> float:
    """The entropy of the weights as they stand, times their sum."""
    total = sum(weights)
    return -sum(weight * math.log2(weight / total) for weight in weights if weight)
