"""What values Kokoro's convolutions meet: measured beforehand, channel by channel.

Fitted by tests/bench/fit_kokoro_ranges.py, kept in ``kokoro_ranges.npz``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from voicebot.errors import WeightsError
from voicebot.weights.onnx_graph import Array

_INPUT, _OUTPUT = ("low", "high", "rms"), ("low", "high")


@dataclass(frozen=True)
class ConvRange:
    """One convolution: float32, a value for each channel; ``low <= 0 < high``."""

    input_low: Array
    input_high: Array
    input_rms: Array
    output_low: Array
    output_high: Array


Ranges = Mapping[str, ConvRange]
"""Convolution -> what it meets."""


def read_ranges(path: Path) -> Ranges:
    """The fitted ranges. Raises WeightsError if the file is not whole."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as table:
            names = [str(name) for name in table["names"]]
            inputs = _cut(table["inputs"], table["input_channels"])
            outputs = _cut(table["outputs"], table["output_channels"])
        pairs = zip(names, inputs, outputs, strict=True)
        return {name: ConvRange(*x, *y) for name, x, y in pairs}
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        raise WeightsError(f"{path}: expected the fitted ranges of Kokoro: {error}") from None


def write_ranges(path: Path, ranges: Ranges) -> None:
    """Keep the ranges, in half precision."""
    inputs = [[getattr(r, f"input_{side}") for side in _INPUT] for r in ranges.values()]
    outputs = [[getattr(r, f"output_{side}") for side in _OUTPUT] for r in ranges.values()]
    np.savez_compressed(
        path,
        names=np.array(list(ranges)),
        inputs=np.concatenate(inputs, axis=1).astype(np.float16),
        outputs=np.concatenate(outputs, axis=1).astype(np.float16),
        input_channels=np.array([len(x[0]) for x in inputs]),
        output_channels=np.array([len(y[0]) for y in outputs]),
    )


def _cut(values: Array, channels: Array) -> list[Array]:
    """Columns, as many for each as `channels` says."""
    ends = np.cumsum(channels)
    if values.ndim != 2 or len(ends) == 0 or ends[-1] != values.shape[1]:
        raise ValueError(f"channels do not add up to {values.shape[-1]}")
    return np.split(values.astype(np.float32), ends[:-1], axis=1)
