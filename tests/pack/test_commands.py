"""``voicebot pack`` and ``voicebot scenes``, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.pack.conftest import Break
from voicebot.cli import pack, scenes
from voicebot.errors import PackError

app = typer.Typer()
pack.register(app)
scenes.register(app)
runner = CliRunner()


def run(*arguments: str) -> tuple[int, str]:
    result = runner.invoke(app, arguments)
    return result.exit_code, result.output


def test_a_new_pack_is_right_from_the_start(tmp_path: Path) -> None:
    folder = str(tmp_path / "mine")
    assert run("pack", "new", folder)[0] == 0
    code, output = run("pack", "check", folder)
    assert code == 0 and "OK: 2 scenes (2 tests pass), 1 FAQ, 1 documents" in output
    with pytest.raises(PackError, match="expected a new or empty folder"):
        runner.invoke(app, ["pack", "new", folder], catch_exceptions=False)


def test_every_file_of_a_new_pack_says_what_it_is_for(root: Path) -> None:
    for path in [*sorted(root.rglob("*.yaml")), root / "pack.toml"]:
        assert path.read_text(encoding="utf-8").startswith("# "), path.name


def test_check_lists_problems_and_exits_2(root: Path, change: Break) -> None:
    change("lexicon.yaml", "kind: part", "kind: thing")
    change("pack.toml", 'name = "my-company"', "")
    code, output = run("pack", "check", str(root))
    assert code == 2
    assert "lexicon.yaml:4" in output and "pack.toml: name" in output and "2 problems" in output


def test_check_runs_the_scene_tests(root: Path, change: Break) -> None:
    change("scenes/paper_jam.yaml", "slots: {place: rear", "slots: {place: tray")
    code, output = run("pack", "check", str(root))
    assert code == 2 and "place: expected tray, got rear" in output
    code, output = run("scenes", "test", "--pack", str(root))
    assert code == 1 and "FAIL" in output and "expected tray, got rear" in output


def test_check_of_nothing(tmp_path: Path) -> None:
    assert run("pack", "check", str(tmp_path / "none"))[0] == 2


def test_scenes_of_the_demo_company() -> None:
    code, output = run("scenes", "lint")
    assert code == 0 and " scenes: nothing wrong" in output
    code, output = run("scenes", "test", "-v")
    assert code == 0 and "FAIL" not in output and "您做RAID了吗？" in output
