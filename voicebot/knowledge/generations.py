"""Whole generations beside one another, and a pointer to the current one that is swapped.

::

    DIR/CURRENT            the name of the generation to read, replaced atomically
    DIR/g00000007/         a generation, never changed once it is named
    DIR/.part-…/           one being written
    DIR/.lock              held by the one process that writes; says who

Whenever a writer dies, CURRENT names a whole generation. The one before it is kept for readers
that are just opening it; what a reader has mapped stays readable even when it is swept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from voicebot.errors import KnowledgeError

POINTER = "CURRENT"
_ATTEMPTS = 3
Found = TypeVar("Found")


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the write lock. Raises KnowledgeError, with the holder's name, if it is taken."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("a+")
    except OSError as error:
        raise KnowledgeError(f"index: cannot write to {directory}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read(200).strip() or "unknown"
            raise KnowledgeError(
                f"index: {directory} is being written by another process ({holder}); "
                "wait for it to end"
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name too
            lock.truncate(0)
            lock.write(f"pid {os.getpid()} on {socket.gethostname()}")
            lock.flush()
        yield


def current(directory: Path) -> Path | None:
    """The folder of the current generation; None if there is none."""
    try:
        return directory / (directory / POINTER).read_text(encoding="ascii").strip()
    except OSError:
        return None


def stamp(directory: Path) -> tuple[int, int]:
    """Changes whenever another generation becomes current; costs one look at a file."""
    try:
        found = (directory / POINTER).stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def reading(directory: Path, read: Callable[[Path], Found]) -> Found | None:
    """What `read` makes of the current generation; None if there is none.

    Should the generation be swept while it is being opened, the then current one is read.
    """
    for attempt in range(_ATTEMPTS):
        folder = current(directory)
        if folder is None:
            return None
        try:
            return read(folder)
        except FileNotFoundError:
            if attempt + 1 == _ATTEMPTS or current(directory) == folder:
                raise
    return None


def publish(directory: Path, write: Callable[[Path], None]) -> list[Path]:
    """Let `write` fill a new folder, and make it the current generation.

    The caller holds `writing(directory)`. Returns the generations that are kept, the new one
    first. Raises what `write` raises, and OSError; the old generation is then still current.
    """
    old = current(directory)
    number = int(old.name[1:]) + 1 if old else 1
    target = directory / f"g{number:08d}"
    _sweep(directory, [old] if old else [])  # what a crash left: it may be what fills the disk
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=directory))
    try:
        write(part)
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    try:
        _point(directory, target.name)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    kept = [folder for folder in (target, old) if folder]
    _sweep(directory, kept)
    return kept


def _point(directory: Path, name: str) -> None:
    pointer = directory / f".{POINTER}.part"
    with pointer.open("w", encoding="ascii") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(directory / POINTER)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(directory: Path, kept: list[Path]) -> None:
    for stale in (*directory.glob("g????????"), *directory.glob(".part-*")):
        if stale not in kept:
            shutil.rmtree(stale, ignore_errors=True)
