"""Evidence for a candidate beyond its similarity to the query: names, phrases, and being a hub.

A hub is a text that is near to everything: in high dimensions a few are among the nearest of very
many queries (Radovanović et al. 2010), and what they gain by that is taken back, as in the
cross-domain similarity local scaling of Conneau et al. 2018, with a fixed sample of the pool's
own texts in place of its nearest neighbours.
"""

from __future__ import annotations

import functools

import numpy as np

from voicebot.knowledge import text
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.lexical import Floats
from voicebot.knowledge.pool import SIGNALS, Pool, Scored

EVIDENCE = (
    *SIGNALS,
    "names",  # BM25 of the Latin words and numbers alone, z-score over the pool
    "phrase",  # ln(1 + characters of the longest run that the query and the text share)
    "hub",  # mean cosine to the nearest texts of the pool's sample, less that of all candidates
    "parts",  # ln of the number of passages of its record: the best of several wins by chance
)
SAMPLE = 1024
NEAREST_SHARE = 64  # one in so many of the sample counts as near
SMALL = 64  # a pool of fewer entries has no hubs to speak of
_ITSELF = 0.9999


def evidence(pool: Pool, query: str, scored: Scored) -> Floats:
    """For each candidate (row of `scored`) the numbers that EVIDENCE names: float32 (n, 8)."""
    near = hubs(pool.vectors_of(scored.rows), _sample(pool))
    columns = [
        *scored.z.T,
        _names(pool, query)[scored.rows],
        phrases(query, [pool.entries[row].match for row in scored.rows]),
        near - near.mean(),
        pool.log_parts[scored.rows],
    ]
    return np.column_stack(columns).astype(np.float32)


def _names(pool: Pool, query: str) -> Floats:
    """Names weigh most where they are rarest, so their likeness is scored apart."""
    scores = pool.word_scores([term for term in text.terms(query) if term.isascii()])
    deviation = max(float(scores.std()), 1e-3)
    return np.asarray((scores - scores.mean()) / deviation, np.float32)


def phrases(query: str, texts: list[str]) -> Floats:
    """ln(1 + length) of the longest run of characters shared with each text, spaces left out."""
    asked = _run(query)
    runs = [longest_run(asked, _run(one)) for one in texts]
    return np.log1p(np.array(runs, np.float32))


@functools.lru_cache(maxsize=20_000)
def _run(one: str) -> str:
    """Folding is what a phrase costs most, and the same passages are near again and again."""
    return "".join(text.fold(one).split())


def longest_run(asked: str, held: str) -> int:
    """Length of the longest substring of `asked` that `held` contains."""
    best = 0
    for start in range(len(asked)):
        while start + best < len(asked) and asked[start : start + best + 1] in held:
            best += 1
    return best


def hubs(vectors: Vectors, sample: Vectors) -> Floats:
    """How near each vector is to the nearest of `sample`, itself left out: (n,)."""
    if len(sample) < SMALL:
        return np.zeros(len(vectors), np.float32)
    cosines = vectors @ sample.T
    cosines[cosines > _ITSELF] = -1.0
    k = max(1, len(sample) // NEAREST_SHARE)
    return np.asarray(np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1), np.float32)


def _sample(pool: Pool) -> Vectors:
    """Entries evenly spread over the pool: the same ones for every query."""
    size = min(SAMPLE, len(pool.entries))
    return pool.vectors_of(np.linspace(0, len(pool.entries) - 1, size).astype(np.int64))
