"""What the knowledge benches share: the questions with gold passages, an index over the passages.

The data is not part of the project: ``passages.jsonl`` has {"id", "text_hard"} a line and
``retrieval_eval.dev.jsonl`` {"qid", "src", "question", "gold": [ids]}. ``text_hard`` never holds
the question's own words from the title.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import Progress

from voicebot.errors import VoicebotError
from voicebot.knowledge import index as on_disk
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.index import Index
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.ranking import Candidates
from voicebot.knowledge.text import clean_query

FOLDS = 5


@dataclass(frozen=True)
class Question:
    qid: str
    part: str
    text: str
    gold: frozenset[str]


@dataclass(frozen=True)
class Case:
    """A question with everything a pool says about it."""

    question: Question
    candidates: Candidates


def read_questions(path: Path) -> list[Question]:
    with path.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [Question(r["qid"], r["src"], r["question"], frozenset(r["gold"])) for r in records]


def fold_of(number: int) -> int:
    """Every fifth question, so that each fold holds all parts."""
    return number % FOLDS


def grouped_folds(questions: list[Question]) -> npt.NDArray[np.int64]:
    """A fold for each question; questions that share a gold passage, also through others, share
    the fold."""
    group: dict[str, int] = {}
    parents = list(range(len(questions)))

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    for number, question in enumerate(questions):
        for gold in question.gold:
            parents[root(number)] = root(group.setdefault(gold, number))
    order = {r: i for i, r in enumerate(dict.fromkeys(root(n) for n in range(len(questions))))}
    return np.array([order[root(n)] % FOLDS for n in range(len(questions))])


def answers_of(passages: Path, index_dir: Path, embedder: CT2Embedder) -> Pool:
    """The pool of passages of `open_index`."""
    pool = open_index(passages, index_dir, embedder).answers
    if pool is None:
        raise SystemExit("the index holds no passages")
    return pool


def open_index(passages: Path, index_dir: Path, embedder: CT2Embedder) -> Index:
    """The index over `passages`, built at `index_dir` if it is not there (minutes)."""
    try:
        return on_disk.load(index_dir, embedder)
    except VoicebotError:
        # Not inside the index: what lies in there is no document.
        records = index_dir.with_name(f"{index_dir.name}.records.jsonl")
        records.parent.mkdir(parents=True, exist_ok=True)
        with passages.open(encoding="utf-8") as source, records.open("w", encoding="utf-8") as out:
            for line in source:
                record = json.loads(line)
                fields = {"id": record["id"], "text": record["text_hard"]}
                out.write(json.dumps(fields, ensure_ascii=False) + "\n")
        with Progress() as bar:
            tasks = {stage: bar.add_task(stage, total=None) for stage in ("read", "embed")}
            Knowledge.build(
                (), [records], (), embedder, index_dir,
                progress=lambda s, n, total: bar.update(tasks[s], completed=n, total=total),
            )  # fmt: skip
        return on_disk.load(index_dir, embedder)


def score_all(pool: Pool, questions: list[Question], embedder: CT2Embedder) -> list[Case]:
    queries = [clean_query(question.text) for question in questions]
    vectors: Vectors = embedder.queries(queries)
    return [
        Case(question, Candidates.of(pool, query, pool.score(query, vector)))
        for question, query, vector in zip(questions, queries, vectors, strict=True)
    ]
