"""A question against an index: the best items of both pools in one list, and the best scene."""

from __future__ import annotations

import re
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from voicebot.knowledge import refusal
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.evidence import EVIDENCE
from voicebot.knowledge.identifiers import identifiers
from voicebot.knowledge.index import Index
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.product_line import ProductLine, known_lines
from voicebot.knowledge.question_map import map_for, mapped
from voicebot.knowledge.ranking import Candidates, Ranked, fusion, rank, rank_counters
from voicebot.knowledge.rerank import Reranker, rerank
from voicebot.knowledge.text import clean_query, fold

OTHER_NUMBER_PENALTY = 4.0  # logits lost by a hit that lacks the number asked for
SAME_NUMBER_BONUS = 3.0  # won by one that has it
NUMBERED_ROW_BONUS = (
    5.5  # won by the row of a table that the number stands for: it says little else
)
SAID_IN_CHARS = 4
SAID_IN_LOGIT = 1.5  # at least .82: the caller said an approved question, or the core of one
SCENES = 6  # of which the first is calibrated, and the rest are its rivals
_ENDING = re.compile(r"[啊呀呢吧吗嘛呐么了。！？?!，,]+$")
COUNTER_WEIGHT = 2.0  # logits lost for each unit of fused score that a counter-example leads by


@dataclass(frozen=True)
class _Question:
    """A query as both pools are asked it."""

    text: str
    vector: Vectors
    line: ProductLine
    today: str
    without: Container[str]


class Searcher:
    """Searches one index. Holds no state between queries, so threads may share it.

    With `reranker` the best answers are read again before they are judged.
    """

    def __init__(self, index: Index, embedder: Embedder, reranker: Reranker | None = None) -> None:
        self._index = index
        self._embedder = embedder
        self._lines = known_lines(e for _, pool in index.pools for e in pool.entries)
        self._reranker = reranker
        questions = index.questions
        self._map = map_for(embedder, questions)
        self._mapped = mapped(questions, self._map) if questions and self._map else None

    def search(
        self, query: str, k: int, product: str, today: str, without: Container[str] = ()
    ) -> SearchResult:
        """The best `k` hits, best first; `product` is the caller's product line, if known.

        `today` (``YYYY-MM-DD``) leaves out what is not valid on that day, `without` the items of
        these ids: so `kb eval` asks as if an answer were not there.
        """
        started = time.perf_counter()
        cleaned = clean_query(query)
        line = ProductLine(product, self._lines)
        hits: list[tuple[float, Hit]] = []
        scenes: list[tuple[float, Hit]] = []
        if cleaned and self._index.pools:
            vector = self._embedder.queries([cleaned])[0]
            asked = _Question(cleaned, vector, line, today, without)
            if self._index.answers:
                hits += _answers(self._index.answers, asked, self._reranker)
            if self._index.questions:
                scenes = _scenes(self._index.questions, asked)
                hits += self._faqs(self._index.questions, asked)
        ordered = _merge(_naming(cleaned, hits))
        return SearchResult(
            query=query,
            hits=tuple(ordered[:k]),
            answerable=refusal.sigmoid(ordered[0].score) if ordered else 0.0,
            scene=scenes[0][1] if scenes else None,
            scene_probability=refusal.sigmoid(scenes[0][0]) if scenes else 0.0,
            rivals=tuple((hit.id, refusal.sigmoid(logit)) for logit, hit in scenes[1:]),
            elapsed_ms=(time.perf_counter() - started) * 1000,
        )

    def _faqs(self, pool: Pool, asked: _Question) -> list[tuple[float, Hit]]:
        """FAQ by the questions that ask for them; by mapped vectors, if the embedder has a map."""
        name = "questions"
        if self._mapped and self._map:
            pool, name = self._mapped, "mapped_questions"
            asked = replace(asked, vector=self._map(asked.vector[None])[0])
        candidates = Candidates.of(pool, asked.text, pool.score(asked.text, asked.vector))
        ranked = _allowed(rank(pool, candidates, fusion(name), asked.without), asked)
        faqs = [item for item in ranked if item.entry.kind is HitKind.FAQ]
        return _with_scores(asked.text, faqs, pool, name)

    def explain(self, query: str) -> dict[str, dict[str, float]]:
        """What each number of EVIDENCE adds to the fused score of each answer among the
        candidates, in logits, by the answer's id."""
        pool, cleaned = self._index.answers, clean_query(query)
        if pool is None or not cleaned:
            return {}
        vector = self._embedder.queries([cleaned])[0]
        weights = fusion("answers")
        ranked = rank(pool, Candidates.of(pool, cleaned, pool.score(cleaned, vector)), weights)
        return {
            item.entry.id: dict(
                zip(EVIDENCE, (item.evidence * weights.weights).tolist(), strict=True)
            )
            for item in reversed(ranked)  # a FAQ and a passage of one id: the better one stays
        }


