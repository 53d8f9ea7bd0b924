"""How well an index answers questions whose answers are known: recall, rank, refusal.

Every answerable question is asked twice: as it is, and with its gold left out of the index. What
is said then is wrong by construction, so that one file shows both what is found and what is
refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicebot.knowledge.api import Hit
from voicebot.knowledge.eval_questions import EvalQuestion
from voicebot.knowledge.knowledge import Knowledge

DEPTH = 10
CUTS = (1, 3, 10)
_Z = 1.96  # 95 %

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What came of one question.

    `rank` counts from 0; None if no gold is among the first DEPTH, or there is no gold.
    `removed` is the probability of being answerable when the gold is left out; None without gold.
    """

    question: EvalQuestion
    hits: tuple[Hit, ...]
    rank: int | None
    answerable: float
    removed: float | None
    elapsed_ms: float


@dataclass(frozen=True)
class Share:
    """`hits` of `n` with Wilson's 95 % interval (Wilson 1927)."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        p, z = self.value, _Z * _Z / self.n
        middle = (p + z / 2) / (1 + z)
        half = math.sqrt(z * (p * (1 - p) + z / 4)) / (1 + z)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Scores:
    """Of the answerable questions of one source (or all): recall at CUTS and mean reciprocal
    rank (within DEPTH)."""

    source: str
    recall: dict[int, Share]
    mrr: float


@dataclass(frozen=True)
class Point:
    """One threshold of the risk-coverage curve: the share of all cases that is answered, and the
    share of wrong ones among these."""

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True)
class Refusal:
    """How well `answerable` tells right first hits from the rest.

    `auroc` has the right first hits against unanswerable questions (asked without their gold, or
    marked so), `auroc_all` all questions with gold against them; None if one side is empty.
    `passed` and `answered` are, at the threshold, the share of answerable questions that is
    answered and the share of unanswerable ones. `calibration_error` is in bins of equal count.
    """

    threshold: float
    auroc: float | None
    auroc_all: float | None
    passed: Share
    answered: Share
    calibration_error: float
    curve: tuple[Point, ...]


def ask_all(
    knowledge: Knowledge,
    questions: Sequence[EvalQuestion],
    progress: Progress = lambda done, total: None,
) -> list[Outcome]:
    """Ask every question through the same search that answers callers."""
    outcomes = []
    for done, question in enumerate(questions):
        progress(done, len(questions))
        result = knowledge.search(question.text, k=DEPTH)
        ranks = [at for at, hit in enumerate(result.hits) if hit.id in question.gold]
        removed = None
        if question.gold:
            removed = knowledge.search(question.text, k=1, without=question.gold).answerable
        outcomes.append(
            Outcome(
                question,
                result.hits,
                ranks[0] if ranks else None,
                result.answerable,
                removed,
                result.elapsed_ms,
            )
        )
    progress(len(questions), len(questions))
    return outcomes


def scores(outcomes: Sequence[Outcome]) -> list[Scores]:
    """All answerable questions first, then each source, in the order of the file."""
    answerable = [outcome for outcome in outcomes if outcome.question.gold]
    sources = list(dict.fromkeys(outcome.question.source for outcome in answerable))
    parts = [("all", answerable)]
    if len(sources) > 1:
        parts += [(s, [o for o in answerable if o.question.source == s]) for s in sources]
    return [_scores(name, part) for name, part in parts]


def _scores(name: str, part: Sequence[Outcome]) -> Scores:
    ranks = [outcome.rank for outcome in part]
    found = [rank for rank in ranks if rank is not None]
    recall = {cut: Share(sum(rank < cut for rank in found), len(ranks)) for cut in CUTS}
    return Scores(name, recall, sum(1 / (1 + rank) for rank in found) / max(len(ranks), 1))


def refusal(outcomes: Sequence[Outcome], threshold: float) -> Refusal:
    """Judge `answerable` over all cases: each question, and each again without its gold."""
    with_gold = [(o.answerable, o.rank == 0) for o in outcomes if o.question.gold]
    without = [o.answerable for o in outcomes if not o.question.gold]
    without += [o.removed for o in outcomes if o.removed is not None]
    right = [probability for probability, is_right in with_gold if is_right]
    there = [probability for probability, _ in with_gold]
    cases = sorted(with_gold + [(probability, False) for probability in without], reverse=True)
    return Refusal(
        threshold,
        auroc(right, without),
        auroc(there, without),
        Share(sum(p >= threshold for p in there), len(there)),
        Share(sum(p >= threshold for p in without), len(without)),
        _calibration_error(cases),
        _curve(cases),
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """The chance that a positive scores above a negative, ties half (Mann-Whitney U)."""
    if not positive or not negative:
        return None
    marked = sorted([(score, True) for score in positive] + [(score, False) for score in negative])
    total, at = 0.0, 0
    while at < len(marked):
        end = at
        while end < len(marked) and marked[end][0] == marked[at][0]:
            end += 1
        total += (at + end + 1) / 2 * sum(is_positive for _, is_positive in marked[at:end])
        at = end
    n = len(positive)
    return (total - n * (n + 1) / 2) / (n * len(negative))


def _curve(cases: Sequence[tuple[float, bool]]) -> tuple[Point, ...]:
    """A point after each case, most certain first; equal probabilities are one step."""
    points, wrong = [], 0
    for number, (probability, is_right) in enumerate(cases, start=1):
        wrong += not is_right
        if number == len(cases) or cases[number][0] != probability:
            points.append(Point(probability, number / len(cases), wrong / number))
    return tuple(points)


def _calibration_error(cases: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017)."""
    total = 0.0
    for at in range(bins):
        part = cases[at * len(cases) // bins : (at + 1) * len(cases) // bins]
        total += abs(sum(p for p, _ in part) - sum(is_right for _, is_right in part))
    return total / max(len(cases), 1)
