"""Recognitions behind a cache on disk, so that what comes after them is measured in seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from asr_models import Alternative, Recognition, Recognizer
from tests.bench.clips import Pcm

_SAVE_EVERY = 50


class HeardBefore:
    """A recognizer whose answers are kept in a JSON file, by its name, the audio and the prompt.

    `cpu_s` is that of the run that made the answer; delete the file to measure it again.
    """

    def __init__(self, load: Callable[[], Recognizer], name: str, path: Path) -> None:
        """`load` is called at the first audio that is new; `name` tells recognizers apart."""
        self._load = load
        self._name = name
        self._path = path
        self._recognizer: Recognizer | None = None
        self._known: dict[str, dict[str, object]] = (
            json.loads(path.read_text("utf-8")) if path.is_file() else {}
        )
        self._new = 0

    def hear(self, pcm: Pcm, prompt: str = "") -> Recognition:
        """Recognize int16 at 8 kHz, shape (n,)."""
        digest = hashlib.sha256(pcm.tobytes())
        digest.update(f"\0{self._name}\0{prompt}".encode())
        key = digest.hexdigest()[:24]
        if key not in self._known:
            self._recognizer = self._recognizer or self._load()
            self._known[key] = asdict(self._recognizer.recognize(pcm, 8000, prompt=prompt))
            self._new += 1
            if self._new % _SAVE_EVERY == 0:
                self.save()
        return _recognition(self._known[key])

    def save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._known, ensure_ascii=False), "utf-8")


def _recognition(kept: dict[str, object]) -> Recognition:
    fields = dict(kept)
    alternatives = tuple(Alternative(**one) for one in fields.pop("alternatives"))  # type: ignore[attr-defined]
    fields.pop("spans", None)
    return Recognition(**fields, alternatives=alternatives)  # type: ignore[arg-type]
