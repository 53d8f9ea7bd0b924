"""Reads `reading_table.txt`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True)
class Row:
    """One case of the table; `line` is its line number in the file."""

    line: int
    category: str
    written: str
    heard: str


def read_table() -> list[Row]:
    """All cases, in the order of the file. Raises ValueError for a line that is none."""
    rows: list[Row] = []
    category = ""
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("=== "):
            category = line[4:].partition(":")[0]
        elif category and line:
            case, _, _ = re.sub(r"  ##  .*", "", line).partition("\0")
            written, arrow, heard = case.partition("  =>")
            if not arrow:
                raise ValueError(f"{TABLE.name}:{number}: expected 'written  =>  heard'")
            rows.append(Row(number, category, written.replace(r"\n", "\n"), heard.strip()))
    return rows
