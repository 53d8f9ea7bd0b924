"""The answers that a slot can have, as far as the scene's conditions tell them apart."""

from __future__ import annotations

from voicebot.scenes.model import NO, YES, Scene, Slot, SlotType
from voicebot.scenes.when import UNKNOWN

ANYTHING = "anything"


def answers_of(scene: Scene, slot: Slot) -> list[str]:
    """Every value of an enum or bool; of a number one on either side of each threshold; of the
    rest each value that a condition names, and one that none does. Never ``unknown``."""
    if slot.type is SlotType.BOOL:
        return [YES, NO]
    if slot.type is SlotType.ENUM:
        return [choice.value for choice in slot.choices]
    conditions = [
        *(branch.when for branch in scene.branches),
        *(each.when for each in scene.contradictions),
    ]
    if slot.type is SlotType.NUMBER:
        return _around({b for when in conditions for name, b in when.numbers if name == slot.id})
    named = {value for when in conditions for name, value in when.mentions if name == slot.id}
    return [ANYTHING, *sorted(value for value in named if value and value != UNKNOWN)]


def _around(bounds: set[float]) -> list[str]:
    return [str(v) for b in sorted(bounds) for v in (b - 0.5, b, b + 0.5)] or ["1"]
