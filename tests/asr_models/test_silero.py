"""Silero hears speech and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.silero import FRAME_SAMPLES, SileroVad

RATE = 8000


@pytest.fixture(scope="module")
def vad(models: Path) -> SileroVad:
    return SileroVad(models / "silero-vad" / "silero_vad.onnx")


def frames(pcm: np.ndarray) -> list[np.ndarray]:
    return [pcm[i : i + FRAME_SAMPLES] for i in range(0, len(pcm) - FRAME_SAMPLES + 1, 256)]


def white_noise(seconds: float, rms: float, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * rms
    return np.clip(noise, -32768, 32767).astype(np.int16)


@pytest.mark.weights
def test_noise_hum_and_ringback_are_not_speech(vad: SileroVad) -> None:
    time_s = np.arange(5 * RATE) / RATE
    sounds = {
        "silence": np.zeros(5 * RATE, np.int16),
        "noise": white_noise(5, 1000),
        "hum": (8000 * np.sin(2 * np.pi * 50 * time_s)).astype(np.int16),
        "ringback": (8000 * np.sin(2 * np.pi * 450 * time_s)).astype(np.int16),
    }
    for name, pcm in sounds.items():
        stream = vad.fork()
        assert max(stream(frame) for frame in frames(pcm)) < 0.5, name


@pytest.mark.weights
def test_a_fork_starts_afresh_and_leaves_the_first_stream_alone(vad: SileroVad) -> None:
    pcm = frames(white_noise(1, 3000))
    alone = vad.fork()
    expected = [alone(frame) for frame in pcm]
    one, other = vad.fork(), vad.fork()
    mixed = []
    for frame in pcm:
        mixed.append(one(frame))
        other(np.zeros(FRAME_SAMPLES, np.int16))
    assert mixed == expected
    one.reset()
    assert [one(frame) for frame in pcm] == expected


@pytest.mark.weights
def test_a_frame_of_the_wrong_length_is_refused(vad: SileroVad) -> None:
    with pytest.raises(AudioFormatError, match=r"shape \(256,\), got int16 of shape \(160,\)"):
        vad.fork()(np.zeros(160, np.int16))


def test_a_missing_or_garbage_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AsrModelError, match="found none"):
        SileroVad(tmp_path / "none.onnx")
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"\x00\x01 no model")
    with pytest.raises(AsrModelError, match=r"garbage\.onnx is no loadable ONNX model"):
        SileroVad(garbage)
