"""Finding files, decoding them, and one honest line about each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.entry import Passage
from voicebot.knowledge.ingest.markdown import read_markdown
from voicebot.knowledge.ingest.plain import read_text
from voicebot.knowledge.ingest.split import TARGET_TOKENS, pack
from voicebot.knowledge.ingest.unit import Unit

MAX_BYTES = 50 * 1024 * 1024
SUFFIXES = (".md", ".markdown", ".txt", ".jsonl")


@dataclass(frozen=True)
class FileReport:
    """What became of a file: its passages, and why some or all of it could not be read.

    `problems` is empty for a file that was read whole.
    """

    path: str
    passages: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class _Result:
    passages: list[Passage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def find_files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every file under the paths with a short name that no other has, in a stable order.

    The name is relative to the path given, with parent folders put before it only where two
    would be the same. Hidden files are left out. A path that does not exist is yielded as it
    is. A file named twice is yielded once.
    """
    names: dict[str, Path] = {}
    for path in paths:
        for found in sorted(path.rglob("*")) if path.is_dir() else [path]:
            relative = found.relative_to(path) if found != path else Path(path.name)
            hidden = any(part.startswith(".") for part in relative.parts)
            if (found != path and not found.is_file()) or (hidden and found != path):
                continue
            name, parents = relative.as_posix(), list(found.resolve().parts[: -len(relative.parts)])
            while name in names and names[name] != found.resolve() and parents:
                name = f"{parents.pop()}/{name}"
            if name not in names:
                names[name] = found.resolve()
                yield found, name


def read_file(path: Path, name: str, embedder: Embedder) -> tuple[list[Passage], FileReport]:
    """Passages of one file. Nothing about its content raises: problems are in the report.

    `name` begins passage ids and citations, so it should be the same on every machine.
    """
    result = _Result()
    text = _decode(path, result)
    if text is not None:
        if path.suffix.lower() == ".jsonl":
            _read_jsonl(text, name, embedder, result)
        else:
            read = read_text if path.suffix.lower() == ".txt" else read_markdown
            units = read(text, "" if read is read_markdown else Path(name).stem)
            _add(units, embedder, result, ids=_numbered(name), source=name)
        if not result.passages and not result.problems:
            result.problems.append("holds no text")
    return result.passages, FileReport(str(path), len(result.passages), tuple(result.problems))


def _decode(path: Path, result: _Result) -> str | None:
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        result.problems.append(f"unknown kind '{path.suffix or path.name}'; readable: {known}")
        return None
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            result.problems.append(f"is {size >> 20} MB; at most {MAX_BYTES >> 20} MB are read")
            return None
        data = path.read_bytes()
    except OSError as error:
        result.problems.append(f"cannot be read: {error.strerror}")
        return None
    if not data.strip():
        result.problems.append("is empty")
        return None
    if b"\0" in data:
        result.problems.append("is binary, not text")
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    result.problems.append("is neither UTF-8 nor GB18030 text")
    return None


def _numbered(name: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{name}#{number}"


def _add(
    units: Sequence[Unit],
    embedder: Embedder,
    result: _Result,
    ids: Iterator[str],
    source: str,
    target_tokens: int = TARGET_TOKENS,
) -> None:
    packed = list(pack(units, embedder.count, embedder.max_tokens, target_tokens))
    if not packed:
        return
    sizes = embedder.count([f"{title}\n{text}" if title else text for title, text in packed])
    for (title, text), size, passage_id in zip(packed, sizes, ids, strict=False):
        cited = f"{source} > {title}" if title and source else source or title
        result.passages.append(Passage(passage_id, text, title, cited))
        if size > embedder.max_tokens:
            result.problems.append(
                f"{passage_id}: one sentence, step or row of {size} tokens; only the first "
                f"{embedder.max_tokens} can be found by meaning"
            )


def _read_jsonl(text: str, name: str, embedder: Embedder, result: _Result) -> None:
    """Records of {"id", "text", optional "title"}; ids are kept, bad lines reported and skipped."""
    seen: set[str] = set()
    records: list[tuple[str, str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        problem = _record(line, seen, records)
        if problem:
            result.problems.append(f"line {number}: {problem}")
    joined = [f"{title}\n{body}" if title else body for _, title, body in records]
    for (record_id, title, body), size in zip(records, embedder.count(joined), strict=True):
        source = f"{name} > {title}" if title else name
        if size <= embedder.max_tokens:
            result.passages.append(Passage(record_id, body, title, source))
        else:
            _add(
                read_text(body, title),
                embedder,
                result,
                repeat(record_id),
                name,
                embedder.max_tokens,
            )


def _record(line: str, seen: set[str], records: list[tuple[str, str, str]]) -> str:
    try:
        fields = json.loads(line)
    except ValueError as error:
        return f"is no JSON: {error}"
    if not isinstance(fields, dict):
        return f'expected an object with "id" and "text", got {type(fields).__name__}'
    for key in ("id", "text"):
        if not isinstance(fields.get(key), str) or not fields[key].strip():
            return f'"{key}" must be a string that is not empty, got {fields.get(key)!r:.40}'
    title = fields.get("title") or ""
    if not isinstance(title, str):
        return f'"title" must be a string, got {title!r:.40}'
    if fields["id"] in seen:
        return f"id {fields['id']!r} appears twice"
    seen.add(fields["id"])
    records.append((fields["id"], title.strip(), fields["text"].strip()))
    return ""
