"""Questions that ask the same, put together: average linkage over the pairs that are near."""

from __future__ import annotations

import heapq
import itertools

from voicebot.workshop.likeness import Likeness, Said, likeness, nearest

TOGETHER = 0.5  # the mean probability, over all pairs of a cluster, that they ask the same
_NEAR = 20  # neighbours of a question that are looked at


def clusters(
    said: Said, model: Likeness | None = None, together: float = TOGETHER
) -> tuple[tuple[int, ...], ...]:
    """Groups of indices into `said`, each index in one of them; the largest group first.

    Two groups join if the mean likeness of their pairs is at least `together`; the likest pair
    of groups joins first. Within a group, the question that is most like the others comes first.
    """
    model = model or likeness()
    memo = _Pairs(said, model)
    near = nearest(said, said, _NEAR + 1)
    edges = {
        (min(one, int(other)), max(one, int(other)))
        for one in range(len(said))
        for other in near[one]
        if int(other) != one
    }
    memo.want(sorted(edges))
    groups: dict[int, list[int]] = {nth: [nth] for nth in range(len(said))}
    beside: dict[int, set[int]] = {nth: set() for nth in groups}
    for one, other in edges:
        beside[one].add(other)
        beside[other].add(one)
    heap = [(-memo.of(one, other), one, other) for one, other in sorted(edges)]
    heapq.heapify(heap)
    names = itertools.count(len(said))
    while heap and -heap[0][0] >= together:
        _, one, other = heapq.heappop(heap)
        if one not in groups or other not in groups:
            continue
        name = next(names)
        groups[name] = groups.pop(one) + groups.pop(other)
        beside[name] = (beside.pop(one) | beside.pop(other)) - {one, other}
        for each in sorted(beside[name]):
            beside[each] = (beside[each] - {one, other}) | {name}
            heapq.heappush(heap, (-memo.mean(groups[name], groups[each]), each, name))
    found = [_middle_first(memo, members) for members in groups.values()]
    return tuple(sorted(found, key=lambda group: (-len(group), group)))


class _Pairs:
    """Likenesses of pairs, each computed once."""

    def __init__(self, said: Said, model: Likeness) -> None:
        self._said = said
        self._model = model
        self._known: dict[tuple[int, int], float] = {}

    def want(self, pairs: list[tuple[int, int]]) -> None:
        missing = [pair for pair in pairs if pair not in self._known]
        scores = self._model.pairs(self._said, self._said, missing)
        self._known.update(zip(missing, map(float, scores), strict=True))

    def of(self, one: int, other: int) -> float:
        pair = (min(one, other), max(one, other))
        if pair not in self._known:
            self.want([pair])
        return self._known[pair]

    def mean(self, some: list[int], others: list[int]) -> float:
        self.want(sorted({(min(a, b), max(a, b)) for a in some for b in others}))
        return sum(self.of(a, b) for a in some for b in others) / (len(some) * len(others))


def _middle_first(memo: _Pairs, members: list[int]) -> tuple[int, ...]:
    def away(one: int) -> tuple[float, int, int]:
        total = sum(memo.of(one, other) for other in members if other != one)
        return (-total, len(memo._said.texts[one]), one)

    return tuple(sorted(members, key=away))
