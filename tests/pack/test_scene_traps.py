"""What YAML and people do to scene files: refused in plain words, with the line, or harmless."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from tests.pack.conftest import Break
from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.policy import Dialog
from voicebot.pack_loader import load_pack, read_pack
from voicebot.pack_yaml import MAX_FILE_BYTES, Problems, parse_yaml
from voicebot.scenes.pattern import PatternError, compiled, fits, found
from voicebot.scenes.read import read_scene

SCENE = "scenes/paper_jam.yaml"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


def problems(root: Path) -> list[str]:
    return [str(problem) for problem in read_pack(root)[1]]


# --- YAML -------------------------------------------------------------------------------------
def test_yes_and_no_stay_what_they_are(root: Path, change: Break) -> None:
    change(SCENE, "tray: {name: 进纸盒", "yes: {name: 进纸盒")
    change(SCENE, "rear: {name: 后盖", "off: {name: 后盖")
    change(SCENE, "when: removed == no\n", "when: removed == no and place in [yes, off, unknown]\n")
    change(SCENE, "when: removed == yes", "when: removed in [yes, no]")
    change(SCENE, "place: rear", "place: off")
    scene = load_pack(root).scene("printer.paper_jam")
    assert scene is not None
    assert [choice.value for choice in scene.slot("place").choices] == ["yes", "off"]
    assert scene.branches[0].when({"removed": "no", "place": "off"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  removed:\n", "  place:\n", ":24: slots.place: expected the key once, got it twice"),
        ("    label: 卡纸位置", "    label: &l 卡纸位置", "no anchors (&x, *x), got one"),
        ("    label: 卡纸位置", "\tlabel: 卡纸位置", "indent with spaces, not tabs"),
        ("name: 打印机卡纸", "name：打印机卡纸", "full-width '：'"),
        ("    label: 卡纸位置", "    lable: 卡纸位置", ":14: slots.place.lable: expected one of"),
        ("when: removed == no", f"when: {'removed == no or ' * 60}removed == no", "at most 400"),
        ("when: removed == no", "when: removed == no and (" + "(" * 30, "a short condition"),
        ("when: removed == no", 'when: __import__("os").system("id")', "got "),
        ("[怎么加纸]", "[" * 40 + "怎么加纸" + "]" * 40, "at most 30 levels"),
        ("[怎么加纸]", "[" + "纸," * 600 + "]", "not_triggers: expected at most 500, got 600"),
    ],
)
def test_what_yaml_hides_is_told(
    root: Path, change: Break, old: str, new: str, message: str
) -> None:
    change(SCENE, old, new)
    texts = problems(root)
    assert any(message in text for text in texts), texts
    assert all("\n" not in text and len(text) < 600 for text in texts)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "id: x\nname: 硬盘\n".encode("gbk"),
            ":2: encoding: expected UTF-8, got what looks like GBK",
        ),
        ("id: x\n".encode("utf-16"), ":1: encoding: expected UTF-8, got what looks like UTF-16"),
        (b"id: \x80\x80\n", ":1: encoding: expected UTF-8, got something else"),
        (b"id: x" + b" " * MAX_FILE_BYTES, "size: expected at most 2000000 bytes"),
        (b"# " + b"x" * 10_000_000, "size: expected at most 2000000 bytes, got 10000002"),
        (b"", "expected content, got an empty file"),
        (b"- id: x\n", "expected a table"),
        (BOMB.encode(), "no anchors"),
        (b"id: x\n---\nid: y\n", "expected valid YAML"),
        (b"? [a, b]\n: c\n", "expected plain keys"),
        (b"id: !!python/object/apply:os.system [id]\n", "expected one text"),
    ],
)
def test_files_that_are_no_scene(root: Path, data: bytes, message: str) -> None:
    (root / "scenes" / "bad.yaml").write_bytes(data)
    texts = problems(root)
    assert any(text.startswith("scenes/bad.yaml") and message in text for text in texts), texts


def test_aliases_take_no_memory() -> None:
    tracemalloc.start()
    try:
        assert parse_yaml(BOMB, "bomb.yaml", Problems()) is None
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "x, " * 210_000 + "]",
        "triggers:\n" + "- x\n" * 2000,
        "slots:\n" + "".join(f"  s{n}: {{type: bool, label: x}}\n" for n in range(2000)),
        "{" * 100_000,
        "? " * 100_000,
        '"' + "\\x41" * 400_000 + '"',
    ],
    ids=["flow", "list", "slots", "braces", "questions", "escapes"],
)
def test_large_files_are_told_in_few_words(text: str) -> None:
    told = Problems()
    node = parse_yaml(text, "large.yaml", told)
    if node is not None:
        read_scene(node)
    assert 0 < len(told.found) < 20
    assert sum(len(str(problem)) for problem in told.found) < 20_000


# --- patterns ---------------------------------------------------------------------------------
@pytest.mark.parametrize("pattern", ["(A|A)*B", "(A+)+B", "(A|AA)+B", "([A-Z]+)*1", "(.*)*(.*)*X"])
def test_no_pattern_takes_for_ever(root: Path, change: Break, pattern: str) -> None:
    """Python's own engine would not come back from any of these in a lifetime."""
    slot = f"  code: {{type: regex, label: 代码, pattern: '{pattern}'}}\nbranches:"
    change(SCENE, "branches:", slot)
    scene = load_pack(root).scene("printer.paper_jam")
    assert scene is not None
    filled = Filler(Canonicalizer(())).fill(scene, "A" * 450, "code")
    assert [each for each in filled if each.slot == "code"] == []
    assert not fits(pattern, "A" * 100_000 + "!")


