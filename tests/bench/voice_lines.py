"""The sentences of voice_lines*.toml: what the voice is given, what a person would take down."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

LINES = Path(__file__).with_name("voice_lines.toml")
CONFIRMATION = Path(__file__).with_name("voice_lines_confirmation.toml")
_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class VoiceLine:
    """`text` goes to the voice; `heard` are the transcripts that are right, without stops."""

    number: int
    kind: str
    text: str
    heard: tuple[str, ...]


def voice_lines(path: Path = LINES) -> list[VoiceLine]:
    """All sentences; the kinds take turns, so that any first n hold all of them."""
    kinds = tomllib.loads(path.read_text("utf-8"))
    by_kind = [[(kind, line) for line in lines] for kind, lines in kinds.items()]
    mixed = [one for row in itertools.zip_longest(*by_kind) for one in row if one]
    return [_line(number, kind, line) for number, (kind, line) in enumerate(mixed)]


def _line(number: int, kind: str, line: str) -> VoiceLine:
    text, _, heard = line.partition(" => ")
    choices = _CHOICE.split(heard or text)
    parts = [part.split("|") if at % 2 else [part] for at, part in enumerate(choices)]
    right = tuple("".join(each) for each in itertools.product(*parts))
    return VoiceLine(number, kind, text, right)
