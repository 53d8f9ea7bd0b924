"""The store on disk: ``<models>/<name>/<file>``. Finds weights and tells whether they are whole.

Sizes are checked every time. Hashes are checked when a file is new or has changed: a stamp
(size, times, inode) beside the store remembers the bytes that were hashed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.errors import WeightsError
from voicebot.weights.files import sha256_of, write_json
from voicebot.weights.manifest import Manifest, Weight, load_manifest
from voicebot.weights.recipes import recipe

MARKER = "converted.json"
STAMPS = ".verified"
PARTIAL = ".partial"
LOCKS = ".locks"


@dataclass(frozen=True)
class Expected:
    """What a stored file must be."""

    path: str
    size: int
    sha256: str


def locate(name_or_folder: str, models: Path) -> Path:
    """The folder of a weight (by its manifest name, in the store `models`) or of a user's model.

    A named weight is checked: sizes always, sha256 of files that are new or changed. A folder
    is returned as it is. Raises WeightsError, one line, when something is missing or altered.
    """
    if name_or_folder in load_manifest().weights:
        check(name_or_folder, models)
        return models / name_or_folder
    folder = Path(name_or_folder).expanduser()
    if not folder.is_dir():
        load_manifest().get(name_or_folder)
    return folder


def verify(name: str, models: Path, quick: bool, manifest: Manifest | None = None) -> None:
    """Check a weight: sizes only when `quick`, else every byte. Raises WeightsError."""
    weight = (manifest or load_manifest()).get(name)
    expected = expected_files(weight, models, manifest)
    for file in expected:
        _check_size(weight, models, file)
    if not quick:
        for file in expected:
            _check_hash(weight, models, file)
        _write_stamps(weight, models, expected)


def check(name: str, models: Path, manifest: Manifest | None = None) -> None:
    """Check sizes, and the hashes of files without a matching stamp. Raises WeightsError."""
    weight = (manifest or load_manifest()).get(name)
    expected = expected_files(weight, models, manifest)
    for file in expected:
        _check_size(weight, models, file)
    stamps = _read_stamps(weight, models)
    changed = [f for f in expected if stamps.get(f.path) != _stamp(models / name / f.path, f)]
    for file in changed:
        _check_hash(weight, models, file)
    if changed:
        _write_stamps(weight, models, expected)


def expected_files(
    weight: Weight, models: Path, manifest: Manifest | None = None
) -> list[Expected]:
    """The files of a weight: from the manifest, or from the marker its conversion left."""
    if not weight.converted_from:
        return [Expected(file.path, file.size, file.sha256) for file in weight.files]
    path = models / weight.name / MARKER
    try:
        marker: dict[str, Any] = json.loads(path.read_text())
        files = [Expected(**entry) for entry in marker["files"]]
    except FileNotFoundError:
        raise WeightsError(
            f"weights: {weight.name}: not in {models}; {_how(weight, models)}"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise WeightsError(
            f"weights: {path} is no conversion record; {_how(weight, models)}"
        ) from None
    if marker.get("recipe") != recipe(weight, manifest or load_manifest()):
        raise WeightsError(
            f"weights: {weight.name}: made by another version of the converter or from other "
            f"source bytes; {_how(weight, models)}"
        )
    return files


def _how(weight: Weight, models: Path) -> str:
    return f"run: voicebot models fetch {weight.name} --models {models}"


def _check_size(weight: Weight, models: Path, file: Expected) -> None:
    path = models / weight.name / file.path
    try:
        size = path.stat().st_size
    except OSError:
        raise WeightsError(
            f"weights: {weight.name}/{file.path} is missing from {models}; {_how(weight, models)}"
        ) from None
    if size != file.size:
        raise WeightsError(
            f"weights: {path}: expected {file.size} bytes, got {size}; {_how(weight, models)}"
        )


def _check_hash(weight: Weight, models: Path, file: Expected) -> None:
    path = models / weight.name / file.path
    got = sha256_of(path)
    if got != file.sha256:
        raise WeightsError(
            f"weights: {path}: expected sha256 {file.sha256}, got {got}; {_how(weight, models)}"
        )


def _stamp(path: Path, file: Expected) -> list[Any]:
    stat = path.stat()
    # ctime catches an altered file whose mtime was set back.
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, file.sha256]


def _read_stamps(weight: Weight, models: Path) -> dict[str, Any]:
    try:
        stamps: dict[str, Any] = json.loads((models / STAMPS / f"{weight.name}.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_stamps(weight: Weight, models: Path, files: list[Expected]) -> None:
    stamps = {file.path: _stamp(models / weight.name / file.path, file) for file in files}
    try:
        write_json(models / STAMPS / f"{weight.name}.json", stamps)
    except OSError:
        return  # a read-only store: its files are hashed again at the next start