@pytest.mark.parametrize("pattern", ["(?=x)", r"(a)\1", "(?<!a)b", "(", "a{2000}", "(x{500}){500}"])
def test_patterns_that_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        (r"YL\d{4}[A-Z]\d", "型号yl5280g3的", "yl5280g3"),
        ("[A-H][01]", "CPU0的A1槽", "A1"),
        ("卡纸|夹纸", "夹纸了", "夹纸"),
        ("a", "\ud800", ""),
        ("a^", "a", ""),
    ],
)
def test_patterns_find_what_they_did(pattern: str, text: str, match: str) -> None:
    assert found(pattern, text) == match


# --- loops ------------------------------------------------------------------------------------
LOOP = """
contradictions:
  - {id: one, when: place == rear and removed == yes, say: 一。, reset: [place], max: 5}
  - {id: two, when: place == tray and removed == yes, say: 二。, reset: [removed], max: 5}
  - {id: three, when: place == rear and removed == no, say: 三。, reset: [removed], max: 5}
branches:"""


def test_contradictions_that_chase_each_other_end(root: Path, change: Break) -> None:
    change(SCENE, "\nbranches:", LOOP)
    change(SCENE, "when: removed == yes", "when: removed in [yes, no]")
    change(SCENE, "expect: {branch: pull, slots: {place: rear, removed: no}}", "expect: {}")
    pack = load_pack(root)
    from tests.dialog.conftest import Caller

    caller = Caller(Dialog(pack, answer_risk=0.5))
    caller.say("打印机卡纸了")
    for turn in range(20):
        if caller.handoff:
            assert caller.handoff.reason == "limit" and turn <= 12
            return
        caller.say("在后面 取出来了" if turn % 2 else "在后面 拿不出来")
    raise AssertionError("the loop went on and on")


def test_a_slot_that_its_own_branch_needs_is_asked_once(root: Path, change: Break) -> None:
    change(SCENE, "need: [place]", "need: [place, removed, place, removed]")
    pack = load_pack(root)
    from tests.dialog.conftest import Caller

    caller = Caller(Dialog(pack, answer_risk=0.5))
    caller.say("打印机卡纸了")
    caller.say("在后面")
    caller.say("拿不出来")
    assert caller.state.closed is not None and caller.state.closed.branch == "pull"
