"""Markdown: the heading path as title, steps as one unit, each table row askable by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from voicebot.knowledge.ingest.plain import STEP, atoms_of, read_text, steps_unit
from voicebot.knowledge.ingest.tables import PATH_SEPARATOR, table_units
from voicebot.knowledge.ingest.unit import Document, Unit

_PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def read_markdown(text: str, title: str = "") -> Document:
    """Units of a Markdown text in document order; `title` stands above the first heading."""
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        text = text[text.index("\n---\n", 4) + 5 :]  # front matter
    reader = _Reader(title)
    tokens = _PARSER.parse(text)
    start = 0
    while start < len(tokens):
        end = _block_end(tokens, start)
        reader.take(tokens[start:end])
        start = end
    return Document(reader.finish(), tables=reader.tables)


@dataclass
class _Reader:
    title: str
    path: list[tuple[int, str]] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    tables: int = 0
    symptom: str = ""  # the paragraph just above; the lead of the steps that may follow

    def take(self, block: list[Token]) -> None:
        """Take the document's next block; what it says is kept under its headings."""
        kind = block[0].type
        if kind == "heading_open":
            self._flush()
            level = int(block[0].tag[1:])
            self.path = [(n, name) for n, name in self.path if n < level]
            self.path.append((level, _inline(block)))
        elif kind == "paragraph_open":
            self._paragraph(_inline(block))
        elif kind in ("ordered_list_open", "bullet_list_open"):
            lead, self.symptom = self.symptom, ""
            self.units.append(steps_unit(tuple(_items(block)), self._path(), lead))
        elif kind == "table_open":
            self._flush()
            self._table(block)
        elif kind in ("fence", "code_block"):
            lead, self.symptom = self.symptom, ""
            code = tuple(line for line in block[0].content.splitlines() if line.strip())
            if code:
                self.units.append(Unit(code, self._path(), lead, lines=True))
        elif kind not in ("hr", "html_block"):
            self._paragraph(_text(block))

    def finish(self) -> list[Unit]:
        self._flush()
        return [unit for unit in self.units if unit.atoms]

    def _paragraph(self, text: str) -> None:
        self._flush()
        lines = text.splitlines()
        if sum(bool(STEP.match(line)) for line in lines) > 1:  # "1、" is no list in Markdown
            self.units += read_text(text, self._path())
        else:
            self.symptom = text

    def _flush(self) -> None:
        if self.symptom:
            self.units.append(Unit(atoms_of(self.symptom), self._path()))
        self.symptom = ""

    def _path(self) -> str:
        names = [name for _, name in self.path if name]
        return PATH_SEPARATOR.join([self.title, *names] if self.title else names)

    def _table(self, block: list[Token]) -> None:
        rows: list[list[str]] = []
        for i, token in enumerate(block):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(_inline(block[i : i + 2]).replace("\n", " "))
        self.units += table_units(rows, self._path(), header=True)
        self.tables += 1


def _items(block: list[Token]) -> Iterator[str]:
    """One line a list item, numbered as written; nested items stay inside their parent."""
    ordered = block[0].type == "ordered_list_open"
    number = int(block[0].attrGet("start") or 1)
    start = 1
    while start < len(block) - 1:
        end = _block_end(block, start)
        text = _text(block[start + 1 : end - 1]).replace("\n", " ")
        yield f"{number}. {text}" if ordered else f"- {text}"
        number += 1
        start = end


def _block_end(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for i in range(start, len(tokens)):
        depth += tokens[i].nesting
        if depth == 0:
            return i + 1
    return len(tokens)


def _text(block: Sequence[Token]) -> str:
    """All the text of a block, a line a leaf."""
    parts = []
    for token in block:
        if token.type == "inline":
            parts.append(_inline([token]))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content.strip())
    return "\n".join(part for part in parts if part)


def _inline(block: Sequence[Token]) -> str:
    """Text without marks: link texts stay, pictures leave their description."""
    parts: list[str] = []
    for token in block:
        for child in token.children or ():
            if child.type in ("softbreak", "hardbreak"):
                parts.append("\n")
            elif child.type != "html_inline":
                parts.append(child.content)
    return "".join(parts).strip()
