"""slots.yaml and answers.yaml: what several scenes have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pack.conftest import Break
from voicebot.pack_loader import load_pack, read_pack

SCENE = "scenes/paper_jam.yaml"
SLOTS = """\
# Shared.
location:
  type: enum
  label: 位置
  ask: [在哪里？, 具体是哪个位置？]
  help: 看一下标签。在哪里？
  values:
    rear: {name: 后面, say: [后面]}
    tray: {name: 纸盒, say: [纸盒]}
"""


@pytest.fixture
def shared(root: Path, change: Break) -> Path:
    """The template with its slot `place` and one answer taken from the library."""
    (root / "slots.yaml").write_text(SLOTS, encoding="utf-8")
    answers = "restart:\n  say: [请合上所有盖子。, 再重启打印机。]\n"
    (root / "answers.yaml").write_text(answers, encoding="utf-8")
    path = root / SCENE
    text = path.read_text(encoding="utf-8")
    start, end = text.index("  place:\n"), text.index("  # bool:")
    use = "  place: {use: location, ask: 卡在哪里？, required: yes}\n"
    text = text[:start] + use + text[end:]
    path.write_text(text, encoding="utf-8")
    change(SCENE, "say: 纸已经取出的话，请合上所有盖子，再重启打印机。", "use: restart")
    return root


def test_a_slot_and_an_answer_come_from_the_library(shared: Path) -> None:
    pack = load_pack(shared)
    scene = pack.scene("printer.paper_jam")
    assert scene is not None
    place = scene.slot("place")
    assert [choice.value for choice in place.choices] == ["rear", "tray"]
    assert place.asks == ("卡在哪里？",) and place.required, "overridden"
    assert place.help == "看一下标签。在哪里？" and place.label == "位置", "as in the library"
    assert place.use == "location"
    assert scene.branches[1].say == "请合上所有盖子。再重启打印机。"
    assert set(pack.shared.slots) == {"location"} and set(pack.shared.answers) == {"restart"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            SCENE,
            "use: location",
            "use: locatoin",
            "a slot of slots.yaml (location), got 'locatoin'",
        ),
        (SCENE, "use: location", "use: location, type: bool", "the unknown key 'type'"),
        (SCENE, "use: restart", "use: reboot", "an id in answers.yaml (restart), got 'reboot'"),
        (SCENE, "use: restart", "use: restart\n      say: 好。", "either 'use' or what is said"),
        ("slots.yaml", "type: enum", "use: location", "the unknown key 'use'"),
        ("slots.yaml", "location:", "in:", "an id of a-z, 0-9 and _ that is no keyword, got 'in'"),
        ("slots.yaml", "  label: 位置\n", "", "slots.yaml:3: location: expected the key 'label'"),
        ("answers.yaml", "say:", "use: restart\n  say:", "either 'use' or what is said, got both"),
    ],
)
def test_what_is_wrong_is_told(
    shared: Path, change: Break, file: str, old: str, new: str, message: str
) -> None:
    change(file, old, new)
    texts = [str(problem) for problem in read_pack(shared)[1]]
    assert any(message in text for text in texts), texts
