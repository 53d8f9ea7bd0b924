"""``voicebot say``: what somebody at a terminal sees. The voice is a tone: no weights needed."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asr_models.wav import parse_wav, read_wav
from tests.speech.fakes import ToneVoice
from voicebot.cli import app, main
from voicebot.errors import AudioFileError, SettingsError, VoicebotError, VoiceError
from voicebot.speech import build

TEXT = "工单号是20261122001，请按Ctrl+A。"


@pytest.fixture(autouse=True)
def tone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ToneVoice:
    """The voice of every test here; files are written into a folder of its own."""
    voice = ToneVoice()
    monkeypatch.setattr(build, "build_voice", lambda settings, pack: voice)
    monkeypatch.chdir(tmp_path)
    return voice


def say(*arguments: str, stdin: str = "") -> str:
    """What it prints on stderr. Raises what the command raises."""
    result = CliRunner().invoke(app, ["say", *arguments], input=stdin, catch_exceptions=True)
    if isinstance(result.exception, VoicebotError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stderr


def test_explain_shows_reading_pronunciation_clauses_and_cost() -> None:
    shown = say(TEXT, "--explain", "-o", "a.wav")
    for expected in (
        "written   工单号是20261122001，请按Ctrl+A。",
        "said      工单号是，二零二六，幺幺二二，零零幺，请按",
        "cued code", "20261122001", "二零二六，幺幺二二，零零幺",
        "clause 1  工单号是20261122001，",
        "pinyin    gong1 dan1 hao4 shi4 ， er4 ling2",
        "phonemes", "first sound s", "RTF", "all", "a.wav: ", "voice tone",
    ):  # fmt: skip
        assert expected in shown
    assert read_wav(Path("a.wav")).sample_rate == 8000


def test_without_a_file_name_it_takes_one_that_is_free_and_says_so() -> None:
    assert "say.wav: " in say("好的")
    assert "say-2.wav: " in say("好的，请稍等")
    assert read_wav(Path("say-2.wav")).seconds > read_wav(Path("say.wav")).seconds


def test_text_comes_from_stdin_and_sound_goes_to_stdout(tone: ToneVoice) -> None:
    result = CliRunner().invoke(app, ["say", "-", "-o", "-", "--codec", "pcma"], input="您好\n再见")
    assert tone.rendered == ["您好。", "再见"]
    assert parse_wav(result.stdout_bytes).sample_rate == 8000
    assert "stdout: " in result.stderr
    assert not list(Path().iterdir())


def test_what_is_too_long_is_said_to_be_cut(tone: ToneVoice) -> None:
    assert "2500 characters; the first 2000 are said" in say("好" * 2500)
    assert sum(map(len, tone.rendered)) == 2000


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ([""], VoiceError, "expected something that can be said, got ''"),
        (["**\n---\n"], VoiceError, "expected something that can be said"),
        (["好", "--speed", "-1"], SettingsError, "--speed: expected 0.5 to 2.0, or 0, got -1"),
        (["好", "--speed", "9"], SettingsError, "--speed: expected 0.5 to 2.0, or 0, got 9"),
        (["好", "-o", "none/a.wav"], AudioFileError, "got no folder none: none/a.wav"),
        (["好", "-o", "."], AudioFileError, "expected a file to write, got a folder: ."),
        (["好", "-o", "/proc/a.wav"], AudioFileError, "cannot write /proc/a.wav"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], error: type[VoicebotError], said: str) -> None:
    with pytest.raises(error) as caught:
        say(*arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_is_refused_before_anything_is_said(tone: ToneVoice) -> None:
    with pytest.raises(AudioFileError):
        say("好", "-o", "none/a.wav")
    assert tone.rendered == []


def test_stdin_that_is_no_text_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00"), "utf-8"))
    monkeypatch.setattr(sys, "argv", ["voicebot", "say", "-"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert (
        capsys.readouterr().err
        == "voicebot: say: expected utf-8 on stdin, got invalid start byte\n"
    )
