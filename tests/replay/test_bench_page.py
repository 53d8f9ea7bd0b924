"""Benches of a Makefile, in one page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicebot.cli import app
from voicebot.replay.script import BankError

MAKEFILE = """
bench-good: stamp  ## tells a figure (a second)
\t@mkdir -p build/bench-good && echo '<svg/>' > build/bench-good/plot.svg
\t@echo '42 <b>ms</b>'

bench-bad:  ## fails
\t@echo 'it broke' && false

stamp:
\t@true
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    monkeypatch.chdir(tmp_path)
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # tests run under make themselves
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_chosen_benches_come_into_one_page(checkout: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "good", "--out", "page.html"])
    assert done.exit_code == 0, done.output
    page = (checkout / "page.html").read_text("utf-8")
    assert "42 &lt;b&gt;ms&lt;/b&gt;" in page
    assert "data:image/svg+xml;base64," in page
    assert f"<td>{os.cpu_count()}</td>" in page
    assert "bench-bad" not in page


def test_one_that_fails_is_told_and_the_others_are_kept(checkout: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "--out", "page.html"])
    assert done.exit_code == 1
    page = (checkout / "page.html").read_text("utf-8")
    assert "exit code 2" in page and "it broke" in page and "42 " in page


def test_what_there_is_can_be_listed(checkout: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "--list"])
    assert "good" in done.output and "tells a figure" in done.output


def test_unknown_benches_and_other_folders_are_one_line(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = CliRunner().invoke(app, ["bench", "nonsense"]).exception
    assert isinstance(unknown, BankError) and "there are good, bad" in str(unknown)
    (checkout / "empty").mkdir()
    monkeypatch.chdir(checkout / "empty")
    nothing = CliRunner().invoke(app, ["bench"]).exception
    assert isinstance(nothing, BankError) and "no Makefile" in str(nothing)
