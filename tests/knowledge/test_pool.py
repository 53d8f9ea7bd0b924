"""A pool's candidates: filtered before they are counted, found by words where vectors fail."""

from __future__ import annotations

import numpy as np

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.pool import CANDIDATES, Part, Pool, labels_of
from voicebot.knowledge.vectors.api import EVERYTHING, Filter, Nearest, VectorsUnavailableError
from voicebot.knowledge.vectors.flat import FlatIndex


class Gone(FlatIndex):
    """A server that never answers."""

    def search(self, query: Vectors, k: int, keep: Filter = EVERYTHING) -> Nearest:
        raise VectorsUnavailableError("gone")


def entry(number: int, text: str, product: str) -> Entry:
    return Entry(f"e{number}", HitKind.FAQ, Role.ANSWER, text, text, product=product)


def test_a_products_own_entries_are_found_behind_many_of_another() -> None:
    """The query shares no word with any; the nearest hundred vectors are of another product."""
    rng = np.random.default_rng(4)
    query = np.eye(16, dtype=np.float32)[0]
    vectors = (query + 0.05 * rng.normal(size=(200, 16))).astype(np.float32)
    vectors[150:] = rng.normal(size=(50, 16))
    vectors[170] = query + 0.3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"说明{n}" for n in range(200)]
    products = ["B"] * 170 + ["A"] + ["B"] * 29
    pool = Pool.build(
        [
            entry(n, text, product)
            for n, (text, product) in enumerate(zip(texts, products, strict=False))
        ],
        vectors,
    )
    dense = {name: set(pool._nearest(query, name).tolist()) for name in ("", "A", "C")}
    assert 170 not in dense[""] and len(dense[""]) == CANDIDATES
    assert dense["A"] == {170}
    assert dense["C"] == set()
    assert 170 in pool.score("zzzz", query, "A").rows


def test_words_find_alone_where_vectors_cannot_be_searched(hashing: HashingEmbedder) -> None:
    texts = ["电源灯熄灭表示没有输入", "内存插在白色插槽", "整机保修三年"]
    entries = [entry(n, text, "") for n, text in enumerate(texts)]
    vectors = hashing.passages(texts)
    whole = Pool.build(entries, vectors)
    part = whole.parts[0]
    gone = Gone(vectors, labels_of(entries))
    pool = Pool(
        [Part(part.entries, part.vectors, part.postings, gone)], whole.moments, whole.log_parts
    )
    query = "保修几年"
    found, expected = (p.score(query, hashing.queries([query])[0]) for p in (pool, whole))
    assert found.rows.tolist() == expected.rows.tolist()
    assert np.allclose(found.raw, expected.raw)
