"""The command line's own part: options, exit status, what is told before any model loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.replay.conftest import Play
from voicebot.cli import app
from voicebot.errors import VoicebotError
from voicebot.replay.bench import Timing
from voicebot.replay.results import Run

CALLS: list[dict[str, Any]] = [{"name": "a", "turns": ["看不到硬盘 => has:好的"]}]
BANK = '- name: a\n  turns: ["看不到硬盘 => has:好的"]\n'


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.yaml"
    path.write_text(BANK, "utf-8")
    return path


def answered_by(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The command plays nothing: this is what came of it."""

    def played(scripts: Any, settings: Any, table: Any, folder: Path, **more: Any) -> Any:
        for call in run.calls:
            more["told"](call)
        return run, Timing(1.0, 20.0)

    monkeypatch.setattr("voicebot.cli.replay_ways.run_bench", played)


def test_exit_status_and_files(
    play: Play, bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = play(CALLS, "good", turns={"endpoint": "fixed"})
    slow = play(CALLS * 1, "slow", turns={"endpoint": "fixed", "onset_ms": 2000})
    report, junit = tmp_path / "report.html", tmp_path / "junit.xml"
    answered_by(monkeypatch, good)
    arguments = ["replay", str(bank), "--report", str(report), "--junit", str(junit)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert report.is_file() and junit.is_file()
    answered_by(monkeypatch, slow)
    assert CliRunner().invoke(app, arguments).exit_code == 1
    compared = CliRunner().invoke(app, [*arguments, "--baseline", str(tmp_path / "good")])
    assert compared.exit_code == 1
    assert "regression: missed turns: 0 -> 1" in compared.output
    same = CliRunner().invoke(app, [*arguments, "--baseline", str(tmp_path / "slow")])
    assert same.exit_code == 0, same.output  # it fails as the baseline does: no worse


def test_one_json_object_a_call(play: Play, bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    answered_by(monkeypatch, play(CALLS))
    done = CliRunner().invoke(app, ["replay", str(bank), "--json"])
    (line,) = done.stdout.strip().splitlines()
    assert json.loads(line)["turns"][0]["heard"] == "看不到硬盘"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--only", "nobody"], "no call of the bank is left"),
        (["--ci"], "no call of the bank is left"),
        (["--baseline", "nowhere"], "no run of"),
        (["--costs", "nowhere.toml"], "no table of costs"),
        (["--at-once", "2"], "--at-once needs --wire"),
    ],
)
def test_what_cannot_be_played_is_told_at_once(bank: Path, more: list[str], told: str) -> None:
    error = CliRunner().invoke(app, ["replay", str(bank), *more]).exception
    assert isinstance(error, VoicebotError)
    assert told in str(error)


def test_results_that_cannot_be_kept_are_one_line(bank: Path, tmp_path: Path) -> None:
    from voicebot.replay.bench import Keeper

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VoicebotError, match="results cannot be kept there"):
        Keeper(tmp_path / "file", "fast", {}, tapes=True)
