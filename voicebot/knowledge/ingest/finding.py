"""Which files a person meant, each under a short name that no other has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def find_files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every file under the paths with a short name that no other has, in a stable order.

    The name is relative to the path given, with parent folders put before it only where two
    would be the same. Hidden files and office programs' lock files (``~$…``) are left out;
    links to folders are not followed, so that a loop of links ends. A path that does not exist
    is yielded as it is. A file named twice is yielded once.
    """
    names: dict[str, Path] = {}
    for path in paths:
        for found in sorted(path.rglob("*")) if path.is_dir() else [path]:
            relative = found.relative_to(path) if found != path else Path(path.name)
            hidden = any(part.startswith((".", "~$")) for part in relative.parts)
            if found != path and (hidden or not found.is_file()):
                continue
            real = _resolved(found)
            name, parents = relative.as_posix(), list(real.parts[: -len(relative.parts)])
            while name in names and names[name] != real and parents:
                name = f"{parents.pop()}/{name}"
            if name not in names:
                names[name] = real
                yield found, name


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself: RuntimeError before Python 3.13
        return path.absolute()
