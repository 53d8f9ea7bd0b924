"""How much of each trigger is in a text, by sound: one pass for any number of scenes.

Two texts are alike by the share of syllable pairs in common (of the shorter of the two). Pairs
point to the triggers that hold them, so that a text is only compared with what it shares a pair
with; a thousand scenes cost a millisecond or so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from voicebot.dialog.phonetic import units

FEWEST_PAIRS = 3  # shorter texts prove nothing: 硬盘
Pairs = frozenset[tuple[str, str]]
Shares = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


def pairs_of(text: str) -> Pairs:
    """The pairs of neighbouring sounds in a text."""
    return frozenset(itertools.pairwise(unit.sound for unit in units(text)))


class TriggerIndex:
    """Texts in groups (the triggers of each scene). Immutable, so that threads may share it."""

    def __init__(self, groups: Sequence[Iterable[str]]) -> None:
        self.groups = len(groups)
        self.texts: list[str] = []
        owners: list[int] = []
        for group, texts in enumerate(groups):
            for text in texts:
                self.texts.append(text)
                owners.append(group)
        self.owner: _Ints = np.asarray(owners, np.int64)
        holders: dict[tuple[str, str], list[int]] = {}
        sizes = []
        for nth, text in enumerate(self.texts):
            pairs = pairs_of(text)
            sizes.append(len(pairs))
            for pair in pairs:
                holders.setdefault(pair, []).append(nth)
        self._sizes: _Ints = np.asarray(sizes, np.int64)
        self._holders = {pair: np.asarray(found, np.int64) for pair, found in holders.items()}

    def shares(self, parts: Iterable[Pairs]) -> Shares:
        """For each text the largest share that it has in common with one of `parts`."""
        best = np.zeros(len(self.texts))
        for part in parts:
            held = [self._holders[pair] for pair in part if pair in self._holders]
            if len(held) < 1 or len(part) < FEWEST_PAIRS:
                continue
            common = np.bincount(np.concatenate(held), minlength=len(best))
            fewer = np.minimum(self._sizes, len(part))
            share = np.where(fewer >= FEWEST_PAIRS, common / np.maximum(fewer, 1), 0.0)
            np.maximum(best, share, out=best)
        return best

    def best_of_groups(self, shares: Shares) -> tuple[Shares, _Ints]:
        """(the largest share of each group, which text has it; -1 in an empty group)."""
        largest = np.zeros(self.groups)
        np.maximum.at(largest, self.owner, shares)
        which = np.full(self.groups, -1, np.int64)
        winners = np.flatnonzero(shares >= largest[self.owner])
        which[self.owner[winners[::-1]]] = winners[::-1]  # the first of equals stays
        return largest, which
