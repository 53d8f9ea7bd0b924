"""不 before a named thing denies that thing, not the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialog.scene_of import scene_of
from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.pack import Term

LINES = (Path(__file__).parent / "cases" / "named_things.txt").read_text(encoding="utf-8")
CASES = [line.split(" ", 2) for line in LINES.splitlines() if line and not line.startswith("#")]
TERMS = [Term(word, "part", ()) for word in ("硬盘", "风扇", "阵列卡", "交换机")]
SCENE = scene_of(
    """
  cable: {type: bool, label: 网线插好, affirm: [插好了], deny: [没插], ask: 网线插好了吗？}
  optic: {type: bool, label: 是光口, about: [光口], ask: 这个口是光口吗？}
  next: {type: bool, label: 备份, about: [备份], ask: 备份了吗？}
"""
)


@pytest.mark.parametrize(("asked", "value", "text"), CASES)
def test_what_is_denied(asked: str, value: str, text: str) -> None:
    found = {
        each.slot: each.value for each in Filler(Canonicalizer(TERMS)).fill(SCENE, text, asked)
    }
    assert found.get(asked, "-") == value
