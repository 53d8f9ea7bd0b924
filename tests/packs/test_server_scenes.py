"""The demo company's scenes: enough of them, speakable, and told apart."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from tests.server_pack import server_pack
from voicebot.dialog.fill import Filler
from voicebot.dialog.intents import wants_human
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.scene_match import SceneMatch
from voicebot.scenes.model import NO, YES, Scene, SlotType

PACK = server_pack()
FILLER = Filler(Canonicalizer(PACK.lexicon))
QUESTION_CHARS = 30


@cache
def match() -> SceneMatch:
    return SceneMatch(PACK)


def test_there_are_scenes_of_every_kind() -> None:
    kinds = Counter(scene.label.split("/")[0] for scene in PACK.scenes)
    assert sum(kinds.values()) >= 42
    assert kinds["故障"] >= 30 and kinds["服务"] >= 6 and kinds["咨询"] >= 4
    assert sum(bool(scene.contradictions) for scene in PACK.scenes) * 2 > len(PACK.scenes)
    products = {"YL5280G3", "YL2260G3", "YL8480G3", "YL1120G3", "YL7490G3", "YN5648", "YS2200"}
    assert products <= {scene.product for scene in PACK.scenes}


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_a_scene_is_fit_for_a_call(scene: Scene) -> None:
    assert len(scene.triggers) >= 10 and len(scene.not_triggers) >= 3 and len(scene.tests) >= 4
    for slot in scene.slots:
        assert not slot.asks or len(slot.asks) >= 3, slot.id
        assert len(set(slot.asks)) == len(slot.asks), slot.id
        for text in slot.asks:
            assert len(text) <= QUESTION_CHARS, text
        assert not slot.help or slot.help.endswith("？"), slot.id


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_what_callers_are_known_to_say_fills_the_slot(scene: Scene) -> None:
    for slot in scene.slots:
        said = [(text, choice.value) for choice in slot.choices for text in choice.say]
        if slot.type is SlotType.BOOL:
            said += [(text, YES) for text in slot.affirm] + [(text, NO) for text in slot.deny]
        for text, value in said:
            filled = {each.slot: each.value for each in FILLER.fill(scene, text, slot.id)}
            assert filled.get(slot.id) == value, (slot.id, text)


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_triggers_lead_here_and_to_no_human(scene: Scene) -> None:
    for text in scene.triggers:
        assert match().best(text, "", 0.0)[0] == scene.id, text
        assert not wants_human(text), text
    for text in scene.not_triggers:
        found, sure = match().best(text, scene.id, 0.9)
        assert found != scene.id or sure < 0.3, text
