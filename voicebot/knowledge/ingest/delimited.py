"""CSV in the dialects that spreadsheets write: comma, semicolon, tab or bar between cells."""

from __future__ import annotations

import csv
import io

from voicebot.knowledge.ingest.tables import MAX_COLUMNS, table_units
from voicebot.knowledge.ingest.unit import Document

DELIMITERS = (",", ";", "\t", "|", "，")
_SAMPLE_LINES = 50


def read_delimited(text: str, title: str = "") -> Document:
    """The rows of a CSV text; blank rows part tables."""
    document = Document()
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter_of(text), strict=False):
            if len(row) > MAX_COLUMNS and not document.problems:
                document.problems.append(
                    f"has rows of {len(row)} cells; the first {MAX_COLUMNS} are read"
                )
            if any(cell.strip() for cell in row):
                rows.append(row[:MAX_COLUMNS])
            elif rows:
                _close(rows, title, document)
                rows = []
    except csv.Error as error:
        document.problems.append(f"row {len(rows) + 1}: {error}; the rows after it are not read")
    _close(rows, title, document)
    return document


def _close(rows: list[list[str]], title: str, document: Document) -> None:
    header = True if len(rows) > 1 and len(rows[0]) > 1 and not document.tables else None
    units = table_units(rows, title, header=header)
    document.units += units
    document.tables += bool(units)


def delimiter_of(text: str) -> str:
    """The mark that parts most lines into the same number of cells, at least two."""
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(csv.reader(io.StringIO(sample), delimiter=delimiter))
        except csv.Error:
            return (0, 0)
        widths = [len(row) for row in rows if len(row) > 1]
        common = max(set(widths), key=widths.count, default=0)
        return (widths.count(common) if common else 0, common)

    return max(DELIMITERS, key=fit)
