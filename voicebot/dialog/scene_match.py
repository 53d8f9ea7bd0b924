"""How plainly a caller names a scene: their words against its triggers, by sound.

Retrieval judges meaning, and is calibrated on questions at large; a caller who says a trigger
nearly word for word leaves no doubt. The share of syllable pairs in common with the nearest
trigger (of the shorter of the two, for the whole text and for each of its clauses) is taken as
evidence on top of retrieval's probability:

    probability = 1 - (1 - retrieval) x (1 - evidence)

A text that is nearer to one of the scene's not_triggers is not it, whatever retrieval says. Two
scenes within `MARGIN` of each other are too close to choose: the caller is asked which it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.dialog.textforms import clauses, clean
from voicebot.dialog.trigger_index import Shares, TriggerIndex
from voicebot.pack import Pack

FROM_SHARE = 0.55  # less in common than this is no evidence
MOST = 0.9  # evidence of a trigger said word for word
VETO_SHARE = 0.6  # this much in common with a not_trigger, and more than with any trigger
VETOED = 0.2  # the most that a vetoed scene is left with
MARGIN = 0.4  # of log-odds (.1 at even chances): nearer, two scenes are too close to choose


@dataclass(frozen=True)
class SceneCandidate:
    """A scene that a text may mean; `trigger` is the nearest, with `share` of it in common."""

    scene: str
    probability: float
    trigger: str
    share: float
    vetoed: bool


class SceneMatch:
    """The triggers of a pack's scenes."""

    def __init__(self, pack: Pack) -> None:
        self._ids = tuple(scene.id for scene in pack.scenes)
        self._number = {scene: number for number, scene in enumerate(self._ids)}
        triggers = [(scene.name, *scene.triggers) for scene in pack.scenes]
        self._index = TriggerIndex([*triggers, *(scene.not_triggers for scene in pack.scenes)])
        self._count = sum(map(len, triggers))
        models = (term for term in pack.lexicon if term.kind == "model")
        self._names = {clean(form).lower() for term in models for form in (term.term, *term.spoken)}

    @property
    def triggers(self) -> tuple[tuple[str, str], ...]:
        """(scene id, text) of every trigger, names included, by number."""
        texts = self._index.texts[: self._count]
        return tuple((self._ids[self._index.group(n)], text) for n, text in enumerate(texts))

    def best(self, text: str, found: str, probability: float) -> tuple[str, float]:
        """(scene id, probability) of the likeliest scene; `found` is retrieval's, or empty."""
        ranked = self.rank(text, {found: probability} if found else {}, 1)
        return (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)

    def rank(
        self, text: str, found: Mapping[str, float], most: int = 5
    ) -> tuple[SceneCandidate, ...]:
        """The likeliest scenes, best first; `found` are retrieval's probabilities by scene."""
        # Callers ramble before they come to the point, so each clause is compared as well.
        # A clause that only names the machine (六六零零，快照怎么做) is a part of many triggers.
        told = [part for part in clauses(text) if part not in self._names]
        parts = [self._index.part(part) for part in dict.fromkeys((text, *told))]
        return self._ranked(self._index.shares(parts), found, most)

    def rank_without(self, number: int, most: int = 2) -> tuple[SceneCandidate, ...]:
        """What would be found for a trigger if it had not been written down."""
        text = self._index.texts[number]
        parts = [self._index.part_of(number)]
        several = clauses(text)
        if len(several) > 1:
            parts += [self._index.part(part) for part in several]
        shares = self._index.shares(parts)
        shares[number] = 0.0
        return self._ranked(shares, {}, most)

    def _ranked(
        self, shares: Shares, found: Mapping[str, float], most: int
    ) -> tuple[SceneCandidate, ...]:
        scenes = len(self._ids)
        largest = self._index.best_of_groups(shares)
        like, unlike = largest[:scenes], largest[scenes:]
        retrieved = np.zeros(scenes)
        for scene, probability in found.items():
            if scene in self._number:
                retrieved[self._number[scene]] = min(1.0, max(0.0, probability))
        evidence = MOST * np.maximum(0.0, like - FROM_SHARE) / (1.0 - FROM_SHARE)
        combined = 1.0 - (1.0 - retrieved) * (1.0 - evidence)
        vetoed = (unlike >= VETO_SHARE) & (unlike > like)
        combined = np.where(vetoed, np.minimum(retrieved, VETOED), combined)
        likely = np.flatnonzero(combined > 0)
        # Of equals the first in the pack.
        order = likely[np.argsort(-combined[likely], kind="stable")[:most]]
        return tuple(
            SceneCandidate(
                self._ids[number],
                float(combined[number]),
                self._index.nearest(number, shares),
                float(like[number]),
                bool(vetoed[number]),
            )
            for number in map(int, order)
        )


def too_close(ranked: Sequence[SceneCandidate], least: float) -> bool:
    """Whether the first two are both at least this probable, and within `MARGIN`."""
    if len(ranked) < 2 or any(each.vetoed for each in ranked[:2]) or ranked[1].probability < least:
        return False
    return _log_odds(ranked[0].probability) - _log_odds(ranked[1].probability) < MARGIN


def _log_odds(probability: float) -> float:
    sure = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(sure / (1 - sure))
