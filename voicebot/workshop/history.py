"""The versions of a pack, kept beside it: who changed what, when and why, and how it was before.

::

    .NAME.versions/000007/version.json    number, time, who, why, which files
    .NAME.versions/000007/files/…         the editable files as they were then
    .NAME.versions/.part                  the version that is being made; see `settle`
    .NAME.versions/.lock                  held by the one who publishes; says who

A version is written before its pack goes live and gets its number after. So a crash between the
two leaves a ``.part`` of which the live pack tells whether it counts.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from voicebot.errors import PackError
from voicebot.workshop.tree import fingerprint, stamp, sync_folder, write_whole

WAIT_S = 30.0  # for another to be done; checks of a large pack take seconds
_POLL_S = 0.05
_META = "version.json"
_FILES = "files"
_PART = ".part"
_NUMBERED = "[0-9]" * 6
_SHOWN = 40


@dataclass(frozen=True)
class Version:
    """One state of the pack. `paths` are the files that it changed, `tree` its fingerprint; `at`
    is UTC. A state that nobody published here has an empty `by`."""

    number: int
    at: datetime
    by: str
    why: str
    paths: tuple[str, ...]
    tree: str


class History:
    """The versions of the pack at `root`. Every method raises PackError."""

    def __init__(self, root: Path) -> None:
        self._folder = root.with_name(f".{root.name}.versions")

    @contextlib.contextmanager
    def locked(self, who: str, wait_s: float = WAIT_S) -> Iterator[None]:
        """Be the only one to publish; others wait for their turn up to `wait_s`."""
        try:
            self._folder.mkdir(exist_ok=True)
            lock = (self._folder / ".lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise PackError(
                f"{self._folder}: versions cannot be kept here: {error.strerror}"
            ) from None
        with lock:
            deadline = time.monotonic() + wait_s
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() >= deadline:
                        lock.seek(0)
                        holder = lock.read(100).strip() or "somebody"
                        raise PackError(
                            f"{holder} is publishing this pack; try again when that is done"
                        ) from None
                    time.sleep(_POLL_S)
            with contextlib.suppress(OSError):
                lock.truncate(0)
                lock.write(who[:_SHOWN])
                lock.flush()
            yield

    def newest_published(self) -> int:
        """The number of the newest version that somebody published, 0 where there is none."""
        for folder in sorted(self._folder.glob(_NUMBERED), reverse=True):
            if _read(folder).by:
                return int(folder.name)
        return 0

    def versions(self) -> tuple[Version, ...]:
        """All versions, newest first."""
        return tuple(_read(each) for each in sorted(self._folder.glob(_NUMBERED), reverse=True))

    def version(self, number: int) -> Version:
        """The version of this number."""
        found = next((each for each in self.versions() if each.number == number), None)
        if found is None:
            known = ", ".join(str(each.number) for each in self.versions()[:8]) or "none yet"
            raise PackError(f"expected the number of a kept version ({known}), got {number}")
        return found

    def files(self, number: int) -> dict[str, bytes]:
        """The editable files as they were in this version. One that was damaged is refused."""
        version = self.version(number)
        top = self._folder / f"{number:06d}" / _FILES
        try:
            found = {
                path.relative_to(top).as_posix(): path.read_bytes()
                for path in top.rglob("*")
                if path.is_file()
            }
        except OSError as error:
            raise PackError(f"version {number}: cannot be read: {error.strerror}") from None
        if fingerprint(found) != version.tree:
            raise PackError(f"version {number}: {top} is not as it was kept; choose another one")
        return found

    def diff(self, number: int) -> str:
        """What this version changed, as a unified diff; of the first one, nothing."""
        older = [each.number for each in self.versions() if each.number < number]
        return diff_files(self.files(older[0]), self.files(number)) if older else ""

    def last_change(self, path: str) -> Version | None:
        """The newest version that changed this file."""
        return next((each for each in self.versions() if path in each.paths), None)

    # --- for the one who holds the lock -----------------------------------------------------
    def settle(self, live: Mapping[str, bytes]) -> None:
        """Decide about a ``.part`` that a crash left: it counts if the live pack is that one."""
        part = self._folder / _PART
        if not part.exists():
            return
        try:
            fields = json.loads((part / _META).read_text(encoding="utf-8"))
            if fields["tree"] == fingerprint(live):
                part.rename(self._folder / f"{int(fields['number']):06d}")
                return
        except (OSError, ValueError, KeyError, TypeError):  # it was not written to its end
            pass
        shutil.rmtree(part, ignore_errors=True)

    def keep_outside_changes(self, live: Mapping[str, bytes]) -> None:
        """Keep the live pack as a version if it is none: the first one, or edited by hand."""
        newest = next(iter(self.versions()), None)
        if newest is not None and newest.tree == fingerprint(live):
            return
        why = "changed outside of the workshop" if newest else "as it was"
        self.prepare(live, "", why)
        self.finish()

    def prepare(self, files: Mapping[str, bytes], by: str, why: str) -> Version:
        """Write what is to become the next version; `finish` gives it its number."""
        newest = next(iter(self.versions()), None)
        before = self.files(newest.number) if newest else {}
        paths = sorted(p for p in {*before, *files} if stamp(before.get(p)) != stamp(files.get(p)))
        version = Version(
            number=newest.number + 1 if newest else 1,
            at=datetime.now(UTC),
            by=by,
            why=why,
            paths=tuple(paths) if newest else (),
            tree=fingerprint(files),
        )
        part = self._folder / _PART
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            old = self._folder / f"{newest.number:06d}" / _FILES if newest else None
            for path, content in files.items():
                if old is not None and path in before and path not in paths:
                    _link(old / path, part / _FILES / path)
                else:
                    write_whole(part / _FILES / path, content)
            fields = {**asdict(version), "at": version.at.isoformat()}
            text = json.dumps(fields, ensure_ascii=False, indent=1)
            write_whole(part / _META, text.encode())
            sync_folder(part)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise PackError(f"{part}: the version cannot be kept: {error.strerror}") from None
        return version

    def finish(self) -> Version:
        """The prepared version is live."""
        part = self._folder / _PART
        fields = json.loads((part / _META).read_text(encoding="utf-8"))
        part.rename(self._folder / f"{int(fields['number']):06d}")
        sync_folder(self._folder)
        return self.version(int(fields["number"]))


def _read(folder: Path) -> Version:
    try:
        fields = json.loads((folder / _META).read_text(encoding="utf-8"))
        fields["at"] = datetime.fromisoformat(fields["at"])
        fields["paths"] = tuple(fields["paths"])
        return Version(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        raise PackError(
            f"{folder / _META}: cannot be read; restore it or remove {folder}"
        ) from None


def diff_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """A unified diff of all files that differ."""
    pieces: list[str] = []
    for path in sorted({*old, *new}):
        one, other = old.get(path), new.get(path)
        if one == other:
            continue
        pieces += difflib.unified_diff(
            _lines(one),
            _lines(other),
            path if one is not None else "/dev/null",
            path if other is not None else "/dev/null",
        )
    return "".join(pieces)


def _lines(content: bytes | None) -> list[str]:
    lines = (content or b"").decode("utf-8", "replace").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
