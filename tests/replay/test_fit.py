"""Recordings become scripts that fit a bot which answers otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from asr_models.wav import write_wav
from tests.replay.conftest import Play
from tests.session.fakes import quiet, tone
from voicebot.replay.bank import load_bank
from voicebot.replay.script import BankError


def stereo(path: Path) -> Path:
    """The bot speaks 0-3 s and 6-10 s; the caller 4-5 s, and at 7.5 s over the bot."""
    bot = np.concatenate([tone(3000), quiet(3000), tone(4000), quiet(2000)])
    caller = np.concatenate([quiet(4000), tone(1000), quiet(2500), tone(800), quiet(3700)])
    write_wav(path, np.stack([caller, bot]), 8000)
    return path


def test_a_stereo_call_becomes_turns_that_wait_or_interrupt(tmp_path: Path) -> None:
    (script,) = load_bank([stereo(tmp_path / "call.wav")])
    first, second = script.turns
    assert first.over_bot_ms is None
    assert first.pause_ms == pytest.approx(1000, abs=30)
    assert second.over_bot_ms == pytest.approx(1500, abs=30)
    assert first.to_ms is not None and first.to_ms - first.from_ms == pytest.approx(1240, abs=40)


def test_a_manifest_says_what_was_said_and_what_is_expected(tmp_path: Path) -> None:
    stereo(tmp_path / "call.wav")
    entry = {
        "recording": "call.wav",
        "name": "真的",
        "kind": "录音",
        "transcript": ["看不到硬盘 => slot:raid_done", "等一下"],
        "end": "solved",
    }
    (tmp_path / "bank.yaml").write_text(yaml.safe_dump([entry], allow_unicode=True), "utf-8")
    (script,) = load_bank([tmp_path])
    assert (script.name, script.kind, script.end) == ("真的", "录音", "solved")
    assert [turn.say for turn in script.turns] == ["看不到硬盘", "等一下"]
    assert [str(each) for each in script.turns[0].expect] == ["slot:raid_done"]
    entry["transcript"] = ["看不到硬盘"]
    (tmp_path / "bank.yaml").write_text(yaml.safe_dump([entry], allow_unicode=True), "utf-8")
    with pytest.raises(BankError, match="1 texts for 2 turns"):
        load_bank([tmp_path])


def test_mono_audio_is_said_after_the_greeting(tmp_path: Path) -> None:
    write_wav(tmp_path / "line.wav", np.concatenate([quiet(300), tone(900)]), 8000)
    (script,) = load_bank([tmp_path / "line.wav"])
    (turn,) = script.turns
    assert turn.over_bot_ms is None and turn.at_ms is None
    assert turn.pause_ms == 1000


def test_the_banks_of_the_project_can_be_read(play: Play) -> None:
    scripts = load_bank([Path(__file__).parents[2] / "audio_fixtures" / "bank"])
    assert len(scripts) >= 60
    assert sum(script.ci for script in scripts) == 15
    kinds = {script.kind for script in scripts}
    assert kinds >= {
        "scene", "noise", "loss", "echo", "dialect", "slips", "barge-in", "silence", "dtmf",
        "hang-up", "handoff", "danger",
    }  # fmt: skip
