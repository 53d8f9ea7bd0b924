"""Texts with ``{slots}`` whose values the pack itself lists: rendered whole before any call."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from voicebot.dialog.read_back import nth_group
from voicebot.handoff.estimate import spoken_wait
from voicebot.pack import Pack
from voicebot.scenes.model import Scene, Slot, SlotType
from voicebot.speech.wording import phrases_of

GROUPS = 6
PLACES = 20
POSITIONS = 5  # in the queue; who is farther behind waits for the voice, too
WAIT_MINUTES = 17
MOST_FILLED = 100  # of one text; what is left is said live
_SLOT = re.compile(r"\{([^{}]*)\}")
Values = Mapping[str, Sequence[str]]


def filled_prompts(pack: Pack, text: str) -> list[str]:
    """A prompt's text with every value that it may hold, as far as they can be told.

    What is dictated cannot: ``{groups}`` stays. Of a text that may hold too many pairs (any two
    scenes) one slot is filled at a time: a call finds the phrases of both.
    """
    dictated = [slot for scene in pack.scenes for slot in scene.slots if slot.dictated]
    told_apart = _told_apart(pack.scenes)
    common = {
        "scene": [scene.name for scene in pack.scenes],
        "first": told_apart,
        "second": told_apart,
        "group": [nth_group(number) for number in range(GROUPS)],
        "place": [str(place + 1) for place in range(PLACES)],
        "position": [str(place + 1) for place in range(POSITIONS)],
        "wait": sorted({spoken_wait(60.0 * minutes) for minutes in range(1, WAIT_MINUTES)}),
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
    """Every combination of the values of the slots of `text` that have some.

    Where these are too many, each value with the other slots left open.
    """
    names = [name for name in dict.fromkeys(_SLOT.findall(text)) if values.get(name)]
    if len(names) > 1 and math.prod(len(values[name]) for name in names) > MOST_FILLED:
        alone = [name for name in names if _alone(name, text)]
        return [made for name in alone for made in _filled(text, {name: values[name]})]
    made = itertools.product(*(values[name] for name in names))
    return [
        _put(text, dict(zip(names, each, strict=True)))
        for each in itertools.islice(made, MOST_FILLED)
    ]


def _alone(name: str, text: str) -> bool:
    """Whether no other slot is between the same stops: else the phrase is said live anyway."""
    held = [set(_SLOT.findall(phrase)) for phrase in phrases_of(text)]
    return all(slots == {name} for slots in held if name in slots)


def _put(text: str, held: Mapping[str, str]) -> str:
    for name, value in held.items():
        text = text.replace("{" + name + "}", value)
    return text


def _told_apart(scenes: Sequence[Scene]) -> list[str]:
    """What two scenes are called when a caller is asked which it is (`dialog.scene_choice`)."""
    named = Counter(scene.name for scene in scenes)
    shared = [scene.product for scene in scenes if scene.product and named[scene.name] > 1]
    return list(dict.fromkeys((*named, *shared)))


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
