"""Plain text: paragraphs between blank lines, numbered steps kept with the line above them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voicebot.knowledge.ingest.unit import Kind, Unit
from voicebot.knowledge.text import sentences

STEP = re.compile(
    r"^\s*(?:\d{1,2}\s*[.、)）．]|[（(]\d{1,2}[)）]|第[一二三四五六七八九十]+步|步骤\s*\d+)"
)
_BLANK = re.compile(r"\n\s*\n")


def read_text(text: str, title: str = "", page: int = 0) -> list[Unit]:
    """Units of a plain text, all under `title` and on `page`."""
    blocks = (block.splitlines() for block in _BLANK.split(text))
    return [unit for lines in blocks for unit in block_units(lines, title, page)]


def block_units(lines: Sequence[str], title: str = "", page: int = 0) -> Iterator[Unit]:
    """Units of lines that no blank line parts."""
    lines = [line.strip() for line in lines if line.strip()]
    first = next((i for i, line in enumerate(lines) if STEP.match(line)), None)
    steps = sum(bool(STEP.match(line)) for line in lines)
    if first is None or steps < 2:
        if lines:
            yield Unit(atoms_of("\n".join(lines)), title, page=page)
        return
    if first > 1:
        yield Unit(atoms_of("\n".join(lines[: first - 1])), title, page=page)
    lead = lines[first - 1] if first else ""
    yield steps_unit(_steps(lines[first:]), title, lead, page)


def steps_unit(steps: tuple[str, ...], title: str, lead: str, page: int = 0) -> Unit:
    """Numbered steps or list items, one unit with the line above them."""
    return Unit(steps, title, lead, lines=True, stands_alone=True, kind=Kind.STEPS, page=page)


def _steps(lines: Sequence[str]) -> tuple[str, ...]:
    """Each numbered line with the unnumbered lines that follow it."""
    steps: list[str] = []
    for line in lines:
        if STEP.match(line) or not steps:
            steps.append(line)
        else:
            steps[-1] += " " + line
    return tuple(steps)


def atoms_of(paragraph: str) -> tuple[str, ...]:
    """The sentences of a paragraph; a line break inside it stays a break."""
    found: list[str] = []
    for line in paragraph.splitlines():
        parts = sentences(line)
        if parts:
            found += [*parts[:-1], parts[-1] + "\n"]
    return (*found[:-1], found[-1].rstrip("\n")) if found else ()
