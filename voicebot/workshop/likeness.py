"""Do two questions ask the same? A probability from meaning, words, sound, and what is found.

What tells most is whether the index finds the same things for both: two questions may share no
word and be about one passage. A logistic model over six numbers of a pair; ``likeness.json`` holds
its weights, what they were fitted on and what they scored on entries left out
(``tests/bench/fit_likeness.py`` writes it).
"""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.api import SearchResult
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.identifiers import identifiers
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.text import clean_query, content, grams, sounds

WEIGHTS = Path(__file__).with_name("likeness.json")
FEATURES = ("cosine", "characters", "sounds", "content", "numbers", "found")
_BATCH = 64
_HITS = 8
Progress = Callable[[int, int], None]


def unseen(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Said:
    """Questions, ready to be compared: `vectors` is (n, dim) with norm 1, `found` is the share that
    each hit has of what the index finds for a question, by its id."""

    texts: tuple[str, ...]
    vectors: Vectors
    results: tuple[SearchResult, ...]
    found: tuple[Mapping[str, float], ...]
    grams: tuple[Counter[str], ...]
    sounds: tuple[Counter[str], ...]
    content: tuple[frozenset[str], ...]
    numbers: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, texts: Sequence[str], knowledge: Knowledge, progress: Progress = unseen) -> Said:
        """Embed and look up the questions; openers such as 请问一下 are left out."""
        cores = [clean_query(text) for text in texts]
        embedder = knowledge.embedder
        parts = [
            embedder.queries(cores[start : start + _BATCH])
            for start in range(0, len(cores), _BATCH)
        ]
        results = []
        for nth, text in enumerate(texts):
            progress(nth, len(texts))
            results.append(knowledge.search(text, k=_HITS))
        return cls(
            tuple(texts),
            np.concatenate(parts) if parts else np.zeros((0, embedder.dim), np.float32),
            tuple(results),
            tuple(_shares(result) for result in results),
            tuple(Counter(grams(core)) for core in cores),
            tuple(Counter(sounds(core)) for core in cores),
            tuple(frozenset(content(core)) for core in cores),
            tuple(frozenset(identifiers(core)) for core in cores),
        )

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Likeness:
    """The fitted model."""

    weights: tuple[float, ...]
    bias: float

    def pairs(
        self, some: Said, others: Said, pairs: Sequence[tuple[int, int]]
    ) -> npt.NDArray[np.float64]:
        """The probability for each (index in `some`, index in `others`)."""
        if not pairs:
            return np.zeros(0)
        logits = features(some, others, pairs) @ np.array(self.weights) + self.bias
        result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
        return result


@functools.cache
def likeness() -> Likeness:
    """The committed weights."""
    fields = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Likeness(tuple(fields["weights"]), fields["bias"])


def features(some: Said, others: Said, pairs: Sequence[tuple[int, int]]) -> npt.NDArray[np.float64]:
    """FEATURES of each pair: cosine, shared character n-grams, shared pinyin pairs, shared words
    that name something, whether one names a number or model that the other does not, and the cosine
    of what is found for them."""
    rows = []
    for one, other in pairs:
        rows.append(
            (
                float(some.vectors[one] @ others.vectors[other]),
                _shared(some.grams[one], others.grams[other]),
                _shared(some.sounds[one], others.sounds[other]),
                _common(some.content[one], others.content[other]),
                float(some.numbers[one] != others.numbers[other]),
                _cosine(some.found[one], others.found[other]),
            )
        )
    return np.array(rows)


def nearest(said: Said, others: Said, most: int) -> npt.NDArray[np.int64]:
    """For each of `said` the `most` of `others` nearest in meaning, nearest first: (n, most)."""
    import faiss

    most = min(most, len(others))
    if not len(said) or not most:
        return np.zeros((len(said), 0), np.int64)
    index = faiss.IndexFlatIP(others.vectors.shape[1])
    index.add(np.ascontiguousarray(others.vectors))
    found: npt.NDArray[np.int64] = index.search(np.ascontiguousarray(said.vectors), most)[1]
    return found


def _shares(result: SearchResult) -> dict[str, float]:
    """The softmax of the hits' logits."""
    best = max((hit.score for hit in result.hits), default=0.0)
    raw = {hit.id: math.exp(hit.score - best) for hit in result.hits}
    return {hit: share / sum(raw.values()) for hit, share in raw.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    dot = sum(share * other.get(hit, 0.0) for hit, share in one.items())
    norms = math.hypot(*one.values()) * math.hypot(*other.values())
    return dot / norms if norms else 0.0


def _shared(one: Counter[str], other: Counter[str]) -> float:
    """Dice's coefficient of two bags."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _common(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
