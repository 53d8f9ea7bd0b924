"""A small scene around a few slots."""

from __future__ import annotations

from voicebot.pack_yaml import Problems, parse_yaml
from voicebot.scenes.model import Scene
from voicebot.scenes.read import read_scene

_REST = """
branches:
  - {id: a, when: next == yes, cause: a, solution_class: x, answer: {say: 好。}}
  - {id: b, when: next == no, cause: b, solution_class: x, answer: {say: 好。}}
exits: {on_limit: {handoff: 二线, reason: 没有定位}}
"""


def scene_of(slots: str) -> Scene:
    """A scene with `slots` (YAML, indented by two), one of which is the bool ``next``."""
    head = "id: test.some\nname: 测试\nlabel: x\ntriggers: [测试]\nslots:"
    problems = Problems()
    node = parse_yaml(head + slots + _REST, "test.yaml", problems)
    assert node is not None, problems.found
    scene = read_scene(node)
    assert not problems.found, problems.found
    return scene
