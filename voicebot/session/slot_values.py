"""Texts with ``{slots}`` whose values the pack itself lists: rendered whole before any call."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from voicebot.dialog.read_back import nth_group
from voicebot.pack import Pack
from voicebot.scenes.model import Scene, Slot, SlotType

GROUPS = 6
PLACES = 20
MOST_FILLED = 100  # of one text; what is left is said live
_SLOT = re.compile(r"\{([^{}]*)\}")
Values = Mapping[str, Sequence[str]]


def filled_prompts(pack: Pack, text: str) -> list[str]:
    """A prompt's text with every value that it may hold, as far as they can be told.

    What is dictated cannot: ``{groups}`` stays.
    """
    dictated = [slot for scene in pack.scenes for slot in scene.slots if slot.dictated]
    common = {
        "scene": [scene.name for scene in pack.scenes],
        "group": [nth_group(number) for number in range(GROUPS)],
        "place": [str(place + 1) for place in range(PLACES)],
    }
    found: list[str] = []
    for of_slot in [_of_dictation(slot) for slot in dictated] or [{}]:
        found += _filled(text, {**common, **of_slot})
    return list(dict.fromkeys(found))


def filled_branches(pack: Pack) -> list[str]:
    """The diagnoses that hold values, with each value that their scene or the lexicon lists."""
    return [
        text
        for scene in pack.scenes
        for branch in scene.branches
        if _SLOT.search(branch.say)
        for text in _filled(branch.say, _of_scene(pack, scene))
    ]


def _filled(text: str, values: Values) -> list[str]:
    """Every combination of the values of the slots of `text` that have some."""
    names = [name for name in dict.fromkeys(_SLOT.findall(text)) if values.get(name)]
    made = itertools.product(*(values[name] for name in names))
    return [
        _put(text, dict(zip(names, each, strict=True)))
        for each in itertools.islice(made, MOST_FILLED)
    ]


def _put(text: str, held: Mapping[str, str]) -> str:
    for name, value in held.items():
        text = text.replace("{" + name + "}", value)
    return text


def _of_dictation(slot: Slot) -> dict[str, list[str]]:
    ending = "" if slot.format.endswith(("。", "！", "？")) else "。"
    return {
        "label": [slot.label],
        "format": [slot.format + ending if slot.format else ""],
        "missing": [str(missing) for missing in range(1, slot.length or 1)],
    }


def _of_scene(pack: Pack, scene: Scene) -> dict[str, list[str]]:
    return {slot.id: list(_shown(pack, slot)) for slot in scene.slots}


def _shown(pack: Pack, slot: Slot) -> Iterator[str]:
    if slot.type is SlotType.ENUM:
        yield from (choice.name for choice in slot.choices)
    elif slot.type is SlotType.BOOL:
        yield from (slot.shown("yes"), slot.shown("no"))
    elif slot.type is SlotType.TERM:
        yield from (term.term for term in pack.lexicon if term.kind == slot.kind)
