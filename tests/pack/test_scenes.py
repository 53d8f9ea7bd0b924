"""The scene language: conditions, and what the lint finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pack.conftest import Break
from voicebot.pack_loader import read_pack
from voicebot.scenes.when import ConditionError, parse_condition

SCENE = "scenes/paper_jam.yaml"


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("a == yes", {"a": "yes"}, True),
        ("a == yes", {"a": "no"}, False),
        ("a == yes", {}, False),
        ("a != yes", {}, False),
        ("a != yes", {"a": "no"}, True),
        ("not a == yes", {}, False),
        ("not a == yes", {"a": "unknown"}, True),
        ("a in [x, y]", {"a": "y"}, True),
        ("a not in [x, y]", {"a": "y"}, False),
        ("a not in [x, y]", {}, False),
        ("a == yes or b == no", {"b": "no"}, True),
        ("a == yes and b == no", {"b": "yes"}, False),
        ("known(a)", {}, False),
        ("known(a)", {"a": "unknown"}, False),
        ("not known(a)", {}, True),
        ("a == 10", {"a": "10"}, True),
        ("a == '有 空格'", {"a": "有 空格"}, True),
        ("a > 3", {"a": "4"}, True),
        ("a <= 3.5", {"a": "4"}, False),
        ("a > 3", {"a": "unknown"}, False),
    ],
)
def test_conditions(text: str, values: dict[str, str], holds: bool) -> None:
    assert parse_condition(text)(values) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a = yes",
        "__import__('os')",
        "a.b == 1",
        "a[0] == 1",
        "(lambda: 1)() == 1",
        "known(a, b)",
        "known('a')",
        "a == b == c",
        "a == f(x)",
        "1 == a",
        "a > many",
        "a in b",
        "a is b",
        "[x for x in a] == 1",
        "(" * 500 + "a == 1" + ")" * 500,
        "a == 1 or " * 100 + "a == 1",
        "not " * 60 + "a == 1",
        "a == \x00",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_condition(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("when: removed == no", "when: gone == no", "a slot of this scene"),
        (
            "when: removed == no",
            "when: removed == nope",
            "a value of removed (yes, no), got 'nope'",
        ),
        ("when: removed == no", "when: removed", "see docs/scenes.md"),
        ("when: removed == no", "when: place > 3", "a number slot before < or >"),
        ("when: removed == no", "when: removed == yes", "a branch for every answer, got none for"),
        ("when: removed == yes", "when: removed in [no, no]", "a branch that some answers reach"),
        ("need: [place]", "need: [places]", "got 'places'"),
        ("从{place}慢慢", "从{spot}慢慢", "got 'spot'"),
        ("ask_order: [place, removed]", "ask_order: [removed]", "a required slot in ask_order"),
        ("ask_order: [place, removed]", "ask_order: [place, x]", "slots of this scene, got 'x'"),
        ("    ask: [卡住的纸取出来了吗？, 纸拿出来没有？]\n", "", "expected an 'ask', got none"),
        ("solution_class: 指导操作/排除卡纸", "solution_class: 送人", "a label of labels.yaml"),
        ("不要用力撕，撕碎了更难取。", "很" * 61 + "。", "at most 60 characters for a voice"),
        ("expect: {ask: place}", "expect: {ask: colour}", "a known ask, got 'colour'"),
        ("expect: {ask: place}", "expect: {asks: place}", "the unknown key 'asks'"),
        ("id: restart", "id: pull", "each id once"),
        ("about: [取出", "type: bool\n    about: [取出", "the key once"),
    ],
)
def test_lint_finds(root: Path, change: Break, old: str, new: str, message: str) -> None:
    change(SCENE, old, new)
    texts = [str(problem) for problem in read_pack(root)[1]]
    assert any(message in text for text in texts), texts
    assert all(text.startswith(SCENE) for text in texts)


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", "x{999}{999}", r"(a)\1", "x" * 201])
def test_bad_patterns_are_refused(root: Path, change: Break, pattern: str) -> None:
    slot = f"  serial:\n    type: regex\n    label: 序列号\n    pattern: '{pattern}'\nbranches:"
    change(SCENE, "branches:", slot)
    assert read_pack(root)[1]


def test_too_many_combinations_are_told_not_tried(root: Path, change: Break) -> None:
    slots, conditions = "", []
    for number in range(24):
        slots += f"  s{number}:\n    type: bool\n    label: 项{number}\n    ask: 第{number}项？\n"
        if number % 2:
            conditions.append(f"s{number - 1}==no and s{number}==no")
    change(SCENE, "branches:", slots + "\nbranches:")
    change(SCENE, "when: removed == yes", "when: " + " or ".join(conditions))
    assert any("split the scene" in str(problem) for problem in read_pack(root)[1])


def test_a_scene_without_tests_is_told(root: Path) -> None:
    path = root / SCENE
    path.write_text(path.read_text(encoding="utf-8").split("\ntests:")[0], encoding="utf-8")
    assert any("at least one test" in str(problem) for problem in read_pack(root)[1])
