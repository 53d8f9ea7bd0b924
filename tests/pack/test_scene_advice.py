"""Warnings about scenes, and triggers that collide."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.pack.conftest import Break
from voicebot.dialog.meaning_collisions import meaning_collisions
from voicebot.dialog.scene_lint import scene_findings
from voicebot.pack_loader import load_pack, read_pack
from voicebot.scenes.advice import seconds

SCENE = "scenes/paper_jam.yaml"
TRIGGERS = "triggers: [打印机卡纸了, 提示卡纸, 纸卡在里面了]"
CONTRADICTION = "contradictions:\n  - {id: c, when:"
OTHER = "scenes/other_jam.yaml"


def found(root: Path) -> list[str]:
    return [str(problem) for problem in scene_findings(load_pack(root))]


@pytest.fixture
def twin(root: Path) -> Path:
    """A second scene that is much like the first."""
    text = (root / SCENE).read_text(encoding="utf-8")
    text = text.replace("id: printer.paper_jam", "id: printer.other").replace(
        "name: 打印机卡纸", "name: 复印机夹纸"
    )
    text = text.replace(TRIGGERS, "triggers: [复印机夹纸了, 复印机里夹着纸]")
    (root / OTHER).write_text(text.split("\ntests:")[0] + TEST, encoding="utf-8")
    return root


TEST = """
tests:
  - name: 夹纸
    turns: [{say: 复印机夹纸了, expect: {ask: place}}]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ask: [卡住的纸取出来了吗？, 纸拿出来没有？]", "ask: 取出来了吗？", "one wording only"),
        ("取出来了吗？, 纸", f"{'请您看一看' * 9}取出来了吗？, 纸", "about 12 s"),
        ("branches:", "  spare: {type: bool, label: 备用}\nbranches:", "decides nothing"),
        ("branches:", "  spare: {type: bool, label: 备用, ask: [a, b]}\nbranches:", "nothing"),
        ("need: [place]", "need: []", "{place} may not be known by then"),
        ("ask_order: [place, removed]", "ask_order: [place]", "with any answer nothing is left"),
        ("ask_order: [place, removed]", "ask_order: [place]", "a question that is never asked"),
        (TRIGGERS, TRIGGERS, "only 3 ways to put it"),
        (
            "branches:",
            f"{CONTRADICTION} place == rear, say: 嗯？, reset: [removed]}}\nbranches:",
            "resets nothing that it looks at",
        ),
        (
            "branches:",
            f"{CONTRADICTION} place == rear, say: 嗯？, reset: [place], max: 2}}\nbranches:",
            "raised up to 2 times in 1 wordings",
        ),
    ],
)
def test_advice(root: Path, change: Break, old: str, new: str, message: str) -> None:
    if message.startswith("{place}"):
        change(SCENE, "    required: true\n", "")
    change(SCENE, old, new)
    texts = [text for text in found(root) if message in text]
    assert texts, found(root)
    assert all(text.startswith(SCENE + ":") and ": warning: " in text for text in texts)
    assert read_pack(root)[1] == (), "advice keeps nothing from loading"


def test_a_question_takes_as_long_as_it_takes() -> None:
    assert seconds("您做过阵列吗？您做过阵列吗？您做过阵") == pytest.approx(16 / 4.5)


def test_scenes_that_differ_do_not_collide(twin: Path) -> None:
    assert not [text for text in found(twin) if "sounds more like" in text or "also in" in text]


def test_a_trigger_that_leads_to_another_scene_is_told(twin: Path, change: Break) -> None:
    change(OTHER, "复印机里夹着纸", "复印机里夹着纸, 机器提示卡纸")
    texts = [text for text in found(twin) if "sounds more like" in text and OTHER in text]
    assert texts[0].startswith(f"{OTHER}:7: warning: triggers[2]: '机器提示卡纸' sounds more like")
    assert "printer.paper_jam ('提示卡纸')" in texts[0]


def test_the_same_trigger_twice_is_wrong(twin: Path, change: Break) -> None:
    change(OTHER, "复印机里夹着纸", "复印机里夹着纸, 提示卡纸")
    wrong = [each for each in scene_findings(load_pack(twin)) if not each.warning]
    assert len(wrong) == 2 and {each.file for each in wrong} == {SCENE, OTHER}
    assert "is also in printer.paper_jam" in str(wrong[0]) + str(wrong[1])


def test_products_of_their_own_may_share_triggers(twin: Path, change: Break) -> None:
    change(OTHER, "复印机里夹着纸", "复印机里夹着纸, 提示卡纸")
    change(OTHER, "\nlabel:", "\nproduct: X1\nlabel:")
    change(SCENE, "\nlabel:", "\nproduct: X2\nlabel:")
    assert not [each for each in scene_findings(load_pack(twin)) if not each.warning]


def test_a_trigger_is_no_not_trigger(root: Path, change: Break) -> None:
    change(SCENE, "not_triggers: [怎么加纸]", "not_triggers: [提示卡纸]")
    (wrong,) = [each for each in scene_findings(load_pack(root)) if not each.warning]
    assert "in triggers or in not_triggers, not in both" in str(wrong)


def test_a_library_nobody_uses_is_told(root: Path) -> None:
    slot = "spare:\n  type: bool\n  label: 备用\n"
    (root / "slots.yaml").write_text(slot, encoding="utf-8")
    (root / "answers.yaml").write_text("spare: {say: 好。}\n", encoding="utf-8")
    texts = found(root)
    assert "slots.yaml:2: warning: spare: no scene uses it; remove it" in texts
    assert "answers.yaml: warning: spare: no branch uses it; remove it" in texts


def test_the_demo_company_has_no_collisions() -> None:
    from voicebot.settings import SERVER_PACK

    assert not [each for each in scene_findings(load_pack(SERVER_PACK)) if not each.warning]


def test_findings_come_in_the_order_of_the_files(twin: Path) -> None:
    shutil.copy(twin / OTHER, twin / "scenes/a.yaml")
    path = twin / "scenes/a.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("printer.other", "printer.a"))
    places = [(each.file, each.line) for each in scene_findings(load_pack(twin))]
    assert places == sorted(places)


def test_a_trigger_that_means_another_scene_is_told(twin: Path) -> None:
    """Vectors by a table: the third trigger of one scene lies with the other's."""
    place = {"打印机卡纸": 0.0, "打印机卡纸了": 0.05, "纸卡在里面了": 1.5, "提示卡纸": 0.1}
    place |= {"复印机夹纸": 1.5, "复印机夹纸了": 1.55, "复印机里夹着纸": 1.6}

    def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        turns = [place.get(text, 3.0) for text in texts]
        return np.array([[np.cos(turn), np.sin(turn)] for turn in turns], np.float32)

    pack = load_pack(twin)
    told = [str(each) for each in meaning_collisions(pack, embed)]
    assert len(told) == 1 and told[0].startswith(
        f"{SCENE}:7: warning: triggers[2]: '纸卡在里面了' means more like printer.other"
    )
    assert told[0] in [str(each) for each in scene_findings(pack, embed=embed)]
    assert not list(meaning_collisions(replace(pack, scenes=pack.scenes[:1]), embed))
