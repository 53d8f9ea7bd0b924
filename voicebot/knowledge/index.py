"""The index: two pools, as generations on disk (`generations`) of mapped files (`pool_files`).

::

    DIR/g00000007/         answers/, questions/    the two pools
                           sources.jsonl   the files it was made of, with their passages
                           meta.json       format, embedder, backends, counts
    DIR/pictures/          original pictures, named by content; all generations share it
"""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from voicebot.errors import IndexMismatchError, KnowledgeError
from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.generations import current, publish, reading, writing
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.pool_files import BASE, read_entries, read_pool, write_pool, write_through
from voicebot.knowledge.sources import Source, read_sources_of, write_sources
from voicebot.knowledge.vectors.api import Progress
from voicebot.knowledge.vectors.choice import AUTO, VectorChoice, backends_in, collections_in, drop

__all__ = ["FORMAT", "PICTURES", "Index", "contents", "load", "save", "writing"]

FORMAT = 3
PICTURES = "pictures"
NAMES = ("answers", "questions")
Found = TypeVar("Found")


def _silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


class Index:
    """Two pools: entries that answer, and entries that are questions or scene triggers."""

    def __init__(self, answers: Pool | None, questions: Pool | None) -> None:
        self.answers = answers
        self.questions = questions

    @classmethod
    def build(cls, entries: Sequence[Entry], vectors: Vectors) -> Index:
        """`vectors` (len(entries), dim) in the entries' order; either pool may be empty."""
        pools: list[Pool | None] = []
        for answers in (True, False):
            rows = [i for i, entry in enumerate(entries) if (entry.role is Role.ANSWER) is answers]
            pools.append(Pool.build([entries[i] for i in rows], vectors[rows]) if rows else None)
        return cls(*pools)

    @property
    def pools(self) -> tuple[tuple[str, Pool], ...]:
        both = zip(NAMES, (self.answers, self.questions), strict=True)
        return tuple((name, pool) for name, pool in both if pool is not None)

    def vectors_by_key(self) -> dict[str, Vectors]:
        """Every entry's vector under its content key: what need not be embedded again."""
        return {entry.key: vector for _, pool in self.pools for entry, vector in pool.living()}


def save(
    index: Index,
    directory: Path,
    embedder: Embedder,
    sources: Sequence[Source] = (),
    choice: VectorChoice = AUTO,
    same_base: Collection[str] = (),
    progress: Progress = _silent,
) -> None:
    """Write a new generation and make it current. The caller holds `writing(directory)`.

    The pools named in `same_base` share the large part of the current generation. Raises
    KnowledgeError, and leaves the old generation current, if the disk does not let us.
    """
    old = current(directory)
    used = collections_in(directory)

    def write(folder: Path) -> None:
        write_sources(folder, sources)
        for name, pool in index.pools:
            base = old / name / BASE if old and name in same_base else None
            write_pool(folder / name, pool, choice, progress, base)
        meta = _meta(index, embedder, backends_in(folder))
        (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        write_through(folder)

    try:
        kept = publish(directory, write)
        _sweep_pictures(directory, kept)
    except OSError as error:
        raise KnowledgeError(
            f"index: cannot write to {directory}: {error.strerror or error}; "
            "the index there is unchanged"
        ) from None
    drop(choice, used - set().union(*(collections_in(folder) for folder in kept)))


def _meta(index: Index, embedder: Embedder, backends: list[str]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "backends": backends,
        "answers": len(index.answers) if index.answers else 0,
        "questions": len(index.questions) if index.questions else 0,
    }


def _sweep_pictures(directory: Path, kept: Sequence[Path]) -> None:
    """Remove pictures that neither the new generation nor the one before it names."""
    named: set[str] = set()
    for folder in kept:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            named |= {p.figure for source in read_sources_of(folder) for p in source.passages}
    for picture in (directory / PICTURES).glob("*"):
        if picture.name not in named:
            picture.unlink(missing_ok=True)


def pictures_folder(directory: Path) -> Path:
    """The folder of the original pictures, named by content: all generations share it.

    Raises KnowledgeError if it cannot be made.
    """
    folder = directory / PICTURES
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise KnowledgeError(f"index: cannot write to {folder}: {error.strerror}") from None
    return folder


def known_sources(directory: Path) -> list[Source]:
    """The files of the current generation; none if there is none or it is of another format."""
    try:
        return reading(directory, read_sources_of) or []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def contents(directory: Path) -> tuple[list[Source], list[Entry]]:
    """The files that the current generation was made of, and its entries; loads no vectors.

    Raises KnowledgeError or IndexMismatchError like `load`, but suits any embedder.
    """

    def read(folder: Path) -> tuple[list[Source], list[Entry]]:
        _check_format(_read_meta(folder), directory)
        pools = [folder / name for name in NAMES if (folder / name).is_dir()]
        entries = [entry for pool in pools for entry in read_entries(pool)]
        return read_sources_of(folder), entries

    return _read(directory, read)


def load(directory: Path, embedder: Embedder, choice: VectorChoice = AUTO) -> Index:
    """Open the current generation; `choice` says where a vector server is.

    Raises KnowledgeError if there is no readable index, IndexMismatchError if it was made with
    another embedder or in another format.
    """

    def read(folder: Path) -> Index:
        meta = _read_meta(folder)
        _check(meta, directory, embedder)
        pools = {name: read_pool(folder / name, choice) for name in NAMES if meta[name]}
        for name, pool in pools.items():
            if len(pool) != meta[name]:
                raise ValueError(f"{len(pool)} {name}, not {meta[name]}")
        return Index(pools.get("answers"), pools.get("questions"))

    return _read(directory, read)


def _read(directory: Path, read: Callable[[Path], Found]) -> Found:
    try:
        found = reading(directory, read)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise KnowledgeError(
            f"index: {current(directory)} is damaged ({error}); run `voicebot kb ingest` again"
        ) from None
    if found is None:
        raise KnowledgeError(f"index: no index in {directory}; run `voicebot kb ingest` first")
    return found


def _read_meta(folder: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return meta


def _check_format(meta: dict[str, Any], directory: Path) -> None:
    if meta["format"] != FORMAT:
        raise IndexMismatchError(
            f"index: {directory} has format {meta['format']}, this version reads {FORMAT}; "
            "run `voicebot kb ingest` again"
        )


def _check(meta: dict[str, Any], directory: Path, embedder: Embedder) -> None:
    _check_format(meta, directory)
    theirs, ours = (meta["embedder"], meta["fingerprint"]), (embedder.name, embedder.fingerprint)
    if theirs[1] != ours[1]:
        raise IndexMismatchError(
            f"index: {directory} was built with embedder {theirs[0]} ({theirs[1][:12]}), "
            f"but {ours[0]} ({ours[1][:12]}) is loaded; "
            "run `voicebot kb ingest` again or name that embedder in knowledge.embedder"
        )
