"""Replies to a yes-or-no question of a scene: what is not known is neither yes nor no."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialog.scene_of import scene_of
from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.scene_run import OutcomeKind, SceneEngine, SceneRun
from voicebot.dialog.unknowing import told

LINES = (Path(__file__).parent / "cases" / "bool_answers.txt").read_text(encoding="utf-8")
CASES = [line.split(" ", 1) for line in LINES.splitlines() if line and not line.startswith("#")]
SCENE = scene_of(
    """
  stop: {type: bool, label: 能停机, affirm: [能停, 可以停], deny: [不能停, 停不了],
         ask: 现在能停机吗？, help: 问一下业务。能停吗？}
  next: {type: bool, label: 备份, about: [备份], ask: 备份了吗？}
"""
)


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_answers(kind: str, text: str) -> None:
    engine = SceneEngine(Filler(Canonicalizer([])))
    run = SceneRun(SCENE.id, asked={"stop": 1}, asking="stop", turns=1)
    after, outcome = engine.advance(SCENE, run, text, "stop")
    helped = outcome.kind is OutcomeKind.HELP
    assert ("dont_know" if helped else after.values.get("stop", "-")) == kind


def test_what_is_told_besides() -> None:
    assert told("不清楚，应该没有") == "应该没有"
    assert told("RAID做了，有没有驱动不知道") == "raid做了"
    assert told("没有没有") == "没有"
    assert told("动不动就断") == "动不动就断"
