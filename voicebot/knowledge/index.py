"""The index on disk: whole generations beside one another, and a pointer to the current one.

::

    DIR/CURRENT            the name of the generation to read, replaced atomically
    DIR/g00000007/         passages.jsonl  one entry a line
                           vectors.npy     float32 (entries, dim), in the same order
                           answers.npz, questions.npz   posting lists of the two pools
                           sources.jsonl   the files it was made of, with their passages
                           meta.json       format, embedder name and fingerprint, counts
    DIR/pictures/          original pictures, named by content
    DIR/.lock              held by the one process that writes

A crash at any moment leaves the old generation current. The generation before the current one
is kept for readers that are just opening it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.errors import IndexMismatchError, KnowledgeError
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.lexical import Postings
from voicebot.knowledge.pool import SIGNALS, Pool
from voicebot.knowledge.sources import Source, read_sources_of, write_sources

FORMAT = 2
POINTER = "CURRENT"
PICTURES = "pictures"
_LISTS = SIGNALS[1:]


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
        both = (("answers", self.answers), ("questions", self.questions))
        return tuple((name, pool) for name, pool in both if pool is not None)

    def vectors_by_key(self) -> dict[str, Vectors]:
        """Every entry's vector under its content key: what need not be embedded again."""
        return {
            entry.key: vector
            for _, pool in self.pools
            for entry, vector in zip(pool.entries, pool.vectors, strict=True)
        }


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the write lock. Raises KnowledgeError if another process holds it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("w")
    except OSError as error:
        raise KnowledgeError(f"index: cannot write to {directory}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise KnowledgeError(
                f"index: {directory} is being written by another process; wait for it to end"
            ) from None
        yield


def save(index: Index, directory: Path, embedder: Embedder, sources: Sequence[Source] = ()) -> None:
    """Write a new generation and make it current. The caller holds `writing(directory)`.

    Raises KnowledgeError, and leaves the old generation current, if the disk does not let us.
    """
    try:
        _save(index, directory, embedder, sources)
    except OSError as error:
        raise KnowledgeError(
            f"index: cannot write to {directory}: {error.strerror}; the index there is unchanged"
        ) from None


def _save(index: Index, directory: Path, embedder: Embedder, sources: Sequence[Source]) -> None:
    old = _current(directory)
    number = int(old.name[1:]) + 1 if old else 1
    target = directory / f"g{number:08d}"
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=directory))
    try:
        write_sources(part, sources)
        _write(index, part, embedder)
        shutil.rmtree(target, ignore_errors=True)  # left by a crash before the pointer moved
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    pointer = directory / f".{POINTER}.part"
    pointer.write_text(target.name, encoding="ascii")
    with pointer.open("rb") as file:
        os.fsync(file.fileno())
    pointer.replace(directory / POINTER)
    for stale in (*directory.glob("g????????"), *directory.glob(".part-*")):
        if stale != target and stale != old:
            shutil.rmtree(stale, ignore_errors=True)
    _sweep_pictures(directory, [folder for folder in (target, old) if folder])


def _sweep_pictures(directory: Path, generations: Sequence[Path]) -> None:
    """Remove pictures that neither the new generation nor the one before it names."""
    named: set[str] = set()
    for folder in generations:
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
    folder = _current(directory)
    try:
        return read_sources_of(folder) if folder else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def contents(directory: Path) -> tuple[list[Source], list[Entry]]:
    """The files that the current generation was made of, and its entries; loads no vectors.

    Raises KnowledgeError or IndexMismatchError like `load`, but suits any embedder.
    """
    folder = _current(directory)
    if folder is None:
        raise KnowledgeError(f"index: no index in {directory}; run `voicebot kb ingest` first")
    try:
        _check_format(json.loads((folder / "meta.json").read_text(encoding="utf-8")), directory)
        return read_sources_of(folder), _read_entries(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(
            f"index: {folder} is damaged ({error}); run `voicebot kb ingest` again"
        ) from None


def load(directory: Path, embedder: Embedder) -> Index:
    """Read the current generation.

    Raises KnowledgeError if there is no readable index, IndexMismatchError if it was made with
    another embedder or in another format.
    """
    folder = _current(directory)
    if folder is None:
        raise KnowledgeError(f"index: no index in {directory}; run `voicebot kb ingest` first")
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        _check(meta, directory, embedder)
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(
            f"index: {folder} is damaged ({error}); run `voicebot kb ingest` again"
        ) from None


def _current(directory: Path) -> Path | None:
    try:
        return directory / (directory / POINTER).read_text(encoding="ascii").strip()
    except OSError:
        return None


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


def _write(index: Index, folder: Path, embedder: Embedder) -> None:
    entries = [entry for _, pool in index.pools for entry in pool.entries]
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        for entry in entries:
            file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
    vectors = [pool.vectors for _, pool in index.pools]
    np.save(folder / "vectors.npy", np.concatenate(vectors or [np.zeros((0, 0), np.float32)]))
    for name, pool in index.pools:
        arrays: dict[str, Any] = {}
        for signal, postings in zip(_LISTS, pool.postings, strict=True):
            vocabulary = "\n".join(postings.vocabulary).encode()
            arrays[f"{signal}.vocabulary"] = np.frombuffer(vocabulary, np.uint8)
            for part in ("starts", "entries", "weights", "idf"):
                arrays[f"{signal}.{part}"] = getattr(postings, part)
        np.savez(folder / f"{name}.npz", **arrays)
    meta = {
        "format": FORMAT,
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "answers": len(index.answers.entries) if index.answers else 0,
        "questions": len(index.questions.entries) if index.questions else 0,
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
    for path in folder.iterdir():
        with path.open("rb") as written:
            os.fsync(written.fileno())


def _read_entries(folder: Path) -> list[Entry]:
    with (folder / "passages.jsonl").open(encoding="utf-8") as file:
        return [_entry(json.loads(line)) for line in file]


def _read(folder: Path) -> Index:
    entries = _read_entries(folder)
    vectors = np.load(folder / "vectors.npy")
    if len(vectors) != len(entries):
        raise ValueError(f"{len(entries)} passages but {len(vectors)} vectors")
    split = sum(entry.role is Role.ANSWER for entry in entries)
    return Index(
        _read_pool(folder / "answers.npz", entries[:split], vectors[:split]),
        _read_pool(folder / "questions.npz", entries[split:], vectors[split:]),
    )


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(**{**fields, "kind": HitKind(fields["kind"]), "role": Role(fields["role"])})


def _read_pool(path: Path, entries: list[Entry], vectors: Vectors) -> Pool | None:
    if not entries:
        return None
    postings = []
    with np.load(path) as arrays:
        for signal in _LISTS:
            words = arrays[f"{signal}.vocabulary"].tobytes().decode().split("\n")
            starts, rows, weights, idf = (
                arrays[f"{signal}.{part}"] for part in ("starts", "entries", "weights", "idf")
            )
            vocabulary = {word: i for i, word in enumerate(words)} if len(idf) else {}
            postings.append(Postings(vocabulary, starts, rows, weights, idf, len(entries)))
    return Pool(entries, vectors, postings)
