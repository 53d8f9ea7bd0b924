"""``voicebot models`` as a user runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voicebot import cli


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["voicebot", "models", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_list_shows_sizes_and_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "silero-vad").mkdir()
    assert run("list", "--models", str(tmp_path), monkeypatch=monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    (silero,) = [line for line in lines if "silero-vad" in line]
    assert "core" in silero
    assert "incomplete" in silero


def test_verify_of_a_truncated_weight_exits_2_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "silero-vad").mkdir()
    (tmp_path / "silero-vad/silero_vad.onnx").write_bytes(b"short")
    assert run("verify", "--models", str(tmp_path), monkeypatch=monkeypatch) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("voicebot: weights: ")
    assert "expected 2327524 bytes, got 5" in captured.err
    assert captured.err.count("\n") == 1


def test_verify_goes_on_after_a_wrong_weight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("silero-vad", "whisper-base"):
        (tmp_path / name).mkdir()
    assert run("verify", "--models", str(tmp_path), monkeypatch=monkeypatch) == 2
    assert capsys.readouterr().err.count("is missing from") == 2


def test_fetch_of_an_unknown_weight_or_set_exits_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path)
    assert run("fetch", "whisper", "--models", store, monkeypatch=monkeypatch) == 2
    assert "'whisper' is neither a known weight" in capsys.readouterr().err
    assert run("fetch", "--set", "cor", "--models", store, monkeypatch=monkeypatch) == 2
    assert "known: core, llm, funasr, all" in capsys.readouterr().err
