"""A delta: the low-rank difference between a Whisper and its adapted form, and its application.

Only numpy. The factors are float16 and are multiplied in float64, where every product and
sum of them is exact; so the merged file has the same bytes, and sha256, on every machine.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.adapt.ct2_file import Array, Ct2Model, read_ct2, write_ct2
from asr_models.errors import AsrModelError

Half = npt.NDArray[np.float16]
_DOWN, _UP, _NOTE = ".down", ".up", "note"
_EXACT_BELOW = 8.0  # float16 steps in 2**-24, so products do in 2**-48: under 2**3, 51 bits


@dataclass(frozen=True)
class Delta:
    """Factors by matrix name: `down` (rank, in) and `up` (out, rank); W becomes W + up @ down.

    `base_sha256` and `merged_sha256` are those of the two model.bin; `note` says what the
    delta was trained on and under which licence it may be used.
    """

    down: Mapping[str, Half]
    up: Mapping[str, Half]
    base_sha256: str
    merged_sha256: str = ""
    note: Mapping[str, str] = field(default_factory=dict)


def merged(model: Ct2Model, delta: Delta) -> Ct2Model:
    """Return `model` with the delta added. Raises AsrModelError where the two do not fit."""
    variables: dict[str, Array] = dict(model.variables)
    for name, down in delta.down.items():
        weight, up = variables.get(f"{name}/weight"), delta.up[name]
        if weight is None or weight.shape != (up.shape[0], down.shape[1]):
            shape = "no such matrix" if weight is None else f"one of shape {weight.shape}"
            raise AsrModelError(
                f"adapt: the delta changes {name} of shape {(up.shape[0], down.shape[1])}, "
                f"the model has {shape}; it belongs to another model"
            )
        change = up.astype(np.float64) @ down.astype(np.float64)
        bound = np.abs(up).astype(np.float64) @ np.abs(down).astype(np.float64)
        if not bound.max() < _EXACT_BELOW:
            raise AsrModelError(f"adapt: the delta's change of {name} is too large to be exact")
        variables[f"{name}/weight"] = (weight.astype(np.float64) + change).astype(weight.dtype)
    return replace(model, variables=variables)


def scaled(delta: Delta, factor: float) -> Delta:
    """Return the delta weakened: 0 is the base model, 1 the trained one (WiSE-FT)."""
    up = {
        name: (values * np.float64(factor)).astype(np.float16) for name, values in delta.up.items()
    }
    return replace(delta, up=up, merged_sha256="")


def apply_delta(delta: Delta, base: Path, target: Path) -> str:
    """Write the folder `target`: `base` with its model.bin merged. Returns the file's sha256.

    Raises AsrModelError if `base` is not the model the delta was made from, or if the result
    is not the one it was made with.
    """
    got = sha256_of(base / "model.bin")
    if got != delta.base_sha256:
        raise AsrModelError(
            f"adapt: {base / 'model.bin'}: expected sha256 {delta.base_sha256}, got {got}; "
            "the delta was made for another model"
        )
    target.mkdir(parents=True, exist_ok=True)
    if target.samefile(base):
        raise AsrModelError(f"adapt: {target} is the base itself; write to another folder")
    for path in sorted(base.iterdir()):
        if path.is_file() and path.name not in ("model.bin", "converted.json"):
            shutil.copyfile(path, target / path.name)
    write_ct2(target / "model.bin", merged(read_ct2(base / "model.bin"), delta))
    made = sha256_of(target / "model.bin")
    if delta.merged_sha256 and made != delta.merged_sha256:
        (target / "model.bin").unlink()
        raise AsrModelError(
            f"adapt: merging gave sha256 {made}, expected {delta.merged_sha256}; "
            "the delta's file is damaged"
        )
    return made


def save_delta(path: Path, delta: Delta) -> None:
    """Write a .npz; the same delta gives the same bytes."""
    note = {**delta.note, "base_sha256": delta.base_sha256, "merged_sha256": delta.merged_sha256}
    arrays: dict[str, Any] = {_NOTE: np.frombuffer(json.dumps(note).encode(), np.uint8)}
    for name in sorted(delta.down):
        arrays[name.replace("/", ".") + _DOWN] = delta.down[name]
        arrays[name.replace("/", ".") + _UP] = delta.up[name]
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load_delta(path: Path) -> Delta:
    """Read what `save_delta` wrote. Raises AsrModelError for anything else."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        note = json.loads(arrays.pop(_NOTE).tobytes())
        down, up = _factors(arrays, _DOWN), _factors(arrays, _UP)
        if down.keys() != up.keys():
            raise ValueError("factors without their other half")
        base, result = note.pop("base_sha256"), note.pop("merged_sha256")
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise AsrModelError(f"adapt: {path} is no delta: {error}") from None
    return Delta(down, up, base, result, note)


def _factors(arrays: Mapping[str, Array], ending: str) -> dict[str, Half]:
    return {
        name.removesuffix(ending).replace(".", "/"): np.asarray(values, np.float16)
        for name, values in arrays.items()
        if name.endswith(ending)
    }


def sha256_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AsrModelError(f"adapt: {path} cannot be read: {error.strerror}") from None
