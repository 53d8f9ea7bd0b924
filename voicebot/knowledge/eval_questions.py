"""Questions with the passages that answer them: what ``voicebot kb eval`` reads.

One JSON object a line::

    {"question": "硬盘亮黄灯是什么意思", "gold": ["manual.md#12", "f.led"], "source": "manual"}
    {"question": "股票多少钱", "answerable": false}

``gold`` names passages or FAQ by id, one string or a list; any of them is right. With
``"answerable": false`` nothing is. ``qid`` (default: the line's number) and ``source`` (or
``src``, default: "no source") are optional; other keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voicebot.errors import KnowledgeError

SHOWN = 5  # problems named before the rest is counted


@dataclass(frozen=True)
class EvalQuestion:
    """A question; `gold` is empty where the right answer is none. `line` counts from 1."""

    qid: str
    text: str
    gold: frozenset[str]
    source: str
    line: int


def read_eval_questions(path: Path) -> list[EvalQuestion]:
    """Raises KnowledgeError that names the lines that are wrong, or says that there are none."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        raise KnowledgeError(f"{path}: line {at}: expected UTF-8; save the file as it") from None
    questions, problems = [], []
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                questions.append(_question(line, number))
            except ValueError as error:
                problems.append(f"line {number}: {error}")
    if problems:
        raise KnowledgeError(f"{path}: {_listed(problems)}")
    if not questions:
        raise KnowledgeError(f'{path}: expected {{"question", "gold"}} a line, got no line')
    return questions


def with_known_gold(
    questions: Sequence[EvalQuestion], ids: Collection[str]
) -> tuple[list[EvalQuestion], list[str]]:
    """The questions with the gold that `ids` has, and a note for each id that it has not.

    Raises KnowledgeError if a question is left without any: it could only be missed.
    """
    kept, notes, lost = [], [], []
    for question in questions:
        unknown = sorted(question.gold - set(ids))
        rest = question.gold.difference(unknown)
        if question.gold and not rest:
            lost.append(f"line {question.line}: {', '.join(unknown)}")
        elif unknown:
            notes.append(
                f"line {question.line}: {', '.join(unknown)} is not in the index; left out"
            )
        kept.append(replace(question, gold=rest))
    if lost:
        raise KnowledgeError(
            f"gold is not in the index: {_listed(lost)}; "
            "ids are those of `voicebot kb search` on this index"
        )
    return kept, notes


def _listed(problems: list[str]) -> str:
    more = len(problems) - SHOWN
    return "; ".join(problems[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _question(line: str, number: int) -> EvalQuestion:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg})") from None
    if not isinstance(fields, dict):
        raise ValueError(f"expected an object, got {line.strip()[:40]}")
    text = fields.get("question")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f'"question" must be a text, got {_got(fields, "question")}')
    source = fields.get("source", fields.get("src", "no source"))
    return EvalQuestion(str(fields.get("qid", number)), text, _gold(fields), str(source), number)


def _gold(fields: dict[str, Any]) -> frozenset[str]:
    answerable = fields.get("answerable", True)
    if not isinstance(answerable, bool):
        raise ValueError(f'"answerable" must be true or false, got {_got(fields, "answerable")}')
    if not answerable:
        return frozenset()
    gold = fields.get("gold")
    gold = [gold] if isinstance(gold, str) else gold
    if not isinstance(gold, list) or not gold or not all(isinstance(g, str) and g for g in gold):
        raise ValueError(
            f'"gold" must be an id or a list of ids (or "answerable": false), '
            f"got {_got(fields, 'gold')}"
        )
    return frozenset(gold)


def _got(fields: dict[str, Any], key: str) -> str:
    return f"{fields[key]!r:.40}" if key in fields else "nothing"
