"""What a user reads who asks for FunASR without having it, or names what is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from asr_models.errors import AsrModelError
from asr_models.funasr_paraformer import FunasrRecognizer
from voicebot.ears import build_recognizer
from voicebot.errors import WeightsError
from voicebot.settings import load_settings


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(AsrModelError, match=r"run: pip install 'voicebot\[funasr\]'") as raised:
        FunasrRecognizer("paraformer-zh-streaming")
    assert "\n" not in str(raised.value)
    settings = load_settings(
        environ={"VOICEBOT__ASR__ENGINE": "funasr", "VOICEBOT__ASR__FUNASR__VAD": ""}
    )
    with pytest.raises(WeightsError, match="not installed here"):
        build_recognizer(settings)


def test_a_folder_is_checked_before_anything_is_imported(tmp_path: Path) -> None:
    """FunASR itself would go on with random weights."""
    (tmp_path / "config.yaml").write_text("model: ParaformerStreaming")
    with pytest.raises(AsrModelError, match=r"missing: model\.pt, tokens\.json, am\.mvn"):
        FunasrRecognizer(tmp_path)
    with pytest.raises(AsrModelError, match=r"expected a folder with config\.yaml, .* at .*/no"):
        FunasrRecognizer(tmp_path / "no")
    with pytest.raises(AsrModelError, match=r"expected a folder with .* at models/none"):
        FunasrRecognizer("./models/none")


def test_importing_the_bot_brings_no_torch() -> None:
    code = (
        "import sys, asr_models.funasr_paraformer, asr_models.funasr_vad, voicebot.app, "
        "voicebot.cli; assert not {'torch', 'funasr'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_weight_that_was_not_fetched_is_named(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "VOICEBOT_MODELS": str(tmp_path),
            "VOICEBOT__ASR__ENGINE": "funasr",
        }
    )
    with pytest.raises(WeightsError, match="run: voicebot models fetch fsmn-vad"):
        build_recognizer(settings)
