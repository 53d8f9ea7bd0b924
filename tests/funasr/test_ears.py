"""The bot's own way to FunASR: settings, `voicebot transcribe`, the pack's lexicon."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asr_models.funasr_paraformer import FunasrRecognizer
from asr_models.gated import GatedRecognizer
from asr_models.silero import SileroVad
from asr_models.wav import write_wav
from tests.funasr.conftest import Pcm
from tests.funasr.folders import offline
from voicebot.cli import app
from voicebot.ears import build_recognizer
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.weights import locate

Line = Callable[[str], Pcm]


@pytest.fixture(scope="module")
def config(tiny: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ears")
    second = offline(tiny, folder / "offline")
    path = folder / "hotline.toml"
    path.write_text(
        f'models = "{models}"\n[asr]\nengine = "funasr"\n'
        f'[asr.funasr]\nmodel = "{tiny}"\nsecond_pass = "{second}"\nchunk_size = [0, 10, 5]\n',
        "utf-8",
    )
    return path


def test_the_settings_build_the_recognizer_with_the_packs_words(config: Path) -> None:
    ears = build_recognizer(load_settings(config, environ={}), load_pack(SERVER_PACK))
    assert isinstance(ears, FunasrRecognizer)
    assert ears.name == "funasr:tiny-paraformer-streaming"
    engines = ears._engines
    assert engines.vad is not None
    assert engines.second is not None
    assert engines.marks is None
    assert {"YL5280G3", "阵列卡"} <= set(engines.second.hotwords.split())
    assert engines.first.options.samples == 9600


def test_hotwords_can_be_left_out(config: Path) -> None:
    settings = load_settings(config, environ={"VOICEBOT__ASR__FUNASR__HOTWORDS": "false"})
    ears = build_recognizer(settings, load_pack(SERVER_PACK))
    assert isinstance(ears, FunasrRecognizer)
    assert ears._engines.second is not None
    assert ears._engines.second.hotwords == ""


def test_transcribe_hears_with_funasr(
    config: Path, models: Path, line: Line, tmp_path: Path
) -> None:
    pcm = line("dont_know")
    write_wav(tmp_path / "call.wav", pcm, encoding="alaw")
    result = CliRunner().invoke(
        app, ["transcribe", str(tmp_path / "call.wav"), "--config", str(config), "--jsonl"]
    )
    assert result.exit_code == 0, result.output
    (said,) = [json.loads(row) for row in result.stdout.splitlines()]
    ears = build_recognizer(load_settings(config, environ={}))
    gate = SileroVad(locate("silero-vad", models) / "silero_vad.onnx")
    assert said["text"] == GatedRecognizer(ears, gate).recognize(pcm).text != ""
