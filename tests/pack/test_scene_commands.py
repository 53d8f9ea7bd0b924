"""``voicebot scenes new, lint, coverage, graph, try`` as typed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.pack.conftest import Break
from tests.server_pack import server_pack
from voicebot.cli import scenes
from voicebot.errors import PackError
from voicebot.pack_loader import load_pack
from voicebot.scenes.draw import dot, svg, wrapped
from voicebot.scenes.model import Scene
from voicebot.scenes.tree import Asked, Node, Reached, tree_of

app = typer.Typer()
scenes.register(app)
runner = CliRunner()
SCENE = "scenes/paper_jam.yaml"
DISK = "storage.disk_not_detected"
NEW = ("printer.slow", "--name", "打印很慢", "--label", "故障/卡纸")
SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    result = runner.invoke(app, ["scenes", *arguments], input=typed, catch_exceptions=False)
    return result.exit_code, result.output


# --- new --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["打印很慢", "a: b #c", "[x]", "- 慢", "\"慢'{}", "yes", "123"])
def test_a_new_scene_works_as_it_is(root: Path, name: str) -> None:
    code, output = run("new", "printer.slow", "--name", name, *NEW[3:], "--pack", str(root))
    assert code == 0, output
    scene = load_pack(root).scene("printer.slow")
    assert scene is not None and scene.name == name
    if name == "打印很慢":
        code, output = run("test", "--pack", str(root))
        assert code == 0 and output.count("printer.slow") == 3


def test_a_new_scene_has_nothing_to_warn_of(root: Path) -> None:
    run("new", *NEW, "--pack", str(root))
    code, output = run("lint", "--scene", "printer.slow", "--strict", "--pack", str(root))
    assert code == 0 and "3 scenes: nothing wrong\n" in output
    code, output = run("coverage", "--scene", "printer.slow", "--min", "100", "--pack", str(root))
    assert code == 0 and "1 scenes: 100.0 % reached" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Printer Slow", *NEW[1:]), "an id like storage.disk_slow, got 'Printer Slow'"),
        (("../x", *NEW[1:]), "an id like"),
        (("printer.paper_jam", *NEW[1:]), "printer.paper_jam exists"),
        (("x", "--name", "", *NEW[3:]), "a name of 1 to 60 characters"),
        (("x", "--name", "\"'{}", *NEW[3:]), "a name of 1 to 60 characters"),
        (("x", "--name", "a\nb", *NEW[3:]), "a name of 1 to 60 characters"),
        ((*NEW[:4], "故障/卡住"), "like 故障/卡纸"),
    ],
)
def test_new_says_what_it_needs(root: Path, arguments: tuple[str, ...], message: str) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(PackError, match=message):
        run("new", *arguments, "--pack", str(root))
    assert sorted(root.rglob("*")) == before


def test_new_never_overwrites(root: Path) -> None:
    path = root / "scenes" / "printer_slow.yaml"
    path.write_text((root / SCENE).read_text(encoding="utf-8").replace("paper_jam", "other"))
    before = path.read_bytes()
    with pytest.raises(PackError, match=r"printer_slow\.yaml exists"):
        run("new", *NEW, "--pack", str(root))
    assert path.read_bytes() == before


# --- lint -------------------------------------------------------------------------------------
def test_lint_warns_and_is_strict_when_asked(root: Path) -> None:
    code, output = run("lint", "--pack", str(root))
    assert code == 0 and "2 scenes: nothing wrong, 3 warnings" in output
    assert run("lint", "--strict", "--pack", str(root))[0] == 2


def test_lint_tells_of_one_scene(root: Path, change: Break) -> None:
    change(SCENE, "when: removed == no", "when: gone == no")
    code, output = run("lint", "--pack", str(root))
    assert code == 2 and "1 wrong" in output and "repair_request" in output
    code, output = run("lint", "--scene", "printer.paper_jam", "--pack", str(root))
    assert code == 2 and "repair_request" not in output


# --- coverage ---------------------------------------------------------------------------------
def test_coverage_tells_what_no_test_reaches(root: Path) -> None:
    code, output = run("coverage", "--scene", "printer.paper_jam", "--pack", str(root))
    assert code == 0 and "50.0 % reached" in output and "restart" in output
    code, output = run("coverage", "--min", "99", "--pack", str(root))
    assert code == 1 and "expected at least 99 %" in output


def test_an_unknown_scene_is_told_with_those_like_it(root: Path) -> None:
    with pytest.raises(PackError, match=r"like printer\.paper_jam.*; got 'paperjam'"):
        run("coverage", "--scene", "paperjam", "--pack", str(root))


# --- graph ------------------------------------------------------------------------------------
@pytest.mark.parametrize("scene", server_pack().scenes, ids=lambda scene: scene.id)
def test_every_scene_can_be_drawn(scene: Scene) -> None:
    tree = tree_of(scene)
    drawn = {end.id for end in ends(tree) if end.kind in ("answer", "exit")}
    assert drawn and drawn <= {branch.id for branch in scene.branches}
    picture = ET.fromstring(svg(scene))  # noqa: S314
    width, height = (float(picture.attrib[name]) for name in ("width", "height"))
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for group in picture.iter(f"{SVG}g")
        for box in group.iter(f"{SVG}rect")
    ]
    assert boxes and all(x + w <= width and y + h <= height for x, y, w, h in boxes)
    for nth, (x, y, w, h) in enumerate(boxes):
        for left, top, wide, high in boxes[nth + 1 :]:
            apart = x + w <= left or left + wide <= x or y + h <= top or top + high <= y
            assert apart, "boxes overlap"
    text = dot(scene)
    assert text.count("{") == text.count("}") and text.count(" -> ") == len(boxes) - 1


def ends(node: Node) -> list[Reached]:
    if isinstance(node, Asked):
        return [end for _, after in node.ways for end in ends(after)]
    return [node]


def test_the_tree_is_what_calls_do() -> None:
    scene = server_pack().scene(DISK)
    assert scene is not None
    tree = tree_of(scene)
    assert isinstance(tree, Asked) and tree.slot == "symptom"
    seen = dict(tree.ways)
    assert seen["硬盘告警"] == Reached("answer", "alarm", "硬盘故障告警")
    raid = seen["看不到硬盘"]
    assert isinstance(raid, Asked) and raid.slot == "raid_done"
    driver = dict(raid.ways)["是"]
    assert isinstance(driver, Asked)
    assert dict(driver.ways)["否 / 不清楚"].id == "driver"  # type: ignore[union-attr]
    drawn = {end.id for end in ends(tree) if end.kind in ("answer", "exit")}
    branches = {branch.id for branch in scene.branches}
    assert branches - drawn == {"onboard_linux"}, "known only when the caller brings it up"


def test_contradictions_are_in_the_tree(root: Path, change: Break) -> None:
    when = "place == rear and removed == yes"
    contradiction = f"  - {{id: odd, when: {when}, say: 真的吗？, reset: [removed]}}"
    change(SCENE, "\nbranches:", f"\ncontradictions:\n{contradiction}\nbranches:")
    scene = load_pack(root).scene("printer.paper_jam")
    assert scene is not None
    odd = Reached("contradiction", "odd", "矛盾，重新确认是否已取出卡纸")
    assert odd in ends(tree_of(scene)) and "矛盾 odd" in svg(scene)


def test_graph_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "disk.svg"
    assert run("graph", DISK, "-o", str(path)) == (0, f"{path}: 硬盘不识别\n")
    assert path.read_text(encoding="utf-8").startswith("<svg")
    code, output = run("graph", DISK, "--format", "dot")
    assert code == 0 and output.startswith("digraph scene {")
    with pytest.raises(PackError, match="cannot write"):
        run("graph", DISK, "-o", str(tmp_path / "none" / "x.svg"))


def test_markup_in_a_scene_is_text(root: Path, change: Break) -> None:
    change(SCENE, "ask: [纸是卡在下面的进纸盒，还是后盖里？,", "ask: ['<script>x</script>&？',")
    scene = load_pack(root).scene("printer.paper_jam")
    assert scene is not None
    picture = svg(scene)
    assert "<script>" not in picture and "&lt;script&gt;" in picture
    ET.fromstring(picture)  # noqa: S314


@pytest.mark.parametrize(("text", "lines"), [("", 1), ("短", 1), ("长" * 40, 3), ("a" * 200, 4)])
def test_lines_are_wrapped(text: str, lines: int) -> None:
    made = wrapped(text, 200, 4)
    assert len(made) == lines
    assert "".join(made) == text or made[-1].endswith("…")


# --- try --------------------------------------------------------------------------------------
ENGINEER = "\n".join(
    (
        "就是说我现在装那个服务器啊 他现在就是说 不是硬盘到那就到那一步了 看不到硬盘",
        "对 是不是缺少那个RAID驱动啊",
        "做了 我看上面写的应该是RAID1是",
        "呃 有个CTRL加A还是加啥 就是能配置 他应该是集成的那个主板",
        "哦 那是独立的RAID卡 型号YL5280G3",
        "",
    )
)


def test_try_tells_why(root: Path) -> None:
    code, output = run("try", typed="今天天气不错啊\n" + ENGINEER)
    assert code == 0
    for line in (
        f"candidate {DISK} 0.90",
        "filled    raid_level RAID级别 = RAID1 ← 'raid1'",
        "raised    key_not_onboard",
        "filled    raid_card RAID卡类型 = 独立RAID卡 ← '独立'",
        "branch    driver",
        "undecided branch no_raid: symptom == not_visible and raid_done == no",
        "true      branch driver:",
        "asks      raid_done: ask_order, number 2",
    ):
        assert line in output, line


def test_try_is_scriptable() -> None:
    code, output = run("try", "--scene", DISK, "--jsonl", typed="你好我这边有个事\n" + ENGINEER)
    turns = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert code == 0 and len(turns) >= 6
    assert turns[-1]["branch"] == "driver" and turns[-1]["scene"] == DISK
    assert turns[-1]["ended"] == ""
    replaced = [each for each in turns[-1]["filled"] if each["slot"] == "model"]
    assert replaced == [
        {
            "slot": "model",
            "label": "服务器型号",
            "value": "YL5280G3",
            "words": "YL5280G3",
            "before": "",
        }
    ]


def test_try_takes_keys_and_ends_with_the_call() -> None:
    typed = "我要报修\n#1\n转人工\n还有人吗\n"
    code, output = run("try", typed=typed)
    assert code == 0 and output.rstrip().endswith("[handed_off]")
    assert "还有人吗" not in output
