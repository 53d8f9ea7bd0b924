"""How much of each trigger is in a text, by sound: one pass for any number of scenes.

Two texts are alike by the share of syllable pairs in common (of the shorter of the two). Pairs
point to the texts that hold them, so that what is heard is only compared with what it shares a
pair with; a thousand scenes cost a millisecond or so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.dialog.phonetic import units

FEWEST_PAIRS = 3  # shorter texts prove nothing: 硬盘
Shares = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """A text, or a clause of one: its pairs that the index knows, and how many it has in all."""

    known: tuple[int, ...]
    size: int


class TriggerIndex:
    """Texts in groups (the triggers of each scene). Immutable, so that threads may share it."""

    def __init__(self, groups: Sequence[Iterable[str]]) -> None:
        listed = [tuple(texts) for texts in groups]
        self.texts: tuple[str, ...] = tuple(itertools.chain.from_iterable(listed))
        sizes = [len(texts) for texts in listed]
        self._starts: _Ints = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        self._filled: _Ints = np.flatnonzero(np.asarray(sizes))
        self._vocabulary: dict[tuple[str, str], int] = {}
        holders: list[list[int]] = []
        self._parts = []
        for nth, text in enumerate(self.texts):
            pairs = _pairs(text)
            for pair in pairs:
                known = self._vocabulary.setdefault(pair, len(holders))
                if known == len(holders):
                    holders.append([])
                holders[known].append(nth)
            self._parts.append(Part(tuple(self._vocabulary[pair] for pair in pairs), len(pairs)))
        self._sizes: _Ints = np.asarray([part.size for part in self._parts], np.int64)
        self._holders = [np.asarray(found, np.int64) for found in holders]

    def part(self, text: str) -> Part:
        """A text as the index sees it."""
        pairs = _pairs(text)
        known = (self._vocabulary.get(pair) for pair in pairs)
        return Part(tuple(number for number in known if number is not None), len(pairs))

    def part_of(self, number: int) -> Part:
        """The same of one of its own texts, at no cost."""
        return self._parts[number]

    def group(self, number: int) -> int:
        """The group that a text is in."""
        return int(np.searchsorted(self._starts, number, side="right")) - 1

    def shares(self, parts: Iterable[Part]) -> Shares:
        """For each text the largest share that it has in common with one of `parts`."""
        best = np.zeros(len(self.texts))
        for part in parts:
            if not part.known or part.size < FEWEST_PAIRS:
                continue
            held = np.concatenate([self._holders[number] for number in part.known])
            common = np.bincount(held, minlength=len(best))
            alike = np.flatnonzero(common)
            fewer = np.minimum(self._sizes[alike], part.size)
            share = np.where(fewer >= FEWEST_PAIRS, common[alike] / np.maximum(fewer, 1), 0.0)
            best[alike] = np.maximum(best[alike], share)
        return best

    def best_of_groups(self, shares: Shares) -> Shares:
        """The largest share of each group, 0 of an empty one."""
        largest = np.zeros(len(self._starts) - 1)
        if len(self._filled):
            largest[self._filled] = np.maximum.reduceat(shares, self._starts[self._filled])
        return largest

    def nearest(self, group: int, shares: Shares) -> str:
        """The text of a group that has the largest share."""
        start, end = self._starts[group], self._starts[group + 1]
        return self.texts[int(start) + int(np.argmax(shares[start:end]))]


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(itertools.pairwise(unit.sound for unit in units(text)))
