"""Plain cuts of a text: cleaned, into clauses, into sentences."""

from __future__ import annotations

import re
import unicodedata

MAX_HEARD_CHARS = 500
MAX_PIECE_CHARS = 80  # about as much as is remembered from one hearing
_CLAUSE_BREAK = re.compile(r"[\s,，.。;；!！?？、:：…~～—]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*[”」』）)]*")


def clean(text: str) -> str:
    """What the dialog works on: normal forms, no control characters, bounded length."""
    text = unicodedata.normalize("NFKC", text[: MAX_HEARD_CHARS * 4])
    text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join(text.split())[:MAX_HEARD_CHARS]


def clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text, lower-case, without punctuation."""
    text = unicodedata.normalize("NFKC", text).lower()
    return tuple(part for part in _CLAUSE_BREAK.split(text) if part)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, with their punctuation."""
    found = (match.group().strip() for match in _SENTENCE.finditer(text))
    return tuple(sentence for sentence in found if sentence)


def pieces(text: str, count: int) -> tuple[str, ...]:
    """The text in pieces of at most `count` sentences and, unless one sentence is longer,
    `MAX_PIECE_CHARS` characters."""
    cut: list[list[str]] = []
    for sentence in sentences(text):
        length = sum(map(len, cut[-1])) + len(sentence) if cut else 0
        if cut and len(cut[-1]) < count and length <= MAX_PIECE_CHARS:
            cut[-1].append(sentence)
        else:
            cut.append([sentence])
    return tuple("".join(each) for each in cut)
