"""A rendered clause as a file: a short header that tells a whole one from a torn one, and samples.

``VBC1``, the number of samples, their CRC-32, then little-endian int16 mono at the line's rate.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np

from voicebot.speech.api import LINE_RATE, Pcm

_HEADER = struct.Struct("<4sII")
_MAGIC = b"VBC1"
_MOST_BYTES = _HEADER.size + 2 * LINE_RATE * 600  # ten minutes: no clause is as long
WRITING = ".writing-"


def packed(pcm: Pcm) -> bytes:
    """The file's bytes for int16 samples, shape (n,)."""
    samples = pcm.astype("<i2").tobytes()
    return _HEADER.pack(_MAGIC, len(pcm), zlib.crc32(samples)) + samples


def unpacked(data: bytes) -> Pcm | None:
    """The samples, or None for what is torn or something else."""
    if len(data) < _HEADER.size:
        return None
    magic, count, checksum = _HEADER.unpack_from(data)
    samples = data[_HEADER.size :]
    if magic != _MAGIC or len(samples) != 2 * count or zlib.crc32(samples) != checksum:
        return None
    return np.frombuffer(samples, "<i2").astype(np.int16)


def read(path: Path) -> Pcm | None:
    """The samples of a file; None if it is not there, not whole, or no plain file of ours."""
    data = read_plain(path, _MOST_BYTES)
    return None if data is None else unpacked(data)


def read_plain(path: Path, most_bytes: int) -> bytes | None:
    """The bytes of a plain file that is not too long; else None.

    Never blocks on what lies in its place (a pipe, a device, a link to somewhere).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError), os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size <= most_bytes:
            return file.read(most_bytes)
    return None


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the place and move in, so that readers see all of it or nothing.

    Raises OSError, and leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=WRITING)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
