"""Two scenes that are too close to choose: ask once which it is, and understand the reply."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicebot.dialog.confidence import combined
from voicebot.dialog.events import SayKind
from voicebot.dialog.phonetic import contains
from voicebot.dialog.scene_match import SceneCandidate
from voicebot.dialog.state import Awaiting
from voicebot.dialog.trigger_index import TriggerIndex
from voicebot.dialog.turn import Turn
from voicebot.pack import Pack
from voicebot.scenes.model import Scene

_FIRST = re.compile(r"前者|第一[个种]|前[面一]个?|头一[个种]|前边")
_SECOND = re.compile(r"后者|第二[个种]|后[面一]个?|后边")
_NEITHER = re.compile(r"都不是|两个都不|哪个都不|不是这两|以上都不")
LEAST_SHARE = 0.34  # of a reply that names a scene by some words of its triggers
LEAST_LEAD = 0.1  # of that share, over the other scene


def asked_before(turn: Turn, first: str, second: str) -> bool:
    """Whether just these two were asked about: it is asked once only."""
    return bool(turn.state.rival) and {turn.state.candidate, turn.state.rival} == {first, second}


def ask_which(turn: Turn, ranked: Sequence[SceneCandidate], query: str) -> None:
    """One question that tells the first two apart."""
    first, second = (_scene(turn.pack, each.scene) for each in ranked[:2])
    names = (first.name, second.name)
    if first.name == second.name:
        names = (first.product or first.name, second.product or second.name)
    turn.set(awaiting=Awaiting.CLARIFY, candidate=first.id, rival=second.id, candidate_query=query)
    turn.say(
        turn.fitted("clarify_between", first=names[0], second=names[1]),
        SayKind.CLARIFY,
        confidence=combined(turn.heard, ranked[0].probability),
    )


def chosen(pack: Pack, text: str, first: str, second: str) -> str:
    """The scene that a reply to `ask_which` names, or nothing."""
    if _NEITHER.search(text):
        return ""
    one, other = bool(_FIRST.search(text)), bool(_SECOND.search(text))
    if one is not other:
        return first if one else second
    scenes = [_scene(pack, first), _scene(pack, second)]
    for words in ([each.product for each in scenes], [each.name for each in scenes]):
        named = [bool(word) and contains(text, word) for word in words]
        if named[0] is not named[1]:
            return first if named[0] else second
    index = TriggerIndex([(scene.name, *scene.triggers) for scene in scenes])
    shares = index.best_of_groups(index.shares([index.part(text)]))
    if max(shares) < LEAST_SHARE or abs(shares[0] - shares[1]) < LEAST_LEAD:
        return ""
    return first if shares[0] > shares[1] else second


def _scene(pack: Pack, scene_id: str) -> Scene:
    scene = pack.scene(scene_id)
    if scene is None:
        raise KeyError(scene_id)
    return scene
