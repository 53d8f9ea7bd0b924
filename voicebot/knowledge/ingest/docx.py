"""DOCX: the body in order, with headings by style, lists by numbering, merged cells repeated.

Read on the XML itself, since python-docx leaves out insertions, text boxes and content
controls. Nothing outside the file is opened, and entities are not resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx

from voicebot.knowledge.ingest.archive import check_archive
from voicebot.knowledge.ingest.docx_lists import Lists, W
from voicebot.knowledge.ingest.outline import Outline
from voicebot.knowledge.ingest.pictures import Pictures, figure_unit
from voicebot.knowledge.ingest.unit import Document

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = f"{W}txbxContent"
_UNREAD = frozenset((f"{W}del", f"{W}moveFrom", f"{W}instrText", _BOX, _FALLBACK))
_WRAPPERS = (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo")
_HEADING = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)
_CONTENTS = re.compile(r"^(?:toc\b|目录)", re.IGNORECASE)
_FIGURE = re.compile(r"^\s*(?:图|Figure|Fig\.?)\s*[\d一二三四五六七八九十]", re.IGNORECASE)
_TABLE = re.compile(r"^\s*(?:表|Table)\s*[\d一二三四五六七八九十]", re.IGNORECASE)
_MAX_DEPTH = 20
_MAX_SPAN = 100


def read_docx(path: Path, pictures: Pictures) -> Document:
    """Raises ReaderError, and whatever the parser raises."""
    check_archive(path, "word/document.xml", "DOCX")
    with path.open("rb") as file:
        reader = _Reader(docx.Document(file), pictures)
    return reader.read()


class _Reader:
    def __init__(self, opened: Any, pictures: Pictures) -> None:
        self._body = opened.element.body
        self._part = opened.part
        self._pictures = pictures
        self._styles = {style.style_id: style for style in opened.styles}
        self._lists = Lists(_numbering(opened.part))
        self._outline = Outline()
        self._items: list[str] = []
        self._list = ""  # the id of the list that is open
        self._between: list[str] = []  # paragraphs after its last item, which may belong to it
        self._figures: list[tuple[str, tuple[str, ...]]] = []  # wait for a caption below them
        self._caption = ""  # of a table, should one follow
        self._linked = 0

    def read(self) -> Document:
        paged = next(self._body.iter(f"{W}lastRenderedPageBreak"), None) is not None
        self._outline.page = int(paged)
        self._blocks(self._body, 0)
        self._close()
        document = self._outline.finish()
        document.pages = self._outline.page
        if self._linked:
            document.notes.append(f"{self._linked} pictures outside the file are not fetched")
        return document

    def _blocks(self, parent: Any, depth: int) -> None:
        for element in parent:
            if element.tag == f"{W}p":
                self._paragraph(element, depth)
            elif element.tag == f"{W}tbl":
                self._table(element, depth)
            elif element.tag in _WRAPPERS and depth < _MAX_DEPTH:
                self._blocks(element, depth + 1)

    def _paragraph(self, element: Any, depth: int) -> None:
        text = _text(element).strip()
        style = self._style(element)
        level = self._level(element, style)
        item = self._lists.item(self._numbers(element, style)) if text else None
        if not text or _CONTENTS.match(_name(style)):
            pass
        elif level is not None:
            self._close()
            self._outline.heading(level, text)
        elif item is not None:
            self._item(*item, text)
        elif self._figures and _FIGURE.match(text):
            self._close_figures(text)
        elif _TABLE.match(text) and len(text) <= 40:
            self._close()
            self._caption = text
        elif self._items:
            self._between.append(text)
        else:
            self._close()
            self._outline.paragraph(text)
        for found in _embedded(element):
            self._figure(found)
        if depth < _MAX_DEPTH:
            for box in _boxes(element):
                self._close()
                self._blocks(box, depth + 1)
        if self._outline.page:
            self._outline.page += sum(1 for _ in element.iter(f"{W}lastRenderedPageBreak"))

    def _item(self, name: str, depth: int, mark: str, text: str) -> None:
        if name != self._list:
            self._close()
        if self._items and self._between:
            self._items[-1] += " " + " ".join(self._between)
            self._between = []
        if depth and self._items:
            self._items[-1] += f" {mark if mark != '- ' else ''}{text}"
        else:
            self._items.append(mark + text)
        self._list = name

    def _close(self) -> None:
        """End what was open: a list, figures without caption, a caption without table."""
        items, between = self._items, self._between
        self._items, self._between, self._list = [], [], ""
        if items:
            self._outline.steps(items)
        for text in between:
            self._outline.paragraph(text)
        if self._caption:
            self._outline.paragraph(self._caption)
            self._caption = ""
        self._close_figures("")

    def _close_figures(self, caption: str) -> None:
        figures, self._figures = self._figures, []
        for name, texts in figures:
            self._outline.add(
                figure_unit(caption, texts, name, self._outline.path, self._outline.page)
            )

    def _figure(self, blip: Any) -> None:
        part = self._part.related_parts.get(blip.get(f"{_R}embed") or "")
        if part is None:
            self._linked += bool(blip.get(f"{_R}link"))
            return
        kept = self._pictures.add_bytes(part.blob)
        if kept:
            self._figures.append((kept[0], tuple(line.text for line in kept[1])))
            self._outline.document.figures += 1

    def _table(self, table: Any, depth: int) -> None:
        caption, self._caption = self._caption, ""
        self._close()
        rows = list(_rows(table))
        if max((len(row) for row in rows), default=0) < 2 and depth < _MAX_DEPTH:
            for cell in table.iter(f"{W}tc"):  # a frame around text
                self._blocks(cell, depth + 1)
            return
        header = True if table.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None else None
        self._outline.table(rows, caption, header=header)
        for found in _embedded(table):
            self._figure(found)
        if self._outline.page:
            self._outline.page += sum(1 for _ in table.iter(f"{W}lastRenderedPageBreak"))

    def _style(self, paragraph: Any) -> Any | None:
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        return self._styles.get(style.get(f"{W}val")) if style is not None else None

    def _level(self, paragraph: Any, style: Any | None) -> int | None:
        """The heading's level: by the style's name, or the outline level of either."""
        named = _HEADING.match(_name(style))
        if named:
            return int(named.group(1))
        if _name(style).lower() in ("title", "标题"):
            return 0
        chain = [paragraph, *(each.element for each in _chain(style))]
        for element in chain:
            level = element.find(f"{W}pPr/{W}outlineLvl")
            if level is not None and str(level.get(f"{W}val")).isdigit():
                value = int(level.get(f"{W}val"))
                return value + 1 if value < 9 else None
        return None

    def _numbers(self, paragraph: Any, style: Any | None) -> Any | None:
        for element in (paragraph, *(each.element for each in _chain(style))):
            numbers = element.find(f"{W}pPr/{W}numPr")
            if numbers is not None and numbers.find(f"{W}numId") is not None:
                return numbers
        return None


def _numbering(part: Any) -> Any | None:
    try:
        return part.numbering_part.element
    except (KeyError, NotImplementedError):  # python-docx has no template for a missing one
        return None


def _name(style: Any | None) -> str:
    return str(style.name or "") if style is not None else ""


def _chain(style: Any | None) -> Iterator[Any]:
    """A style and those it is based on; a loop ends."""
    for _ in range(_MAX_DEPTH):
        if style is None:
            return
        yield style
        style = getattr(style, "base_style", None)


def _text(element: Any) -> str:
    """Visible text, inserted text included, deleted and hidden text not."""
    parts: list[str] = []
    for child in element:
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag == f"{W}tab":
            parts.append(" ")
        elif child.tag in (f"{W}br", f"{W}cr"):
            parts.append("\n")
        elif child.tag == f"{W}noBreakHyphen":
            parts.append("-")
        elif child.tag == f"{W}r" and child.find(f"{W}rPr/{W}vanish") is not None:
            continue
        elif child.tag == f"{W}tbl":
            parts += [" ".join(row) + " " for row in _rows(child)]
        elif child.tag not in _UNREAD:
            parts.append(_text(child))
            parts.append("\n" if child.tag == f"{W}p" else "")
    return "".join(parts)


def _rows(table: Any) -> Iterator[list[str]]:
    """Rows of cells; a merged cell's text stands in each place it covers."""
    above: list[str] = []
    for row in table.xpath("./w:tr | ./w:sdt/w:sdtContent/w:tr"):
        cells: list[str] = []
        for cell in row.xpath("./w:tc | ./w:sdt/w:sdtContent/w:tc"):
            span = cell.find(f"{W}tcPr/{W}gridSpan")
            width = int(span.get(f"{W}val") or 1) if span is not None else 1
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            goes_on = merge is not None and merge.get(f"{W}val") != "restart"
            place = len(cells)
            text = above[place] if goes_on and place < len(above) else _text(cell).strip()
            cells += [" ".join(text.split())] * min(max(width, 1), _MAX_SPAN)
        above = cells
        yield cells


def _embedded(element: Any) -> Iterator[Any]:
    """Pictures in the order of the text; not the older copies of them."""
    for blip in element.iter(_BLIP):
        if not any(up.tag in (_FALLBACK, _BOX) for up in blip.iterancestors()):
            yield blip


def _boxes(element: Any) -> Iterator[Any]:
    for box in element.iter(_BOX):
        if not any(up.tag == _FALLBACK for up in box.iterancestors()):
            yield box
