"""Triggers that lead astray: each is tried as if it had not been written down (leave one out).

A caller's own words are never quite a trigger's. If one of a scene's triggers, left out, would be
taken for another scene, so will what callers say who mean it. The matching is the very one that
takes calls (`voicebot.dialog.scene_match`); meaning is judged only where an index is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from voicebot.dialog.scene_match import SceneMatch
from voicebot.pack import Pack
from voicebot.pack_yaml import Problem
from voicebot.scenes.model import Scene

WRONG_FROM = 0.5  # as likely as this, the other scene would start
Progress = Callable[[int, int], None]


def collisions(pack: Pack, progress: Progress = lambda done, total: None) -> Iterator[Problem]:
    """The problems, in the order of the scenes. The same words in two scenes are an error, unless
    each is for a product of its own."""
    match = SceneMatch(pack)
    scenes = {scene.id: scene for scene in pack.scenes}
    place: dict[str, int] = dict.fromkeys(scenes, -1)  # the scene's name comes before its triggers
    triggers = match.triggers
    for number, (scene_id, text) in enumerate(triggers):
        scene, nth = scenes[scene_id], place[scene_id]
        place[scene_id] += 1
        if number % 500 == 0:
            progress(number, len(triggers))
        if text in scene.not_triggers:
            expected = f"{text!r} in triggers or in not_triggers, not in both"
            yield problem_at(scene, nth, f"expected {expected}; remove one")
            continue
        others = [each for each in match.rank_without(number) if not each.vetoed]
        if not others or others[0].scene == scene_id or others[0].probability < WRONG_FROM:
            continue
        other = scenes[others[0].scene]
        if others[0].trigger == text and not _apart(scene, other):
            yield problem_at(
                scene, nth, f"{text!r} is also in {other.id} ({other.file}); keep it in one"
            )
        elif others[0].trigger != text:
            says = f"{text!r} sounds more like {other.id} ({others[0].trigger!r}) than the rest"
            yield problem_at(
                scene, nth, f"{says} of this scene; word it apart, or add others like it", warn=True
            )


def _apart(one: Scene, other: Scene) -> bool:
    return bool(one.product) and bool(other.product) and one.product != other.product


def problem_at(scene: Scene, nth: int, text: str, *, warn: bool = False) -> Problem:
    """A problem with a trigger, by its place in the file; -1: with the scene's name."""
    key = "name" if nth < 0 else f"triggers[{nth}]"
    line = scene.lines.get(key, scene.lines.get("triggers", 0))
    return Problem(scene.file, line, f"{key}: {text}", warn)
