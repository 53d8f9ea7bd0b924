"""What goes wrong with FunASR's models is one line that says what to do; loading is quiet."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from asr_models.errors import AsrModelError
from asr_models.funasr_paraformer import FunasrRecognizer
from asr_models.funasr_runtime import FunasrModel
from tests.funasr.folders import offline


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return folder


def test_a_damaged_file_is_named(copy: Path) -> None:
    whole = (copy / "model.pt").read_bytes()
    (copy / "model.pt").write_bytes(whole[:100_000])
    with pytest.raises(AsrModelError, match=r"^funasr: cannot load .*/model: [^\n]+$"):
        FunasrRecognizer(copy)


def test_a_configuration_that_names_no_model_of_funasr(copy: Path) -> None:
    (copy / "configuration.json").unlink()
    (copy / "config.yaml").write_text("model: NoSuchModel\ntokenizer_conf: {}\nfrontend_conf: {}")
    with pytest.raises(AsrModelError, match=r"model 'NoSuchModel' is not registered"):
        FunasrRecognizer(copy)


def test_a_name_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import funasr.download.download_model_from_hub as hub

    def unreachable(*_: Any, **__: Any) -> str:
        raise ConnectionError("no route to the hub")

    monkeypatch.setattr(hub, "get_or_download_model_dir", unreachable)
    with pytest.raises(AsrModelError, match=r"cannot load paraformer-zh-streaming: .*no route"):
        FunasrRecognizer("paraformer-zh-streaming")


def test_a_model_that_does_not_stream(tiny: Path, tmp_path: Path) -> None:
    folder = offline(tiny, tmp_path / "offline")
    with pytest.raises(
        AsrModelError, match=r"expected a streaming Paraformer in .*, got Paraformer"
    ):
        FunasrRecognizer(folder)


@pytest.mark.parametrize(
    ("device", "said"),
    [("tpu", "unknown device 'tpu'; known: cpu, cuda"), ("cuda:77", "'cuda:77' cannot be used")],
)
def test_a_device_that_is_not_there(tiny: Path, device: str, said: str) -> None:
    """FunASR itself would go on with the CPU."""
    with pytest.raises(AsrModelError, match=said):
        FunasrRecognizer(tiny, device=device)


def test_loading_prints_nothing_and_leaves_the_logs_alone(
    tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    model = FunasrModel(tiny)
    assert (root.handlers[:], root.level) == before
    logging.getLogger("voicebot").error("ours is heard")
    assert capfd.readouterr().out == ""
    assert model.network.training is False
