"""Speech that was rendered before: on disk for all processes, the latest also in memory."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog

from voicebot.speech import clause_file, needed
from voicebot.speech.api import Pcm

log = structlog.get_logger(__name__)

_ENTRY = re.compile(r"[0-9a-f]{64}\.(?:clause|s16)")  # .s16: of an earlier format, never read
CLAIM = ".claim"
_SWEEP_EVERY_BYTES = 8 * 1024 * 1024
_SWEEP_DOWN_TO = 0.9
_MEMORY_BYTES = 64 * 1024 * 1024  # about 70 minutes of speech
_LOOK_AGAIN_S = 0.05


class SpeechCache:
    """A bounded folder of rendered clauses, keyed by voice fingerprint and text.

    Safe for threads and for several processes on one folder: a file is written beside its place
    and moved in; a reader sees all of it or nothing. The oldest by last use go first when the
    folder outgrows `max_mb`; what a pack `needs` goes after all that nobody does. A disk that
    cannot be read or written is a cache that holds nothing, never an error in a call.
    """

    def __init__(
        self, folder: Path, *, max_mb: int = 512, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self.max_bytes = max_mb * 1024 * 1024
        self._clock = clock
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._memory_bytes = 0
        self._complained: set[str] = set()
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
        pcm = clause_file.read(path)
        if pcm is None:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # now the most recently used, for every process
        self._remember(key, pcm)
        return pcm

    def put(self, fingerprint: str, text: str, pcm: Pcm) -> None:
        """Keep audio, int16, shape (n,)."""
        key = cache_key(fingerprint, text)
        self._remember(key, pcm.copy())
        data = clause_file.packed(pcm)
        try:
            clause_file.write_atomically(self._path(key), data)
        except OSError as error:
            self._complain("speech is not kept", reason=error.strerror, folder=str(self.folder))
            return
        with self._lock:
            self._written_bytes += len(data)
            due = self._written_bytes >= min(_SWEEP_EVERY_BYTES, self.max_bytes // 10)
            if due:
                self._written_bytes = 0
        if due:
            self.sweep()

    def needs(self, name: str, clauses: Iterable[tuple[str, str]]) -> None:
        """Clauses, (fingerprint, text), that `name` (a pack) will say: kept longer than what is
        said by chance.

        Replaces what it needed before. Forgotten a month after it was last told.
        """
        keys = [cache_key(fingerprint, text) for fingerprint, text in clauses]
        with contextlib.suppress(OSError):
            needed.write(self.folder, name, keys)

    @contextlib.contextmanager
    def claim(
        self, fingerprint: str, text: str, *, wait_s: float, stop: threading.Event | None = None
    ) -> Iterator[None]:
        """Hold the right to render a clause, so that no other process does so meanwhile.

        Waits for `wait_s` at most, or until `stop` is set, then goes ahead all the same: look
        whether it has been rendered. A process that dies lets go; a folder that takes no files lets
        everybody pass.
        """
        path = self._path(cache_key(fingerprint, text)).with_suffix(CLAIM)
        descriptor = _opened(path)
        try:
            if descriptor is not None:
                _lock(descriptor, wait_s, stop or threading.Event())
            yield
        finally:
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    path.unlink()  # still locked: who waits for it finds the clause
                os.close(descriptor)

    def sweep(self) -> int:
        """Delete until the folder fits, what nobody needs first; return the bytes kept."""
        wanted = needed.read(self.folder, self._clock())
        files = []
        for path in self._files():
            with contextlib.suppress(OSError):  # another process may delete it meanwhile
                status = path.lstat()
                files.append((path.stem in wanted, status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, _, size, _ in files)
        if total <= self.max_bytes:
            return total
        for is_needed, _, size, path in sorted(files):
            if total <= self.max_bytes * _SWEEP_DOWN_TO:
                break
            if is_needed:
                if total <= self.max_bytes:
                    break
                self._complain("speech.cache_mb is too small for what the packs need")
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
        return total

    def size_bytes(self) -> int:
        """What the folder holds now."""
        total = 0
        for path in self._files():
            with contextlib.suppress(OSError):
                total += path.lstat().st_size
        return total

    def _files(self) -> Iterator[Path]:
        """Our entries, and what a process that died while writing has left; nothing else."""
        try:
            for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
                if _ENTRY.fullmatch(path.name) or self._abandoned(path):
                    yield path
        except OSError:
            return

    def _abandoned(self, path: Path) -> bool:
        if not (path.name.startswith(clause_file.WRITING) or path.suffix == CLAIM):
            return False
        with contextlib.suppress(OSError):
            return self._clock() - path.lstat().st_mtime > 3600
        return False

    def _complain(self, what: str, **details: object) -> None:
        """Once: a full disk would fill the log too."""
        if what not in self._complained:
            self._complained.add(what)
            log.warning(what, **details)

    def _remember(self, key: str, pcm: Pcm) -> None:
        pcm.flags.writeable = False
        with self._lock:
            before = self._memory.pop(key, None)
            self._memory[key] = pcm
            self._memory_bytes += pcm.nbytes - (0 if before is None else before.nbytes)
            while self._memory_bytes > _MEMORY_BYTES and len(self._memory) > 1:
                self._memory_bytes -= self._memory.popitem(last=False)[1].nbytes

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.clause"


def cache_key(fingerprint: str, text: str) -> str:
    """sha256 over the voice's fingerprint (weights, voice, speed, front end) and the text."""
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).hexdigest()


def _opened(path: Path) -> int | None:
    """A lock file that was opened or made; None where none can be."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)
    except OSError:
        return None


def _lock(descriptor: int, wait_s: float, stop: threading.Event) -> None:
    """Lock an open file, unless somebody else holds it for all of `wait_s`."""
    give_up_s = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up_s or stop.wait(_LOOK_AGAIN_S):
                return
        except OSError:  # a file system without locks
            return
        else:
            return
