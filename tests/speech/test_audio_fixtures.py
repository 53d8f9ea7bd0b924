"""The recordings are what their manifest says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from asr_models.wav import read_wav
from voicebot.settings import SERVER_PACK
from voicebot.speech.line_audio import active_level_dbov

FOLDER = Path(__file__).parents[2] / "audio_fixtures"
MANIFEST = tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))
LINES = [{**MANIFEST["defaults"], **line} for line in MANIFEST["line"]]


def test_every_recording_is_described_and_there() -> None:
    described = [line["file"] for line in LINES]
    assert len(set(described)) == len(described)
    assert {path.name for path in FOLDER.glob("*.wav")} == set(described)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.wav")) < 2_000_000


def test_the_callers_are_not_the_bot() -> None:
    pack = tomllib.loads((SERVER_PACK / "pack.toml").read_text(encoding="utf-8"))
    assert pack["voice"]["name"] not in {line["voice"] for line in LINES}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["file"])
def test_a_recording_is_telephone_audio_at_its_level(line: dict[str, object]) -> None:
    path = FOLDER / str(line["file"])
    assert path.read_bytes()[20:22] == b"\x06\x00"  # WAVE_FORMAT_ALAW
    wav = read_wav(path)
    samples = wav.mono().astype(np.float32) / np.float32(32768)
    assert wav.sample_rate == 8000
    assert 0.7 < wav.seconds < 6.0
    level = active_level_dbov(samples, 8000)
    assert level == pytest.approx(float(str(line["level_dbov"])), abs=0.8)
    noise_db = 20 * np.log10(samples[400:1200].std())  # before the words begin
    assert level - noise_db == pytest.approx(float(str(line["snr_db"])), abs=2.5)
