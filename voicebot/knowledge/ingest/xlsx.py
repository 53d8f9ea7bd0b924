"""XLSX: the rows of each visible sheet, formulas by their saved values, merged cells repeated.

Cells are streamed, so that empty ones cost no memory; what openpyxl leaves out when streaming
(merged ranges, formulas without value) is read from the sheet's XML beside it.
"""

from __future__ import annotations

import datetime
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils.cell import range_boundaries

from voicebot.knowledge.ingest.archive import check_archive
from voicebot.knowledge.ingest.pictures import Pictures, figure_unit
from voicebot.knowledge.ingest.reader_process import Beat
from voicebot.knowledge.ingest.tables import MAX_COLUMNS, table_units
from voicebot.knowledge.ingest.unit import Document

MAX_ROWS = 100_000  # with content, a sheet
MAX_MERGED_CELLS = 100_000
_BEAT_ROWS = 10_000
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}"


@dataclass
class _Extra:
    """What streaming leaves out of a sheet."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # c0, r0, c1, r1
    unsaved: int = 0  # formulas without a saved value


def read_xlsx(path: Path, pictures: Pictures, beat: Beat) -> Document:
    """`beat` is called now and then, to show that it goes on.

    Raises ReaderError, and whatever the parser raises.
    """
    check_archive(path, "xl/workbook.xml", "XLSX")
    document = Document()
    extras = _extras(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                document.notes.append(f"sheet '{sheet.title}' is hidden")
                continue
            extra = extras.get(sheet.title, _Extra())
            _sheet(sheet, extra, document, beat)
            if extra.unsaved:
                document.problems.append(
                    f"sheet '{sheet.title}': {extra.unsaved} formulas have no saved value; "
                    "open the file in its program and save it"
                )
    finally:
        book.close()
    _figures(path, pictures, document)
    return document


def _figures(path: Path, pictures: Pictures, document: Document) -> None:
    """The pictures of all sheets, after the tables: where they lie says little."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(n for n in archive.namelist() if n.startswith("xl/media/")):
            kept = pictures.add_bytes(archive.read(name))
            if kept:
                unit = figure_unit("", [line.text for line in kept[1]], kept[0], path.stem)
                document.units += [unit] if unit else []
                document.figures += 1


def _sheet(sheet: Any, extra: _Extra, document: Document, beat: Beat) -> None:
    """Blank rows part the tables of a sheet."""
    sheet.reset_dimensions()  # what the file declares may be a million rows
    block: list[tuple[int, list[str]]] = []
    count = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number % _BEAT_ROWS == 0:
            beat()
        texts = [_text(cell) for cell in row[:MAX_COLUMNS]]
        if any(texts):
            count += 1
            if count > MAX_ROWS:
                document.problems.append(f"sheet '{sheet.title}': only {MAX_ROWS} rows are read")
                break
            if block and number > block[-1][0] + 1:
                _table(block, extra, sheet.title, document)
                block = []
            block.append((number, texts))
    _table(block, extra, sheet.title, document)


def _table(
    block: list[tuple[int, list[str]]], extra: _Extra, title: str, document: Document
) -> None:
    if not block:
        return
    width = max(len(texts) for _, texts in block)
    rows = {number: texts + [""] * (width - len(texts)) for number, texts in block}
    for c0, r0, c1, r1 in extra.merged:
        value = rows[r0][c0 - 1] if r0 in rows and c0 <= width else ""
        for number in range(max(r0, block[0][0]), min(r1, block[-1][0]) + 1) if value else ():
            for column in range(c0 - 1, min(c1, width)):
                if number in rows:
                    rows[number][column] = value
    units = table_units(list(rows.values()), title)
    document.units += units
    document.tables += bool(units)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime.datetime):
        plain = value.time() == datetime.time()
        return value.date().isoformat() if plain else value.isoformat(" ", "minutes")
    return " ".join(str(value).split())


def _number(value: float, form: str) -> str:
    """As people see it: 95%, 12, 3.5; not 0.95, 12.0 or 3.4999999999999996."""
    if "%" in form:
        return f"{round(value * 100, 6):g}%"
    digits = set(form) == {"0"} and len(form) > 1 and value == int(value)
    if digits:  # a code kept as a number: 007
        return f"{int(value):0{len(form)}d}"
    return str(int(value)) if value == int(value) else f"{round(value, 10):.12g}"


def _extras(path: Path) -> dict[str, _Extra]:
    """For each sheet's name what streaming leaves out."""
    found: dict[str, _Extra] = {}
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        relations = "xl/_rels/workbook.xml.rels"
        if relations not in names:
            return {}
        targets = {
            node.get("Id"): _member(node.get("Target", ""))
            for node in _parse(archive.read(relations)).iter(f"{_REL}Relationship")
            if node.get("TargetMode") != "External"
        }
        for sheet in _parse(archive.read("xl/workbook.xml")).iter(f"{_S}sheet"):
            member = targets.get(sheet.get(f"{_R}id"), "")
            if member in names:
                with archive.open(member) as file:
                    found[sheet.get("name", "")] = _scan(file)
    return found


def _member(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _parse(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _scan(file: Any) -> _Extra:
    extra = _Extra()
    cells = 0
    tags = (f"{_S}c", f"{_S}row", f"{_S}mergeCell")
    for _, node in etree.iterparse(file, tag=tags, resolve_entities=False, no_network=True):
        if node.tag == f"{_S}mergeCell":
            c0, r0, c1, r1 = range_boundaries(node.get("ref"))
            cells += (c1 - c0 + 1) * (r1 - r0 + 1)
            if cells <= MAX_MERGED_CELLS:
                extra.merged.append((c0, r0, c1, r1))
        elif node.tag == f"{_S}c":
            value = node.find(f"{_S}v")
            if node.find(f"{_S}f") is not None and (value is None or not value.text):
                extra.unsaved += 1
        else:
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]
    return extra
