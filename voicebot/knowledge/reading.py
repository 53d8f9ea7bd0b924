"""All the files of a build: unchanged ones from the last index, the others read anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.entry import Passage
from voicebot.knowledge.index import pictures_folder
from voicebot.knowledge.ingest import ReaderProcess, find_files, read_file
from voicebot.knowledge.ingest.ocr import Ocr
from voicebot.knowledge.sources import Source, digest_of

Progress = Callable[[str, int, int], None]  # stage ("read", "page" or "embed"), done, total


def read_documents(
    documents: Iterable[Path],
    embedder: Embedder,
    known: Sequence[Source],
    index_dir: Path,
    progress: Progress,
) -> list[Source]:
    """A source for each file under `documents`, in a stable order; `known` are those of before.

    Figures are written to the pictures of `index_dir`; what lies in there is no document.
    Raises KnowledgeError if they cannot be written.
    """
    pictures = pictures_folder(index_dir)
    own = index_dir.resolve()
    files = [
        (path, name)
        for path, name in find_files(documents)
        if not path.absolute().is_relative_to(own)
    ]
    unchanged = {(source.name, source.digest): source for source in known if source.digest}
    ocr = Ocr().available
    found: list[Source] = []
    with ReaderProcess(pictures) as reader:
        for done, (path, name) in enumerate(files):
            progress("read", done, len(files))
            digest = digest_of(path, embedder.fingerprint, ocr)
            source = unchanged.get((name, digest))
            if source and _has_pictures(source, pictures):
                found.append(replace(source, report=replace(source.report, path=str(path))))
                continue
            passages, report = read_file(
                path, name, embedder, reader, lambda at, total: progress("page", at, total)
            )
            # What gave nothing is tried again next time: it may have been out of time or of room.
            found.append(Source(name, digest if passages else "", report, tuple(passages)))
    progress("read", len(files), len(files))
    return found


def _has_pictures(source: Source, pictures: Path) -> bool:
    return all((pictures / p.figure).is_file() for p in source.passages if p.figure)


def without_clashes(sources: Iterable[Source]) -> tuple[list[Source], list[Passage]]:
    """Reports that name ids used by an earlier file, and all the passages but those."""
    owners: dict[str, str] = {}
    reported: list[Source] = []
    passages: list[Passage] = []
    for source in sources:
        for passage in source.passages:
            owners.setdefault(passage.id, source.name)
        kept = tuple(p for p in source.passages if owners[p.id] == source.name)
        taken = sorted({p.id for p in source.passages} - {p.id for p in kept})
        clashes = tuple(f"id {i!r} is already used in {owners[i]}; skipped" for i in taken)
        report = source.report
        report = replace(report, passages=len(kept), problems=report.problems + clashes)
        reported.append(replace(source, report=report))
        passages += kept
    return reported, passages
