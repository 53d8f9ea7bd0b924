"""Entries as a mapped file: a line is read when it is asked for, no process holds them all."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, overload

import numpy as np

from voicebot.knowledge.api import HitKind
from voicebot.knowledge.arrays import map_array, save_array
from voicebot.knowledge.entry import Entry, Role

LINES = "entries.jsonl"
STARTS = "entries.npy"
_REMEMBERED = 10_000  # entries that are kept once read: the candidates of about fifty queries


class EntriesFile(Sequence[Entry]):
    """What `write_entries` wrote into `folder`. Safe to share between threads.

    Raises OSError or ValueError if the files are not whole.
    """

    def __init__(self, folder: Path) -> None:
        self._starts = map_array(folder / STARTS)
        with (folder / LINES).open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._lines) != self._starts[-1]:
            raise ValueError(f"{LINES} has {len(self._lines)} bytes, not {self._starts[-1]}")
        self._known: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> Entry: ...
    @overload
    def __getitem__(self, row: slice) -> list[Entry]: ...
    def __getitem__(self, row: int | slice) -> Entry | list[Entry]:
        if isinstance(row, slice):
            return [self._read(i) for i in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        row = int(row) % len(self)
        entry = self._known.get(row)
        if entry is None:
            if len(self._known) >= _REMEMBERED:
                self._known = {}
            entry = self._known[row] = self._read(row)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return (self._read(row) for row in range(len(self)))

    def _read(self, row: int) -> Entry:
        fields = json.loads(self._lines[int(self._starts[row]) : int(self._starts[row + 1])])
        return _entry(fields)


def write_entries(folder: Path, entries: Iterable[Entry]) -> None:
    """At least one entry. Raises OSError."""
    starts = [0]
    with (folder / LINES).open("wb") as file:
        for entry in entries:
            line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
            file.write(line)
            starts.append(starts[-1] + len(line))
    save_array(folder / STARTS, np.array(starts, np.int64))


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(**{**fields, "kind": HitKind(fields["kind"]), "role": Role(fields["role"])})
