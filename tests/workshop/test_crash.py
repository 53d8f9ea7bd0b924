"""Whenever the one who publishes dies, the pack is the old one or the new one, and whole."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicebot.errors import EditConflictError, PackError
from voicebot.pack_loader import load_pack
from voicebot.workshop import tree
from voicebot.workshop.editing import PackEditor
from voicebot.workshop.history import History

FAQ = "faq/general.yaml"
# Publishes an edit of two files and dies at the named function: before it, or after it.
DIES = """
import os, signal, sys
from pathlib import Path
from voicebot.workshop import editing, history, tree
root, module, name, when = sys.argv[1:]
owner = {"editing": editing, "tree": tree, "history": history.History}[module]
real = getattr(owner, name)
def dies(*args, **more):
    if when == "after":
        real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dies)
editor = editing.PackEditor(Path(root))
text = editor.read("faq/general.yaml").text
more = "- id: more\\n  question: 硒鼓多少钱\\n  answer: 请咨询销售。\\n"
both = {"faq/general.yaml": text.replace("一年", "两年"), "faq/more.yaml": more}
editor.publish(editor.propose_all(both), "张三")
"""


@pytest.mark.parametrize(
    ("module", "name", "when", "live"),
    [
        ("history", "prepare", "after", False),
        ("tree", "_fill", "after", False),
        ("editing", "swap", "before", False),
        ("editing", "swap", "after", True),
        ("history", "finish", "after", False),  # of the state before, which is kept first
    ],
)
def test_a_crash_leaves_the_old_version_or_the_new_one(
    pack: Path, module: str, name: str, when: str, live: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(pack), module, name, when],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    loaded = load_pack(pack)
    assert ("两年" in loaded.faq[0].answer, len(loaded.faq)) == (live, 2 if live else 1)
    editor = PackEditor(pack)
    editor.publish(editor.propose("labels.yaml", editor.read("labels.yaml").text + "#\n"), "李四")
    if live:
        assert [each.by for each in editor.versions()] == ["李四", "张三", ""]
    else:
        assert [each.by for each in editor.versions()] == ["李四", ""]
    assert sorted(each.name for each in pack.parent.iterdir()) == [".ours.versions", "ours"]


def test_a_system_that_cannot_exchange_names_is_served_too(
    editor: PackEditor, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_exchange", lambda one, other: False)
    editor.publish(editor.propose(FAQ, editor.read(FAQ).text.replace("一年", "两年")), "张三")
    assert "两年" in load_pack(pack).faq[0].answer
    pack.rename(pack.with_name(".ours.before"))  # a crash between the renames
    assert "两年" in PackEditor(pack).read(FAQ).text
    assert load_pack(pack)


def test_a_mounted_pack_is_told_to_be_mounted_higher(
    editor: PackEditor, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(one: Path, other: Path) -> bool:
        raise OSError(16, "Device or resource busy", str(other))

    monkeypatch.setattr(tree, "_exchange", busy)
    proposed = editor.propose(FAQ, editor.read(FAQ).text.replace("一年", "两年"))
    with pytest.raises(PackError, match="mount the folder above it; nothing was changed"):
        editor.publish(proposed, "张三")
    assert "一年" in load_pack(pack).faq[0].answer
    assert [path.name for path in pack.parent.iterdir() if "part" in path.name] == []


def test_many_editors_at_once_lose_nothing(pack: Path) -> None:
    """Eight add a file each, and eight change the same one: of those exactly one gets through."""
    first = PackEditor(pack).read(FAQ)

    def add(nth: int) -> str:
        editor = PackEditor(pack)
        text = f"- id: n{nth}\n  question: 第{nth}个问题\n  answer: 答。\n"
        editor.publish(editor.propose(f"faq/n{nth}.yaml", text), f"editor{nth}")
        return "added"

    def change(nth: int) -> str:
        editor = PackEditor(pack)
        try:
            text = first.text.replace("一年", f"{nth}年")
            editor.publish(editor.propose(FAQ, text, first.stamp), f"editor{nth}")
        except EditConflictError:
            return "conflict"
        return "changed"

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda nth: (add if nth % 2 else change)(nth), range(10)))
    assert sorted(said) == ["added"] * 5 + ["changed"] + ["conflict"] * 4
    assert len(load_pack(pack).faq) == 6
    assert [each.number for each in PackEditor(pack).versions()] == list(range(7, 0, -1))


def test_a_reader_sees_a_whole_pack_while_it_is_published(editor: PackEditor, pack: Path) -> None:
    def publish() -> None:
        for years in "二三四五六七":
            text = editor.read(FAQ).text.split("answer: ")[0] + f"answer: 保修{years}年。\n"
            more = f"- id: more\n  question: 还有吗\n  answer: 保修{years}年。\n"
            editor.publish(editor.propose_all({FAQ: text, "faq/more.yaml": more}), "张三")

    publish()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(publish)
        seen = set()
        while not writing.done():
            answers = tuple(each.answer for each in load_pack(pack).faq)
            seen.add(answers)
        writing.result()
    assert seen and all(len(set(answers)) == 1 for answers in seen), seen


def test_a_damaged_version_is_refused_not_published(editor: PackEditor, pack: Path) -> None:
    editor.publish(editor.propose(FAQ, editor.read(FAQ).text.replace("一年", "两年")), "张三")
    kept = pack.with_name(".ours.versions") / "000001"
    (kept / "files" / FAQ).write_text("[]", encoding="utf-8")
    with pytest.raises(PackError, match=r"version 1: .* is not as it was kept"):
        editor.roll_back(1, "李四")
    (kept / "version.json").write_text("{", encoding="utf-8")
    with pytest.raises(PackError, match="restore it or remove"):
        editor.versions()


def test_who_waits_too_long_is_told_for_whom(pack: Path) -> None:
    history = History(pack)
    with (
        history.locked("张三"),
        pytest.raises(PackError, match="张三 is publishing this pack"),
        history.locked("李四", wait_s=0.1),
    ):
        pass
