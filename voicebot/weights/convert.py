"""Run a conversion once, into the store, with a record of what came out."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from voicebot.weights.files import sha256_of, sync, write_json
from voicebot.weights.manifest import Manifest, Weight
from voicebot.weights.recipes import CONVERTERS, recipe
from voicebot.weights.store import MARKER, PARTIAL, Expected

Report = Callable[[int, int], None]


def run_conversion(weight: Weight, models: Path, manifest: Manifest, report: Report) -> None:
    """Convert into a temporary folder, record every file's digest, then swap it into place."""
    module = importlib.import_module(CONVERTERS[weight.converter].module)
    workshop = models / PARTIAL
    workshop.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f"{weight.name}.", dir=workshop))
    try:
        made = temporary / "new"
        made.mkdir()
        module.convert(models / weight.converted_from, made, report)
        files = [_digest(path, made) for path in sorted(made.rglob("*")) if path.is_file()]
        record = {"recipe": recipe(weight, manifest), "files": [asdict(file) for file in files]}
        write_json(made / MARKER, record)
        target = models / weight.name
        if target.exists():
            target.replace(temporary / "old")
        made.replace(target)
        sync(models)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _digest(path: Path, folder: Path) -> Expected:
    sync(path)
    return Expected(str(path.relative_to(folder)), path.stat().st_size, sha256_of(path))
