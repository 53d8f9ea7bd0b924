"""The questions of ``bench_answers``: what a caller asks and what counts as right.

``tests/packs/questions.jsonl`` holds 150 questions that the demo company's documents answer and 75
that they do not. They were written from the documents' facts before any of them was asked, and a
question is never changed after its result was seen; only a wrong label is mended.

``questions_confirmation.jsonl`` is a second set, 93 and 42, written by the same rule before what
became of the first was looked at. Nothing is tuned on it: its misses are not read while anything is
changed, so that what is gained on the first can be told from what was fitted to it.
``questions_held_out.jsonl``, 98 and 44, is a third, written before questions were mapped; it
is asked with ``--questions``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialog.numbers import numbers_in

QUESTIONS = Path(__file__).parents[1] / "packs" / "questions.jsonl"
CONFIRMATION = QUESTIONS.with_name("questions_confirmation.jsonl")
HELD_OUT = QUESTIONS.with_name("questions_held_out.jsonl")


@dataclass(frozen=True)
class Question:
    """One caller's sentence.

    `faq` (ids), `passages` (document title and heading) and `scenes` (ids) are each accepted as
    right. For a question that is not answerable they name what may be said instead of a refusal:
    that prices come from the sales people, that we do not make such things. One of `facts` must
    be said for an answer to be right, wherever it comes from: `#40` is the number 40 in digits or
    in Chinese, anything else the words themselves.
    """

    id: str
    category: str
    question: str
    answerable: bool
    faq: tuple[str, ...]
    passages: tuple[str, ...]
    scenes: tuple[str, ...]
    facts: tuple[str, ...]

    def told_by(self, text: str) -> bool:
        """Whether `text` says what was asked for."""
        flat = "".join(text.lower().split())
        figures = numbers_in(text.replace("幺", "一"))
        return any(
            int(fact[1:]) in figures if fact.startswith("#") else fact.lower() in flat
            for fact in self.facts
        )


def read_questions(path: Path = QUESTIONS) -> tuple[Question, ...]:
    """All questions of a file, in its order."""
    return tuple(
        Question(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(line).items()})
        for line in path.read_text(encoding="utf-8").splitlines()
    )
