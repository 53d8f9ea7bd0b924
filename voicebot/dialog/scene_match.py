"""How plainly a caller names a scene: their words against its triggers, by sound.

Retrieval judges meaning, and is calibrated on questions at large; a caller who says a trigger
nearly word for word leaves no doubt. The share of syllable pairs in common with the nearest
trigger (of the shorter of the two, for the whole text and for each of its clauses) is taken as
evidence on top of retrieval's probability:

    probability = 1 - (1 - retrieval) x (1 - evidence)

A text that is nearer to one of the scene's not_triggers is not it, whatever retrieval says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from voicebot.dialog.phonetic import units
from voicebot.dialog.textforms import clauses
from voicebot.pack import Pack

FROM_SHARE = 0.55  # less in common than this is no evidence
MOST = 0.9  # evidence of a trigger said word for word
VETO_SHARE = 0.6  # this much in common with a not_trigger, and more than with any trigger
VETOED = 0.2  # the most that a vetoed scene is left with
FEWEST_PAIRS = 3  # shorter texts prove nothing: 硬盘
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class _Words:
    scene: str
    triggers: tuple[Pairs, ...]
    counter: tuple[Pairs, ...]


class SceneMatch:
    """The triggers of a pack's scenes."""

    def __init__(self, pack: Pack) -> None:
        self._scenes = tuple(
            _Words(scene.id, _all((scene.name, *scene.triggers)), _all(scene.not_triggers))
            for scene in pack.scenes
        )

    def best(self, text: str, found: str, probability: float) -> tuple[str, float]:
        """(scene id, probability) of the likeliest scene; `found` is retrieval's, or empty."""
        # Callers ramble before they come to the point, so each clause is compared as well.
        parts = [_pairs(part) for part in (text, *clauses(text))]
        ranked = [
            (_combined(words, parts, probability if words.scene == found else 0.0), words.scene)
            for words in self._scenes
        ]
        likeliest, scene = max(ranked, default=(0.0, ""))
        return (scene, likeliest) if likeliest > 0 else ("", 0.0)


def _combined(words: _Words, parts: list[Pairs], probability: float) -> float:
    like = max((_share(part, pairs) for pairs in words.triggers for part in parts), default=0.0)
    unlike = max((_share(part, pairs) for pairs in words.counter for part in parts), default=0.0)
    if unlike >= VETO_SHARE and unlike > like:
        return min(probability, VETOED)
    evidence = MOST * max(0.0, like - FROM_SHARE) / (1.0 - FROM_SHARE)
    return 1.0 - (1.0 - min(1.0, max(0.0, probability))) * (1.0 - evidence)


def _share(heard: Pairs, pairs: Pairs) -> float:
    fewer = min(len(heard), len(pairs))
    return len(heard & pairs) / fewer if fewer >= FEWEST_PAIRS else 0.0


def _pairs(text: str) -> Pairs:
    sounds = [unit.sound for unit in units(text)]
    return frozenset(itertools.pairwise(sounds))


def _all(texts: Iterable[str]) -> tuple[Pairs, ...]:
    return tuple(_pairs(text) for text in texts)
