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

from voicebot.dialog.textforms import clauses
from voicebot.dialog.trigger_index import Pairs, TriggerIndex, pairs_of
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
        self._triggers = TriggerIndex([(s.name, *s.triggers) for s in pack.scenes])
        self._counter = TriggerIndex([s.not_triggers for s in pack.scenes])

    @property
    def triggers(self) -> tuple[tuple[str, str], ...]:
        """(scene id, text) of every trigger, names included, by number."""
        texts = zip(self._triggers.owner, self._triggers.texts, strict=True)
        return tuple((self._ids[owner], text) for owner, text in texts)

    def best(self, text: str, found: str, probability: float) -> tuple[str, float]:
        """(scene id, probability) of the likeliest scene; `found` is retrieval's, or empty."""
        ranked = self.rank(text, {found: probability} if found else {}, 1)
        return (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)

    def rank(
        self, text: str, found: Mapping[str, float], most: int = 5, *, without: int = -1
    ) -> tuple[SceneCandidate, ...]:
        """The likeliest scenes, best first; `found` are retrieval's probabilities by scene.

        `without` is the number of a trigger (of `triggers`) that is left out: what would be
        found if it had not been written down?
        """
        if not self._ids:
            return ()
        # Callers ramble before they come to the point, so each clause is compared as well.
        parts: list[Pairs] = [pairs_of(part) for part in dict.fromkeys((text, *clauses(text)))]
        shares = self._triggers.shares(parts)
        if without >= 0:
            shares[without] = 0.0
        like, nearest = self._triggers.best_of_groups(shares)
        unlike, _ = self._counter.best_of_groups(self._counter.shares(parts))
        retrieved = np.zeros(len(self._ids))
        for scene, probability in found.items():
            if scene in self._number:
                retrieved[self._number[scene]] = min(1.0, max(0.0, probability))
        evidence = MOST * np.maximum(0.0, like - FROM_SHARE) / (1.0 - FROM_SHARE)
        combined = 1.0 - (1.0 - retrieved) * (1.0 - evidence)
        vetoed = (unlike >= VETO_SHARE) & (unlike > like)
        combined = np.where(vetoed, np.minimum(retrieved, VETOED), combined)
        order = np.argsort(-combined, kind="stable")[:most]  # of equals the first in the pack
        return tuple(
            SceneCandidate(
                self._ids[number],
                float(combined[number]),
                self._triggers.texts[nearest[number]],
                float(like[number]),
                bool(vetoed[number]),
            )
            for number in order
            if combined[number] > 0
        )


def too_close(ranked: Sequence[SceneCandidate], least: float) -> bool:
    """Whether the first two are both at least this probable, and within `MARGIN`."""
    if len(ranked) < 2 or any(each.vetoed for each in ranked[:2]) or ranked[1].probability < least:
        return False
    return _log_odds(ranked[0].probability) - _log_odds(ranked[1].probability) < MARGIN


def _log_odds(probability: float) -> float:
    sure = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(sure / (1 - sure))
