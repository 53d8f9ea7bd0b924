"""``voicebot pack prepare``, as typed, with espeak for a quick voice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli import pack
from voicebot.errors import VoiceError
from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.session import spoken_texts
from voicebot.session.spoken_texts import FIRST_PROMPTS
from voicebot.speech.espeak import EspeakVoice

pytestmark = [pytest.mark.peer, pytest.mark.weights]
app = typer.Typer()
pack.register(app)


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_MODELS", str(models))  # or they were looked for in that cache
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def few_words_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variant of each, and no more than a pack needs: espeak takes its time for each clause."""
    kept = {name: OPTIONAL_PROMPTS[name][:1] for name in FIRST_PROMPTS if name in OPTIONAL_PROMPTS}
    monkeypatch.setattr(spoken_texts, "OPTIONAL_PROMPTS", kept)


def shown(output: str) -> dict[str, tuple[int, int, int]]:
    """By group: clauses, prepared, left."""
    rows = re.findall(r"│ ([^│]+?) +│ +(\d+) │ +(\d+) │ +(\d+) │", output)
    return {name: (int(total), int(ready), int(left)) for name, total, ready, left in rows}


def test_a_pack_is_prepared_once_and_told_of(tmp_path: Path, root: Path) -> None:
    config = tmp_path / "espeak.toml"
    config.write_text('[speech]\nengine = "espeak"\n', encoding="utf-8")

    def run(*arguments: str) -> tuple[int, dict[str, tuple[int, int, int]]]:
        command = ["pack", "prepare", str(root), "--config", str(config), *arguments]
        result = CliRunner().invoke(app, command, catch_exceptions=False)
        return result.exit_code, shown(result.output)

    code, before = run("--check")
    assert code == 2
    total, ready, left = before["all"]
    assert (ready, left) == (0, total) and total > 50
    assert before["documents"][0] > 0
    code, after = run()
    assert code == 0
    assert after["all"] == (total, total, 0)
    assert run("--check") == (0, after)


def test_a_voice_that_is_out_is_told_of(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fails(self: EspeakVoice, text: str, **options: object) -> None:
        asked.append(text)
        raise VoiceError("voice espeak: told to fail")

    monkeypatch.setattr(EspeakVoice, "stream", fails)
    config = tmp_path / "espeak.toml"
    config.write_text('[speech]\nengine = "espeak"\n', encoding="utf-8")
    command = ["pack", "prepare", str(root), "--config", str(config)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 2
    assert "could not be rendered: voice espeak: told to fail" in " ".join(result.output.split())
    assert len(asked) < 6, "it is not asked for every clause"
