"""One file in, its passages and one honest report out."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.entry import Passage
from voicebot.knowledge.ingest.decode import UndecodableError, decode
from voicebot.knowledge.ingest.delimited import read_delimited
from voicebot.knowledge.ingest.markdown import read_markdown
from voicebot.knowledge.ingest.plain import read_text
from voicebot.knowledge.ingest.reader_process import Pages, ReaderError, ReaderProcess
from voicebot.knowledge.ingest.records import read_records
from voicebot.knowledge.ingest.split import count_all, pack
from voicebot.knowledge.ingest.tables import PATH_SEPARATOR
from voicebot.knowledge.ingest.unit import Document, Unit
from voicebot.pack import DOCUMENT_SUFFIXES

RICH_SUFFIXES = (".pdf", ".docx", ".xlsx", ".xlsm", ".html", ".htm")  # read in a process apart
MAX_TEXT_BYTES = 50 * 1024 * 1024
MAX_RICH_BYTES = 500 * 1024 * 1024
_OLD = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pdf", ".pptx": ".pdf", ".wps": ".docx"}


@dataclass(frozen=True)
class FileReport:
    """What became of a file: what was recovered, and why some or all of it was not.

    `problems` is empty for a file that was read whole; `notes` say what was left out on purpose.
    """

    path: str
    passages: int = 0
    problems: tuple[str, ...] = ()
    pages: int = 0
    tables: int = 0
    figures: int = 0
    notes: tuple[str, ...] = ()


def read_file(
    path: Path,
    name: str,
    embedder: Embedder,
    reader: ReaderProcess | None = None,
    pages: Pages = lambda done, total: None,
) -> tuple[list[Passage], FileReport]:
    """Passages of one file. Nothing about its content raises: problems are in the report.

    `name` begins passage ids and citations, so it should be the same on every machine. PDF,
    DOCX, XLSX and HTML are read by `reader`; without one, by one made for this file. `pages`
    is told how far a long file is.
    """
    passages: list[Passage] = []
    try:
        _check(path)
        document = Document()
        if path.suffix.lower() in RICH_SUFFIXES:
            document = _read_apart(path, reader, pages)
            passages = _passages(document.units, name, embedder)
        else:
            text, note = decode(path.read_bytes())
            document.problems += [note] if note else []
            passages = _read_text_file(path.suffix.lower(), text, name, embedder, document)
    except (UndecodableError, ReaderError) as error:
        document = Document(problems=[str(error)])
    except OSError as error:
        document = Document(problems=[f"cannot be read: {error.strerror}"])
    problems = [*document.problems, *_too_long(passages, embedder)]
    if not passages and not problems:
        problems.append("holds no text")
    counts = (document.pages, document.tables, document.figures)
    report = FileReport(str(path), len(passages), tuple(problems), *counts, tuple(document.notes))
    return passages, report


def _check(path: Path) -> None:
    """Raises UndecodableError with a line for the reader, or OSError."""
    suffix = path.suffix.lower()
    if suffix in _OLD:
        raise UndecodableError(f"old format '{suffix}'; save it as {_OLD[suffix]}")
    if suffix not in DOCUMENT_SUFFIXES:
        known = ", ".join(DOCUMENT_SUFFIXES)
        raise UndecodableError(f"unknown kind '{path.suffix or path.name}'; readable: {known}")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UndecodableError("is no regular file")
    if status.st_size == 0:
        raise UndecodableError("is empty")
    limit = MAX_RICH_BYTES if suffix in RICH_SUFFIXES else MAX_TEXT_BYTES
    if status.st_size > limit:
        raise UndecodableError(
            f"is {status.st_size >> 20} MB; at most {limit >> 20} MB are read; split it"
        )


def _read_apart(path: Path, reader: ReaderProcess | None, pages: Pages) -> Document:
    if reader is not None:
        return reader.read(path, pages)
    with ReaderProcess() as own:
        return own.read(path, pages)


def _read_text_file(
    suffix: str, text: str, name: str, embedder: Embedder, document: Document
) -> list[Passage]:
    if suffix == ".jsonl":
        return _read_jsonl(text, name, embedder, document)
    if suffix == ".txt":
        found = Document(read_text(text, Path(name).stem))
    elif suffix in (".csv", ".tsv"):
        found = read_delimited(text, Path(name).stem)
    else:
        found = read_markdown(text)
    document.tables = found.tables
    document.problems += found.problems
    return _passages(found.units, name, embedder)


def _numbered(name: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{name}#{number}"


def _passages(
    units: Sequence[Unit], source: str, embedder: Embedder, ids: Iterator[str] | None = None
) -> list[Passage]:
    packed = list(pack(units, embedder.count, embedder.max_tokens))
    texts = [f"{part.title}\n{part.text}" if part.title else part.text for part in packed]
    sizes = count_all(embedder.count, texts)
    return [
        Passage(
            passage_id,
            part.text,
            part.title,
            citation(source, part.page, part.title),
            page=part.page,
            kind=part.kind.value,
            tokens=size,
            figure=part.figure,
        )
        for part, size, passage_id in zip(packed, sizes, ids or _numbered(source), strict=False)
    ]


def citation(name: str, page: int, title: str) -> str:
    """How people are told where something stands: file, page, heading."""
    place = f"{name} 第{page}页" if page else name
    return PATH_SEPARATOR.join(part for part in (place, title) if part)


def _too_long(passages: Sequence[Passage], embedder: Embedder) -> Iterator[str]:
    for passage in passages:
        if passage.tokens > embedder.max_tokens:
            yield (
                f"{passage.id}: one sentence, step or row of {passage.tokens} tokens; only the "
                f"first {embedder.max_tokens} can be found by meaning"
            )


def _read_jsonl(text: str, name: str, embedder: Embedder, document: Document) -> list[Passage]:
    records, problems = read_records(text)
    document.problems += problems
    joined = [f"{r.title}\n{r.text}" if r.title else r.text for r in records]
    passages: list[Passage] = []
    for record, size in zip(records, count_all(embedder.count, joined), strict=True):
        source = citation(name, 0, record.title)
        if size <= embedder.max_tokens:
            passages.append(Passage(record.id, record.text, record.title, source, tokens=size))
        else:
            units = read_text(record.text, record.title)
            passages += _passages(units, name, embedder, repeat(record.id))
    return passages
