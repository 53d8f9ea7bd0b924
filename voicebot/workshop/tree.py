"""A pack's folder as a whole: its fingerprint, another one beside it, and the swap of the two."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from voicebot.errors import PackError
from voicebot.workshop.paths import editable_files

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2): two names change places, and nobody sees neither
_NOT_KNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_RESULT = {
    errno.EBUSY: "it is mounted by itself; mount the folder above it",
    errno.EXDEV: "it lies on another file system than the folder above it; move it",
    errno.EACCES: "the folder above it may not be written; let this user write there",
    errno.EPERM: "the folder above it may not be written; let this user write there",
    errno.EROFS: "it is on a read-only file system",
}


def read_files(root: Path) -> dict[str, bytes]:
    """The content of all editable files, by path. Raises PackError."""
    try:
        return {path: (root / path).read_bytes() for path in editable_files(root)}
    except OSError as error:
        raise PackError(f"{error.filename}: cannot be read: {error.strerror}") from None


def stamp(content: bytes | None) -> str:
    """Equal for equal content; "" for a file that is not there."""
    return "" if content is None else hashlib.sha256(content).hexdigest()[:32]


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Equal for packs whose editable files are equal."""
    lines = [f"{path}\0{stamp(content)}\n" for path, content in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:32]


def part_prefix(root: Path) -> str:
    """How folders begin that are being made beside the pack."""
    return f".{root.name}.part-"


@contextlib.contextmanager
def twin(root: Path, changes: Mapping[str, bytes | None]) -> Iterator[Path]:
    """A new folder beside the pack that is like it but for `changes` (None: the file goes).

    What is the same is the same file (a hard link; a copy where there can be none). The folder,
    and whatever it holds by then, is removed at the end. Raises PackError.
    """
    try:
        part = Path(tempfile.mkdtemp(prefix=part_prefix(root), dir=root.parent))
    except OSError as error:
        raise _refused(root, error) from None
    try:
        try:
            _fill(root, part, changes)
        except OSError as error:
            raise _refused(root, error) from None
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def swap(part: Path, root: Path) -> None:
    """Let the two folders change places. A crash leaves the one or the other under `root`.

    Where the system cannot exchange names there are three renames; a crash between them is mended
    by `mend`. Raises PackError; nothing has changed then.
    """
    try:
        if not _exchange(part, root):
            before = _before(root)
            root.rename(before)
            try:
                part.rename(root)
            except OSError:
                before.rename(root)
                raise
            before.rename(part)
    except OSError as error:
        raise _refused(root, error) from None
    sync_folder(root.parent)


def mend(root: Path) -> None:
    """Undo what a crash between two renames left, and sweep unfinished folders away."""
    before = _before(root)
    if before.is_dir():
        if root.exists():
            shutil.rmtree(before, ignore_errors=True)
        else:
            before.rename(root)
    for stale in root.parent.glob(part_prefix(root) + "*"):
        shutil.rmtree(stale, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a new file through to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Let what was made or renamed in it outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _before(root: Path) -> Path:
    return root.with_name(f".{root.name}.before")


def _fill(root: Path, part: Path, changes: Mapping[str, bytes | None]) -> None:
    def same(source: str, target: str) -> str:
        if Path(source).relative_to(root).as_posix() in changes:
            return target
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, target, follow_symlinks=False)
        return target

    shutil.copytree(root, part, symlinks=True, copy_function=same, dirs_exist_ok=True)
    for path, content in changes.items():
        if content is not None:
            write_whole(part / path, content)
            if (root / path).exists():
                shutil.copymode(root / path, part / path)
    for folder in {part, *((part / path).parent for path in changes)}:
        if folder.is_dir():
            sync_folder(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names; False where the system does not know how. Raises OSError."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # not Linux, or a C library of before 2018
        return False
    names = (os.fsencode(one), os.fsencode(other))
    if rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_KNOWN:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _refused(root: Path, error: OSError) -> PackError:
    why = _RESULT.get(error.errno or 0, error.strerror or str(error))
    return PackError(f"{root}: cannot be replaced: {why}; nothing was changed")
