"""A model's choice among close passages and a scene, and what becomes of the search for it."""

from __future__ import annotations

import pytest

from tests.language.conftest import Scripted
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.pick import NONE, Picker
from voicebot.language.prompt_files import prompt_texts
from voicebot.session.hit_picker import HitPicker

HITS = tuple(Hit(n, HitKind.FAQ, 0.0, f"答{n}", f"问{n}") for n in "abc")
SCENE = Hit("power", HitKind.SCENE, 0.0, "服务器不开机", "按了没反应")


def refined(
    probabilities: tuple[float, ...], scene_probability: float = 0.4
) -> tuple[SearchResult, tuple[str, ...]]:
    engine = Scripted(probabilities)
    picker = HitPicker(Picker(engine, prompt_texts()["choose"], len, 2000))
    result = SearchResult("机器起不来", HITS, 0.5, SCENE, scene_probability)
    return picker.refine(result), engine.asked[0][1]


def test_the_scene_is_one_of_the_options() -> None:
    _, options = refined((0.9, 0.05, 0.03, 0.02))
    assert options == ("问a", "问b", "排查服务器不开机", NONE)


def test_an_unlikely_scene_is_not() -> None:
    _, options = refined((0.9, 0.05, 0.03, 0.02), scene_probability=0.1)
    assert options == ("问a", "问b", "问c", NONE)


def test_a_chosen_passage_comes_first_and_the_scene_is_less_likely() -> None:
    result, _ = refined((0.05, 0.9, 0.03, 0.02))
    assert [hit.id for hit in result.hits] == ["b", "a", "c"]
    assert result.answerable == 0.9
    assert result.scene_probability == pytest.approx(0.1)


def test_a_chosen_scene_is_likely_and_nothing_else_is() -> None:
    result, _ = refined((0.05, 0.03, 0.9, 0.02))
    assert (result.scene_probability, result.scene) == (0.9, SCENE)
    assert result.answerable == pytest.approx(0.1)


def test_none_of_them_makes_all_less_likely() -> None:
    result, _ = refined((0.05, 0.03, 0.02, 0.9))
    assert result.answerable == pytest.approx(0.1)
    assert result.scene_probability == pytest.approx(0.1)
    assert result.hits == HITS
