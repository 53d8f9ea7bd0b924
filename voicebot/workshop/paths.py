"""Which files of a pack people may edit here, and the way to one that cannot leave the pack."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from voicebot.errors import PackError

FOLDERS = ("scenes", "faq", "prompts")
FILES = (
    "pack.toml", "prompts.yaml", "lexicon.yaml", "reading.yaml", "labels.yaml", "slots.yaml",
    "answers.yaml",
)  # fmt: skip
_NAME = re.compile(r"[\w一-鿿][\w一-鿿 .()（）-]{0,99}")
_MOST_CHARS = 240
_SHOWN = 60
BUILT_IN = Path(__file__).parent.parent / "packs"


def checked_path(path: str) -> str:
    """`path` inside the pack, in its one spelling (``scenes/disk.yaml``).

    Raises PackError unless it names one of FILES or a ``.yaml`` file of one of FOLDERS.
    """
    parts = path.split("/")
    whole = len(path) <= _MOST_CHARS and all(
        _NAME.fullmatch(part) and not part.endswith((".", " ")) for part in parts
    )
    if whole and (path in FILES or (parts[0] in FOLDERS and len(parts) > 1 and _yaml(path))):
        return path
    raise PackError(
        f"expected one of {', '.join(FILES)}, or a .yaml file in {', '.join(FOLDERS)}; "
        f"got {path[:_SHOWN]!r}"
    )


def editable_files(root: Path) -> tuple[str, ...]:
    """The editable files that are there, sorted. Links are passed over."""
    found = [name for name in FILES if _plain(root / name)]
    for folder in FOLDERS:
        top = root / folder
        if top.is_dir() and not top.is_symlink():
            shown = (path.relative_to(root).as_posix() for path in top.rglob("*") if _plain(path))
            found += [path for path in shown if _yaml(path) and not _hidden(path)]
    return tuple(sorted(found))


def inside(root: Path, path: str) -> Path:
    """Where `path` is. Raises PackError if it is not an editable one, or a link leads out."""
    place = root / checked_path(path)
    if place.is_symlink() or not place.resolve().is_relative_to(root.resolve()):
        raise PackError(f"{path}: expected a file of the pack itself, got a link")
    if place.exists() and not place.is_file():
        raise PackError(f"{path}: expected a file, got a folder")
    return place


def is_built_in(root: Path) -> bool:
    """Whether the pack came with voicebot."""
    return root.resolve().is_relative_to(BUILT_IN.resolve())


def _yaml(path: str) -> bool:
    return PurePosixPath(path).suffix == ".yaml"


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
