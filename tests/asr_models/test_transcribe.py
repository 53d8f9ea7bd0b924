"""``voicebot transcribe`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from asr_models.wav import write_wav
from voicebot.cli import app
from voicebot.errors import WeightsError

SILENCE = np.zeros(16_000, np.int16)


@pytest.mark.weights
def test_a_bad_file_is_named_and_the_others_go_on(models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    write_wav(folder / "quiet.wav", SILENCE)
    write_wav(folder / "wide.WAV", np.stack([SILENCE, SILENCE]), 44_100)
    (folder / "broken.wav").write_bytes(b"no audio")
    (folder / "notes.txt").write_text("not asked for")
    result = CliRunner().invoke(
        app, ["transcribe", str(folder), str(tmp_path / "none.wav"), "--jsonl"]
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert [Path(line["file"]).name for line in lines] == ["quiet.wav", "wide.WAV"]
    for line in lines:
        assert set(line) == {"file", "text", "confidence", "cpu_s"}
        assert (line["text"], line["confidence"]) == ("", 0.0)
    assert f"voicebot: {folder / 'broken.wav'}: expected a WAV file" in result.stderr
    assert f"{tmp_path / 'none.wav'}: cannot be read: No such file" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.weights
def test_good_files_exit_clean_and_print_text_for_people(models: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "quiet.wav", SILENCE, encoding="alaw")
    result = CliRunner().invoke(app, ["transcribe", str(tmp_path / "quiet.wav")])
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'quiet.wav'}\t\n"


def test_missing_weights_say_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_MODELS", str(tmp_path))
    result = CliRunner().invoke(app, ["transcribe", "any.wav"])
    assert isinstance(result.exception, WeightsError)
    assert "voicebot models fetch" in str(result.exception)
