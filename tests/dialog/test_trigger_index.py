"""The index of triggers against comparing them one by one."""

from __future__ import annotations

import itertools
import random

import pytest

from voicebot.dialog.phonetic import units
from voicebot.dialog.scene_match import SceneMatch
from voicebot.dialog.trigger_index import FEWEST_PAIRS, TriggerIndex
from voicebot.pack import Pack


def share(one: str, other: str) -> float:
    """The definition: pairs in common, of the shorter text."""
    a, b = ({*itertools.pairwise(unit.sound for unit in units(text))} for text in (one, other))
    fewer = min(len(a), len(b))
    return len(a & b) / fewer if fewer >= FEWEST_PAIRS else 0.0


def test_shares_are_what_comparing_each_gives(pack: Pack) -> None:
    groups = [scene.triggers for scene in pack.scenes]
    index = TriggerIndex([*groups, ()])
    texts = [text for group in groups for text in group]
    rng = random.Random(3)
    for _ in range(60):
        heard = [rng.choice(texts) + rng.choice(("", "怎么办", "，急")) for _ in range(2)]
        shares = index.shares([index.part(text) for text in heard])
        expected = [max(share(part, text) for part in heard) for text in texts]
        assert shares.tolist() == pytest.approx(expected)
        best = index.best_of_groups(shares)
        assert best[-1] == 0.0, "an empty group"
        for number, group in enumerate(groups):
            assert best[number] == pytest.approx(max(share(p, t) for p in heard for t in group))
            if best[number] > 0:
                near = index.nearest(number, shares)
                assert max(share(p, near) for p in heard) == pytest.approx(best[number])


def test_nothing_is_like_nothing(pack: Pack) -> None:
    assert TriggerIndex([]).best_of_groups(TriggerIndex([]).shares([])).tolist() == []
    index = TriggerIndex([["硬盘找不到了"], []])
    assert index.shares([index.part("")]).tolist() == [0.0]
    assert index.best_of_groups(index.shares([index.part("今天天气")])).tolist() == [0.0, 0.0]


def test_a_trigger_left_out_counts_for_nothing(pack: Pack) -> None:
    match = SceneMatch(pack)
    for number, (scene, text) in enumerate(match.triggers):
        if match.triggers.count((scene, text)) > 1:
            continue  # a scene's name that is a trigger, too
        if len(units(text)) > FEWEST_PAIRS + 1:
            assert match.rank(text, {}, 1)[0].probability > 0
        for candidate in match.rank_without(number):
            assert (candidate.scene, candidate.trigger) != (scene, text)
