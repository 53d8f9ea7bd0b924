"""The table of follow-ups, read; used by the tests and by the bench of retrieval with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parent / "cases" / "follow_ups.txt"


@dataclass(frozen=True)
class Case:
    """`question` was answered with `said`, then the caller says `text`. The query must hold
    `words`; None: it must stay as it is. `faq` is what answers it, "" if nothing in the pack."""

    question: str
    said: str
    text: str
    words: tuple[str, ...] | None
    faq: str


def read() -> list[Case]:
    cases = []
    for line in PATH.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        question, said, text, words, faq = (part.strip() for part in line.split("|"))
        cases.append(
            Case(
                question,
                "" if said == "-" else said,
                text,
                None if words == "=" else tuple(words.split(",")),
                "" if faq == "-" else faq,
            )
        )
    return cases
