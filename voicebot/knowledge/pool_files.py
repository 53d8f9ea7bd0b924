"""A pool as files that are mapped, not read: all processes of a machine share their pages.

::

    POOL/pool.npz         mean, covariance, each row's log_parts, deleted rows
    POOL/base/            the large part
    POOL/delta/           what was added since, if anything

A part is ``entries.jsonl`` with ``entries.npy`` (line starts), ``vectors.npy`` (rows, dim), the
posting lists ``SIGNAL.*.npy``, ``labels.npz``, and what its vector backend wrote.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voicebot.knowledge.arrays import map_array, save_array
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entries_file import EntriesFile, write_entries
from voicebot.knowledge.entry import Entry
from voicebot.knowledge.lexical import Postings
from voicebot.knowledge.pool import SIGNALS, Moments, Part, Pool, labels_of
from voicebot.knowledge.vectors.api import Progress
from voicebot.knowledge.vectors.choice import FLAT, VectorChoice, build_vectors, open_vectors
from voicebot.knowledge.vectors.labels import Labels
from voicebot.knowledge.vocabulary import MappedVocabulary, table, terms_of

BASE = "base"
DELTA = "delta"
_LISTS = SIGNALS[1:]
_ARRAYS = ("starts", "entries", "weights", "idf")


def write_pool(
    folder: Path, pool: Pool, choice: VectorChoice, progress: Progress, base: Path | None = None
) -> None:
    """Write `pool` into the new `folder`. With `base`, its first part is taken from there.

    Raises OSError; VectorsUnavailableError where a vector server does not answer.
    """
    folder.mkdir()
    for part, name in zip(pool.parts, (BASE, DELTA), strict=False):
        if name == BASE and base is not None:
            _link(base, folder / BASE)
        else:
            _write_part(folder / name, part, choice if name == BASE else FLAT, progress)
    with (folder / "pool.npz").open("wb") as file:
        np.savez(
            file,
            mean=pool.moments.mean,
            covariance=pool.moments.covariance,
            log_parts=pool.log_parts,
            deleted=pool.deleted,
        )


def read_pool(folder: Path, choice: VectorChoice) -> Pool:
    """Raises OSError, ValueError, KeyError for what is not whole; KnowledgeError where the
    settings of its vector server are missing."""
    with np.load(folder / "pool.npz") as arrays:
        moments = Moments(arrays["mean"], arrays["covariance"])
        log_parts, deleted = arrays["log_parts"], arrays["deleted"]
    parts = [_read_part(folder / BASE, choice)]
    if (folder / DELTA).is_dir():
        parts.append(_read_part(folder / DELTA, choice))
    if sum(len(part.entries) for part in parts) != len(log_parts):
        raise ValueError(f"{folder.name}: the parts do not have {len(log_parts)} entries")
    parts[0].nearest.delete(deleted[deleted < len(parts[0].entries)].tolist())
    return Pool(parts, moments, log_parts, deleted)


def read_entries(folder: Path) -> list[Entry]:
    """The entries of a pool that can be found, without anything else of it."""
    with np.load(folder / "pool.npz") as arrays:
        deleted = frozenset(arrays["deleted"].tolist())
    folders = [folder / name for name in (BASE, DELTA) if (folder / name).is_dir()]
    every = [entry for part in folders for entry in EntriesFile(part)]
    return [entry for row, entry in enumerate(every) if row not in deleted]


def write_through(folder: Path) -> None:
    """Wait until everything below `folder` is on the disk."""
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_part(folder: Path, part: Part, choice: VectorChoice, progress: Progress) -> None:
    folder.mkdir()
    write_entries(folder, part.entries)
    save_array(folder / "vectors.npy", part.vectors)
    labels = labels_of(part.entries)
    labels.save(folder / "labels.npz")
    for signal, postings in zip(_LISTS, part.postings, strict=True):
        for name in _ARRAYS:
            save_array(folder / f"{signal}.{name}.npy", getattr(postings, name))
        hashes, columns = table(terms_of(postings.vocabulary).items())
        save_array(folder / f"{signal}.hashes.npy", hashes)
        save_array(folder / f"{signal}.columns.npy", columns)
    build_vectors(folder, part.vectors, labels, choice, progress)


def _read_part(folder: Path, choice: VectorChoice) -> Part:
    entries: Sequence[Entry] = EntriesFile(folder)
    vectors: Vectors = map_array(folder / "vectors.npy")
    if len(vectors) != len(entries):
        raise ValueError(f"{len(entries)} passages but {len(vectors)} vectors")
    labels = Labels.load(folder / "labels.npz")
    postings = tuple(_read_postings(folder, signal, len(entries)) for signal in _LISTS)
    return Part(entries, vectors, postings, open_vectors(folder, vectors, labels, choice))


def _read_postings(folder: Path, signal: str, size: int) -> Postings:
    hashes, columns, starts, entries, weights, idf = (
        map_array(folder / f"{signal}.{name}.npy") for name in ("hashes", "columns", *_ARRAYS)
    )
    vocabulary = MappedVocabulary(hashes, columns)
    if len(starts) != len(idf) + 1 or starts[-1] != len(entries) != len(weights):
        raise ValueError(f"{folder.name}/{signal}: posting lists are not whole")
    return Postings(vocabulary, starts, entries, weights, idf, size)


def _link(source: Path, target: Path) -> None:
    """The same files under another name; copies where the file system knows no links."""
    target.mkdir()
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copyfile(path, target / path.name)
