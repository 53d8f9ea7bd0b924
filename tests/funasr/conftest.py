"""Real FunASR on a tiny Paraformer and the real FSMN-VAD: `make test-torch`.

Tests run in an environment of their own (PyTorch is heavy) and carry the marker `funasr`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from asr_models.funasr_paraformer import FunasrRecognizer
from asr_models.funasr_vad import FsmnVad
from asr_models.resample import Upsampler8To16
from asr_models.wav import read_wav
from voicebot.weights import locate

ROOT = Path(__file__).parents[2]
Pcm = npt.NDArray[np.int16]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.funasr)


@pytest.fixture(scope="session")
def tiny() -> Path:
    """A Paraformer for streaming of 5 MB. Its text is wrong (overfit); its code path is real."""
    shared = Path(os.environ.get("VOICEBOT_SHARED", ROOT.parent / "shared"))
    folder = shared / "models" / "tiny-paraformer-streaming"
    if not folder.is_dir():
        said = f"no tiny model at {folder}; set VOICEBOT_SHARED to the folder that has models/"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return folder


@pytest.fixture(scope="session")
def recognizer(tiny: Path) -> FunasrRecognizer:
    return FunasrRecognizer(tiny)


@pytest.fixture(scope="session")
def vad_folder(models: Path) -> Path:
    return locate("fsmn-vad", models)


@pytest.fixture(scope="session")
def vad(vad_folder: Path) -> FsmnVad:
    return FsmnVad(vad_folder)


@pytest.fixture(scope="session")
def own() -> Callable[[Path], Any]:
    """FunASR's own AutoModel of a folder, built without any code of ours.

    Without dither: FunASR's random noise on the features makes no two runs alike.
    """
    loaded: dict[Path, Any] = {}

    def build(folder: Path) -> Any:
        if folder not in loaded:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from funasr import AutoModel

                loaded[folder] = AutoModel(
                    model=str(folder),
                    device="cpu",
                    ncpu=1,
                    disable_update=True,
                    disable_pbar=True,
                    frontend_conf={"dither": 0.0},
                )
        return loaded[folder]

    return build


@pytest.fixture(scope="session")
def line() -> Callable[[str], Pcm]:
    """A recorded caller line at 8 kHz."""
    return lambda name: read_wav(ROOT / "audio_fixtures" / f"{name}.wav").mono()


def at_16k(pcm: Pcm) -> npt.NDArray[np.float32]:
    """8 kHz int16 as FunASR takes it, converted in one go."""
    return Upsampler8To16().process(pcm).astype(np.float32) / np.float32(32768)
