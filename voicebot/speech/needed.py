"""Lists of the clauses that packs need, beside the clauses: a file a pack, for every process."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from voicebot.speech.clause_file import read_plain, write_atomically

KEPT_S = 30 * 24 * 3600.0  # a pack that nobody has started for a month needs nothing
_KEY = re.compile(rb"[0-9a-f]{64}")
_MOST_LISTS = 64
_MOST_BYTES = 4 * 1024 * 1024


def write(folder: Path, name: str, keys: Iterable[str]) -> None:
    """Replace the list of `name`. Raises OSError."""
    place = hashlib.sha256(name.encode()).hexdigest()[:16]
    write_atomically(folder / "needed" / place, "\n".join(sorted(set(keys))).encode())


def read(folder: Path, now_s: float) -> frozenset[str]:
    """The keys of all lists of the last month; what is no list is passed over."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for path in sorted((folder / "needed").iterdir())[:_MOST_LISTS]:
            with contextlib.suppress(OSError):
                if now_s - path.lstat().st_mtime < KEPT_S:
                    keys = _KEY.findall(read_plain(path, _MOST_BYTES) or b"")
                    found |= {key.decode() for key in keys}
    return frozenset(found)
