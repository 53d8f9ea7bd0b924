"""Speech that was rendered before: on disk for all processes, the latest also in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np

from voicebot.speech.api import Pcm

_SUFFIX = ".s16"  # raw little-endian int16 mono at the line's rate
_SWEEP_EVERY_BYTES = 8 * 1024 * 1024
_SWEEP_DOWN_TO = 0.9
_MEMORY_ENTRIES = 512


class SpeechCache:
    """A bounded folder of rendered clauses, keyed by voice fingerprint and text.

    Safe for threads and for several processes on one folder: a file is written beside its place
    and moved in; a reader sees all of it or nothing. The oldest by last use go first when the
    folder outgrows `max_mb`. A disk that cannot be read or written is a cache that holds
    nothing, never an error in a call.
    """

    def __init__(self, folder: Path, *, max_mb: int = 512) -> None:
        self._folder = folder
        self._max_bytes = max_mb * 1024 * 1024
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._lock = threading.Lock()
        self._written_bytes = _SWEEP_EVERY_BYTES  # the first write sweeps: we know nothing yet

    def get(self, fingerprint: str, text: str) -> Pcm | None:
        """Return the audio, int16, shape (n,), read-only; None if it is not here."""
        key = cache_key(fingerprint, text)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)  # now the most recently used, for every process
        except OSError:
            return None
        if len(data) % 2:
            return None
        pcm = np.frombuffer(data, "<i2").astype(np.int16)
        self._remember(key, pcm)
        return pcm

    def put(self, fingerprint: str, text: str, pcm: Pcm) -> None:
        """Keep audio, int16, shape (n,)."""
        key = cache_key(fingerprint, text)
        self._remember(key, pcm.copy())
        path = self._path(key)
        data = pcm.astype("<i2").tobytes()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(path, data)
        except OSError:
            return
        with self._lock:
            self._written_bytes += len(data)
            due = self._written_bytes >= min(_SWEEP_EVERY_BYTES, self._max_bytes // 10)
            if due:
                self._written_bytes = 0
        if due:
            self.sweep()

    def sweep(self) -> int:
        """Delete the least recently used files until the folder fits; return the bytes kept."""
        files = []
        for path in self._folder.glob(f"*/*{_SUFFIX}"):
            with contextlib.suppress(OSError):  # another process may delete it meanwhile
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self._max_bytes:
            return total
        for _, size, path in sorted(files):
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
            if total <= self._max_bytes * _SWEEP_DOWN_TO:
                break
        return total

    def _remember(self, key: str, pcm: Pcm) -> None:
        pcm.flags.writeable = False
        with self._lock:
            self._memory[key] = pcm
            self._memory.move_to_end(key)
            while len(self._memory) > _MEMORY_ENTRIES:
                self._memory.popitem(last=False)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / (key + _SUFFIX)


def cache_key(fingerprint: str, text: str) -> str:
    """sha256 over the voice's fingerprint (weights, voice, speed, front end) and the text."""
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).hexdigest()


def _write_atomically(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
