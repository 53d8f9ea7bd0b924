"""What each file of an index gave: its content hash, its report and its passages, in order.

Kept beside the index so that an unchanged file need not be read again, and so that people can
look at what was recovered (``voicebot kb inspect``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voicebot.knowledge.entry import Passage
from voicebot.knowledge.ingest.files import FileReport

FILE = "sources.jsonl"
READERS = 1  # raised with every change of what readers recover


@dataclass(frozen=True)
class Source:
    """One file of an index under its short `name`. `digest` is "" if it could not be read."""

    name: str
    digest: str
    report: FileReport
    passages: tuple[Passage, ...]


def digest_of(path: Path, fingerprint: str, ocr: bool) -> str:
    """Changes with the file's content and with everything that decides what is made of it.

    "" if the file cannot be read.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
    return f"{READERS}:{fingerprint[:16]}:{int(ocr)}:{content}"


def write_sources(folder: Path, sources: Iterable[Source]) -> None:
    with (folder / FILE).open("w", encoding="utf-8") as file:
        for source in sources:
            file.write(json.dumps(asdict(source), ensure_ascii=False) + "\n")


def read_sources_of(folder: Path) -> list[Source]:
    """Raises OSError or ValueError (TypeError, KeyError) if the file is missing or damaged."""
    with (folder / FILE).open(encoding="utf-8") as file:
        return [_source(json.loads(line)) for line in file]


def _source(fields: dict[str, Any]) -> Source:
    report = fields["report"]
    lists = {key: tuple(report[key]) for key in ("problems", "notes")}
    return Source(
        fields["name"],
        fields["digest"],
        FileReport(**{**report, **lists}),
        tuple(Passage(**passage) for passage in fields["passages"]),
    )
