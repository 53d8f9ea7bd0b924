"""The report of bench_answers: shares with Wilson's bounds, then every miss."""

from __future__ import annotations

import enum
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.answer_questions import Question

Z95 = 1.96


class Verdict(enum.StrEnum):
    """What became of a question."""

    RIGHT = "right"
    RIGHT_SCENE = "right diagnosis begun"
    BESIDE = "right source, asked fact not said"
    WRONG = "answered with something else"
    OTHER_SCENE = "another diagnosis begun"
    CLARIFIED = "asked back"
    REFUSED = "refused, human offered"
    HANDED_OFF = "handed off"
    SMALL_TALK = "small talk"


GOOD = {Verdict.RIGHT, Verdict.RIGHT_SCENE}
INVENTED = {Verdict.WRONG, Verdict.BESIDE, Verdict.OTHER_SCENE}
DECLINED = {Verdict.CLARIFIED, Verdict.REFUSED, Verdict.HANDED_OFF, Verdict.SMALL_TALK}


@dataclass(frozen=True)
class Judged:
    """A question with its verdict, what was said and what it cited.

    `answerable` is what the search said; `rank` the place (from 1) of the first labelled source
    among its hits, 0 if there is none. `after` is what became of a yes, where it was asked back
    whether just this was meant.
    """

    question: Question
    verdict: Verdict
    said: str
    cited: tuple[str, ...]
    scene: str
    answerable: float = 0.0
    rank: int = 0
    after: Verdict | None = None

    @property
    def right(self) -> bool:
        """Told what was asked, or declined where nothing is known."""
        declined = not self.question.answerable and self.verdict in DECLINED
        return self.verdict in GOOD or declined


@dataclass(frozen=True)
class Share:
    """`count` of `n`, with Wilson's 95 % bounds (Wilson 1927), all as shares 0..1."""

    count: int
    n: int

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound; (0, 1) where nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        share, square = self.count / self.n, Z95**2
        middle = (share + square / (2 * self.n)) / (1 + square / self.n)
        spread = math.sqrt(share * (1 - share) / self.n + square / (4 * self.n**2))
        half = Z95 * spread / (1 + square / self.n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if not self.n:
            return "none"
        low, high = self.bounds
        share = 100 * self.count / self.n
        return f"{self.count}/{self.n} = {share:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def share(judged: Sequence[Judged], wanted: Callable[[Judged], bool]) -> Share:
    """How many are as wanted."""
    return Share(sum(map(wanted, judged)), len(judged))


def write(out: Path, judged: Sequence[Judged]) -> str:
    """Write answers.json and answers.md into `out`; returns the tables."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), "right": each.right} for each in judged]
    shown = json.dumps(rows, ensure_ascii=False, indent=1)
    (out / "answers.json").write_text(shown + "\n", "utf-8")
    tables = _tables(judged)
    misses = [line for each in judged if not each.right for line in _miss(each)]
    (out / "answers.md").write_text(tables + "\n## Misses\n" + "\n".join(misses) + "\n", "utf-8")
    return tables


def _tables(judged: Sequence[Judged]) -> str:
    known = [each for each in judged if each.question.answerable]
    unknown = [each for each in judged if not each.question.answerable]
    lines = [
        "# Answers by text",
        "",
        "| | bound | count = share (Wilson 95 %) |",
        "|---|---|---|",
        f"| answered rightly | ≥ 85 % | {share(known, lambda j: j.right)} |",
        f"| … or after one question back | | {share(known, _right_in_two)} |",
        f"| refused rightly | ≥ 90 % | {share(unknown, lambda j: j.right)} |",
        f"| said something else, all | ≤ 1 % | {share(judged, _invented)} |",
        f"| … to what is answerable | | {share(known, _invented)} |",
        f"| … to what is not | | {share(unknown, _invented)} |",
        f"| found, first of the hits | | {share(known, lambda j: j.rank == 1)} |",
        f"| found, among the first three | | {share(known, lambda j: 1 <= j.rank <= 3)} |",
        "",
        "| category | right | verdicts |",
        "|---|---|---|",
    ]
    for category in dict.fromkeys(each.question.category for each in judged):
        some = [each for each in judged if each.question.category == category]
        counts = Counter(each.verdict.value for each in some).most_common()
        verdicts = ", ".join(f"{name} {count}" for name, count in counts)
        lines.append(f"| {category} | {share(some, lambda j: j.right)} | {verdicts} |")
    return "\n".join(lines) + "\n"


def _right_in_two(judged: Judged) -> bool:
    return judged.right or judged.after in GOOD


def _invented(judged: Judged) -> bool:
    return judged.verdict in INVENTED


def _miss(judged: Judged) -> list[str]:
    question = judged.question
    return [
        "",
        f"### {question.id} {question.question}",
        "",
        f"- {judged.verdict.value}; answerable {judged.answerable:.2f}, rank {judged.rank or None}",
        f"- said: {judged.said}",
        f"- cited: {'；'.join(judged.cited) or judged.scene or 'nothing'}",
        f"- accepted: {'；'.join((*question.faq, *question.passages, *question.scenes)) or 'none'}"
        f"; facts: {'/'.join(question.facts) or 'none'}",
    ]
