"""What the tests of the ears share: the real weights, and real speech with transcripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Clip, load_manifest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def whisper(models: Path) -> WhisperRecognizer:
    return WhisperRecognizer(models / "whisper-base")


@pytest.fixture(scope="session")
def clips() -> list[Clip]:
    """Real speech with transcripts, beside the checkout or where VOICEBOT_SHARED says."""
    folder = Path(os.environ.get("VOICEBOT_SHARED", ROOT.parent / "shared")) / "speech"
    if not folder.is_dir():
        said = f"no transcribed speech at {folder}; set VOICEBOT_SHARED to the folder that has it"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return load_manifest(folder, min_chars=6)
