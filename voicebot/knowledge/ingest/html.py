"""HTML: what a reader of the page sees, without scripts, hidden elements and navigation."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from voicebot.knowledge.ingest.decode import UndecodableError, decode
from voicebot.knowledge.ingest.outline import Outline
from voicebot.knowledge.ingest.pictures import Pictures, figure_unit
from voicebot.knowledge.ingest.reader_process import ReaderError
from voicebot.knowledge.ingest.unit import Document

MAX_BYTES = 20 * 1024 * 1024  # the tree takes many times as much
_UNSEEN = (
    "script, style, noscript, template, iframe, object, embed, svg, canvas, head, nav, "
    "form, button, select, input, textarea, [hidden], [aria-hidden=true], [role=navigation], "
    "[role=banner], [role=contentinfo], body > header, body > footer"
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.I)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,20})", re.I)
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "header", "hr", "html", "li"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "main", "ol", "p", "pre", "section", "summary"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_BREAK = "\v"  # stands for <br>; a line end in the source is white space
_MAX_SPAN = 200
_MAX_DEPTH = 200


def read_html(path: Path, pictures: Pictures) -> Document:
    """Pictures are taken from ``data:`` addresses and from files beside the page, never from
    the network. Raises ReaderError."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise ReaderError(f"is {len(data) >> 20} MB; at most {MAX_BYTES >> 20} MB of HTML are read")
    text, note = _decoded(data)
    tree = LexborHTMLParser(text)
    for node in tree.css(_UNSEEN):
        node.decompose()
    for node in tree.css("[style]"):
        if _HIDDEN.search(node.attributes.get("style") or ""):
            node.decompose()
    reader = _Reader(path, pictures)
    if tree.body is not None:
        reader.walk(tree.body, 0)
    document = reader.outline.finish()
    document.problems += [note] if note else []
    if reader.too_deep:
        document.problems.append(f"what is nested more than {_MAX_DEPTH} deep is not read")
    return document


def _decoded(data: bytes) -> tuple[str, str]:
    named = _CHARSET.search(data[:4096])
    if named:
        try:
            return data.decode(named.group(1).decode("ascii")), ""
        except (LookupError, UnicodeDecodeError):
            pass  # what it says is not what it is
    try:
        return decode(data)
    except UndecodableError as error:
        raise ReaderError(str(error)) from None


class _Reader:
    def __init__(self, path: Path, pictures: Pictures) -> None:
        self.outline = Outline()
        self._folder = path.resolve().parent
        self._pictures = pictures
        self.too_deep = False

    def walk(self, node: LexborNode, depth: int) -> None:
        """Take the blocks below a node in order; text between them is a paragraph."""
        if depth > _MAX_DEPTH:
            self.too_deep = True
            return
        inline: list[str] = []
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "img":
                self._close(inline)
                self._figure(child, "")
            elif tag in _BLOCKS or (tag != "-text" and child.css_first(_ANY_BLOCK) is not None):
                self._close(inline)
                self._block(child, tag, depth)
            elif tag == "br":
                inline.append(_BREAK)
            elif tag != "_comment":
                inline.append(child.text(deep=True) if tag != "-text" else child.text() or "")
        self._close(inline)

    def _close(self, inline: list[str]) -> None:
        """What was said between two blocks; only <br> breaks its lines."""
        lines = (" ".join(line.split()) for line in "".join(inline).split(_BREAK))
        said = "\n".join(line for line in lines if line)
        if said:
            self.outline.paragraph(said)
        inline.clear()

    def _block(self, node: LexborNode, tag: str, depth: int) -> None:
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.outline.heading(int(tag[1]), _text(node))
        elif tag in ("ol", "ul"):
            start = node.attributes.get("start") or "1"
            number = int(start) if start.isdigit() and len(start) < 5 else 1
            items = list(_items(node, tag == "ol", number))
            self.outline.steps(items)
            for picture in node.css("img"):
                self._figure(picture, "")
        elif tag == "table":
            self._table(node)
        elif tag == "dl":
            self._definitions(node)
        elif tag == "pre":
            self.outline.paragraph(node.text(deep=True).strip("\n"))
        elif tag == "figure":
            caption = node.css_first("figcaption")
            for picture in node.css("img"):
                self._figure(picture, _text(caption) if caption else "")
            if caption:
                caption.decompose()
            for picture in node.css("img"):
                picture.decompose()
            self.walk(node, depth + 1)
        elif tag != "hr":
            self.walk(node, depth + 1)

    def _table(self, node: LexborNode) -> None:
        if node.css_first("table table") or node.css_first("h1, h2, h3, ol, ul, p + p"):
            self.walk(node, 0)  # a layout, not a table
            return
        caption = node.css_first("caption")
        rows, headed = _cells(node)
        self.outline.table(rows, _text(caption) if caption else "", header=headed or None)
        for picture in node.css("img"):
            self._figure(picture, "")

    def _definitions(self, node: LexborNode) -> None:
        term = ""
        for child in node.iter():
            if child.tag == "dt":
                term = _text(child)
            elif child.tag == "dd":
                self.outline.paragraph(f"{term}：{_text(child)}" if term else _text(child))

    def _figure(self, node: LexborNode, caption: str) -> None:
        data = self._picture(node.attributes.get("src") or "")
        kept = self._pictures.add_bytes(data) if data else None
        name, seen = kept or ("", [])
        caption = caption or (node.attributes.get("alt") or "").strip()
        unit = figure_unit(caption, [line.text for line in seen], name, self.outline.path)
        self.outline.add(unit)
        self.outline.document.figures += bool(kept)

    def _picture(self, address: str) -> bytes | None:
        if address.startswith("data:image/") and ";base64," in address[:64]:
            try:
                return base64.b64decode(address.split(",", 1)[1], validate=False)
            except (binascii.Error, ValueError):
                return None
        parts = urlsplit(address) if address and not address.startswith("data:") else None
        if parts is None or parts.scheme or parts.netloc or not parts.path:
            return None
        path = (self._folder / unquote(parts.path).lstrip("/")).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            return None
        return path.read_bytes() if path.stat().st_size <= MAX_BYTES else None


_ANY_BLOCK = "p, div, h1, h2, h3, h4, h5, h6, ul, ol, table, pre, dl, section, article, img"


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split())


def _items(node: LexborNode, ordered: bool, number: int) -> Iterator[str]:
    for child in node.iter():
        if child.tag == "li":
            text = _text(child)
            if text:
                yield f"{number}. {text}" if ordered else f"- {text}"
                number += 1


def _cells(table: LexborNode) -> tuple[list[list[str]], bool]:
    """Rows with merged cells repeated, and whether the first row is one of headings."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column: rows left, text
    headed = False
    for row in table.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
        if not rows and cells:
            headed = all(cell.tag == "th" for cell in cells)
        texts: list[str] = []

        def hang(texts: list[str] = texts) -> None:
            while len(texts) in hanging:
                left, text = hanging.pop(len(texts))
                if left > 1:
                    hanging[len(texts)] = (left - 1, text)
                texts.append(text)

        for cell in cells:
            hang()
            text = _text(cell)
            for _ in range(_span(cell, "colspan")):
                if _span(cell, "rowspan") > 1:
                    hanging[len(texts)] = (_span(cell, "rowspan") - 1, text)
                texts.append(text)
        hang()
        rows.append(texts)
    return rows, headed


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return min(max(int(value), 1), _MAX_SPAN) if value.isdigit() and len(value) < 6 else 1