def _answers(pool: Pool, asked: _Question, reranker: Reranker | None) -> list[tuple[float, Hit]]:
    scored = pool.score(asked.text, asked.vector, asked.line.product)
    candidates = Candidates.of(pool, asked.text, scored)
    ranked = _allowed(rank(pool, candidates, fusion("answers"), asked.without), asked)
    if reranker:
        ranked = rerank(asked.text, ranked, reranker)
    kind = "faq" if ranked and ranked[0].entry.kind is HitKind.FAQ else "passages"
    return _with_scores(asked.text, ranked, pool, kind)


def _scenes(pool: Pool, asked: _Question) -> list[tuple[float, Hit]]:
    query, weights = asked.text, fusion("questions")
    candidates = Candidates.of(pool, query, pool.score(query, asked.vector))
    ranked = _allowed(rank(pool, candidates, weights, asked.without), asked)
    scenes = [item for item in ranked if item.entry.kind is HitKind.SCENE]
    best = _with_scores(query, scenes[:SCENES], pool, "scenes")
    counters = rank_counters(pool, candidates, weights)
    against = {item.entry.id: item.fused for item in reversed(counters)}
    pulled: list[tuple[float, Hit]] = []
    for (logit, hit), item in zip(best, scenes, strict=False):
        lead = 1.0 + against[hit.id] - item.fused if hit.id in against else 0.0
        # Calibrated is the first one; where it is in doubt, those after it are no better.
        pulled.append(
            (min([logit - COUNTER_WEIGHT * max(0.0, lead), *(p for p, _ in pulled)]), hit)
        )
    return pulled


def _with_scores(
    query: str, ranked: Sequence[Ranked], pool: Pool, name: str
) -> list[tuple[float, Hit]]:
    """Scores are logits: the first item's is calibrated, the others lie below it by as much as
    they do in the fused order; so lists of different pools can be merged."""
    if not ranked:
        return []
    logit = refusal.calibration(name).logit(refusal.features(query, ranked, pool.words))
    top = ranked[0].fused
    if name not in ("passages", "faq") and _said_in(query, ranked[0].entry.match):
        logit = max(logit, SAID_IN_LOGIT)
    return [(score, r.entry.hit(score)) for r in ranked for score in [logit - top + r.fused]]


def _allowed(ranked: list[Ranked], asked: _Question) -> list[Ranked]:
    return [
        item for item in ranked if item.entry.valid(asked.today) and asked.line.allows(item.entry)
    ]


def _naming(query: str, hits: list[tuple[float, Hit]]) -> list[tuple[float, Hit]]:
    """Pull up what names the number or code that the question names, push down the rest."""
    wanted = identifiers(query)
    if not wanted:
        return hits
    result = []
    for score, hit in hits:
        named = wanted <= identifiers(f"{hit.title}\n{hit.text}")
        if not named:
            score -= OTHER_NUMBER_PENALTY
        elif "|" in hit.text and all(each.endswith("号") for each in wanted):
            score += NUMBERED_ROW_BONUS
        else:
            score += SAME_NUMBER_BONUS
        result.append((score, replace(hit, score=score)))
    return result


def _said_in(query: str, question: str) -> bool:
    """Whether the question holds the query's words as they stand: 保修多久啊, 服务器保修多久."""
    core = _ENDING.sub("", "".join(fold(query).split()))
    return len(core) >= SAID_IN_CHARS and core in "".join(fold(question).split())


def _merge(hits: list[tuple[float, Hit]]) -> list[Hit]:
    """Best first, each item once."""
    best: dict[tuple[HitKind, str], Hit] = {}
    for _, hit in sorted(hits, key=lambda pair: -pair[0]):
        best.setdefault((hit.kind, hit.id), hit)
    return list(best.values())
