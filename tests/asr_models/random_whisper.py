"""A tiny Whisper of another shape than ours, with random weights, in CTranslate2's format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec

WIDTH = 64
_ROWS = {"linear_0": 3, "linear_1": 1, "linear_2": 1}


def _shape(name: str, tokens: int, mel_bands: int) -> tuple[int, ...]:
    """The shape of a variable, from its place in the specification."""
    parts = name.split("/")
    layer, leaf = parts[-2], parts[-1]
    if layer == "conv1" or layer == "conv2":
        inputs = mel_bands if layer == "conv1" else WIDTH
        return (WIDTH, inputs, 3) if leaf == "weight" else (WIDTH,)
    if layer in ("embeddings", "projection"):
        return (tokens, WIDTH)
    if layer == "position_encodings":
        return (1500 if parts[0] == "encoder" else 448, WIDTH)
    if layer == "layer_norm":
        return (WIDTH,)
    if parts[-3] == "ffn":
        rows, columns = (4 * WIDTH, WIDTH) if layer == "linear_0" else (WIDTH, 4 * WIDTH)
    else:  # queries, keys and values are one matrix; over the encoder's output keys and values are
        over_encoder = parts[-3] == "attention"
        fused = {"linear_0": 1, "linear_1": 2, "linear_2": 1} if over_encoder else _ROWS
        rows, columns = fused[layer] * WIDTH, WIDTH
    return (rows, columns) if leaf == "weight" else (rows,)


def write_random_whisper(
    folder: Path, base: Path, *, mel_bands: int = 128, tokens: int = 51_865, seed: int = 5
) -> None:
    """Write a Whisper of 1 encoder and 2 decoder layers with the tokenizer of `base`."""
    rng = np.random.default_rng(seed)
    spec = WhisperSpec(1, 2, 2, 2)
    names: list[tuple[object, str, str]] = []
    spec._visit(lambda owner, name, value: names.append((owner, name, str(value))))
    for owner, name, value in names:
        wanted = value == "None" or name.endswith(("/bias", "position_encodings/encodings"))
        if not wanted or name == "decoder/projection/bias":
            continue
        scale = 0.02 if "embeddings" in name else 0.2
        values = scale * rng.standard_normal(_shape(name, tokens, mel_bands))
        if name.endswith("gamma"):
            values += 1.0
        setattr(owner, name.rsplit("/", 1)[1], values.astype(np.float32))
    vocabulary = (base / "vocabulary.txt").read_text("utf-8").split("\n")[:tokens]
    spec.register_vocabulary(vocabulary)
    for key, given in json.loads((base / "config.json").read_bytes()).items():
        setattr(spec.config, key, [[0, 0]] if key == "alignment_heads" else given)
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    shutil.copy(base / "tokenizer.json", folder / "tokenizer.json")
