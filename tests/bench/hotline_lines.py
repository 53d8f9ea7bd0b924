"""The sentences of hotline_lines.toml: what is said, how it is written, what must be recalled."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

LINES = Path(__file__).with_name("hotline_lines.toml")
_TERM = re.compile(r"\{([^{}=]+)(?:=([^{}]+))?\}")


@dataclass(frozen=True)
class HotlineLine:
    """`name` is split and number (dev_03); `spoken` goes to the voice, `text` is the reference."""

    name: str
    split: str
    spoken: str
    text: str
    terms: tuple[str, ...]


def hotline_lines(path: Path = LINES) -> list[HotlineLine]:
    """All sentences, dev before test."""
    lines = []
    for split, sentences in tomllib.loads(path.read_text("utf-8")).items():
        for number, sentence in enumerate(sentences):
            terms = tuple(match[1] for match in _TERM.finditer(sentence))
            spoken = _TERM.sub(lambda match: match[2] or match[1], sentence)
            text = _TERM.sub(lambda match: match[1], sentence)
            lines.append(HotlineLine(f"{split}_{number:03}", split, spoken, text, terms))
    return lines


def held_back(lines: list[HotlineLine]) -> frozenset[str]:
    """The terms of `test` that no sentence of `dev` has."""
    tuned = {term for line in lines if line.split == "dev" for term in line.terms}
    return frozenset(term for line in lines for term in line.terms) - tuned
