"""What every vector backend promises: the same calls, the same answers within recall's bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors.api import Filter, VectorIndex
from voicebot.knowledge.vectors.choice import VectorChoice, build_vectors, open_vectors
from voicebot.knowledge.vectors.labels import Labels
from voicebot.knowledge.vectors.milvus import MilvusServer

DIM = 24
ROWS = 3000
FLOOR = 0.9  # recall@10 of a backend that does not compare every vector
Open = Callable[[Vectors, Labels], VectorIndex]


def clustered(rows: int, seed: int) -> Vectors:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(40, DIM))
    points = centres[rng.integers(0, 40, rows)] + 0.6 * rng.normal(size=(rows, DIM))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def labels(rows: int) -> Labels:
    products = ["" if i % 3 == 0 else "A" if i % 3 == 1 else 'B "2U"' for i in range(rows)]
    return Labels.of(products, ["draft" if i % 10 == 9 else "approved" for i in range(rows)])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> MilvusServer:
    uri = str(tmp_path_factory.mktemp("milvus") / "vectors.db")
    return MilvusServer(uri, collection="contract", timeout_s=20.0)


@pytest.fixture(params=["flat", "ivf", "milvus"])
def open_index(
    request: pytest.FixtureRequest, tmp_path: Path, server: MilvusServer
) -> Iterator[Open]:
    choice = VectorChoice(request.param, server)
    folders: list[Path] = []

    def made(vectors: Vectors, labels: Labels) -> VectorIndex:
        folder = tmp_path / f"v{len(folders)}"
        folder.mkdir()
        folders.append(folder)
        build_vectors(folder, vectors, labels, choice, lambda stage, done, total: None)
        return open_vectors(folder, vectors, labels, choice)

    return made


def test_the_nearest_are_found_best_first(open_index: Open) -> None:
    vectors, queries = clustered(ROWS, 1), clustered(50, 2)
    index = open_index(vectors, labels(ROWS))
    assert (len(index), index.dim) == (ROWS, DIM)
    hits = 0
    for query in queries:
        found = index.search(query, 10)
        exact = np.argsort(-(vectors @ query))[:10]
        hits += len(set(found.rows.tolist()) & set(exact.tolist()))
        assert len(found.rows) == len(set(found.rows.tolist())) == 10
        assert np.all(np.diff(found.cosines) <= 1e-6)
        assert found.cosines == pytest.approx(vectors[found.rows] @ query, abs=0.01)
    assert hits / (10 * len(queries)) >= FLOOR


def test_filters_let_through_what_they_name_and_nothing_else(open_index: Open) -> None:
    vectors, query = clustered(ROWS, 1), clustered(1, 3)[0]
    marks = labels(ROWS)
    index = open_index(vectors, marks)
    for keep in (
        Filter(products=frozenset(("", "A"))),
        Filter(products=frozenset(('B "2U"',))),
        Filter(statuses=frozenset(("approved",))),
        Filter(frozenset(("A",)), frozenset(("draft",))),
    ):
        allowed = np.flatnonzero(marks.mask(keep))
        exact = allowed[np.argsort(-(vectors[allowed] @ query))[:10]]
        found = index.search(query, 10, keep).rows.tolist()
        assert set(found) <= set(allowed.tolist())
        assert len(set(found) & set(exact.tolist())) >= 9
    assert len(index.search(query, 10, Filter(products=frozenset(("C",)))).rows) == 0


def test_deleted_rows_are_never_found_again(open_index: Open) -> None:
    vectors, query = clustered(ROWS, 1), clustered(1, 4)[0]
    index = open_index(vectors, labels(ROWS))
    gone = index.search(query, 30).rows
    index.delete(gone.tolist())
    assert len(index) == ROWS - 30
    after = index.search(query, 10).rows
    assert len(after) == 10
    assert not set(after.tolist()) & set(gone.tolist())
    index.delete([int(gone[0])])  # twice is once
    assert len(index) == ROWS - 30
    for row in (-1, ROWS):
        with pytest.raises(ValueError, match=f"rows 0 to {ROWS - 1} are expected, got {row}"):
            index.delete([row])


def test_duplicates_are_all_found(open_index: Open) -> None:
    vectors = clustered(ROWS, 1)
    vectors[100:105] = vectors[99]
    found = open_index(vectors, labels(ROWS)).search(vectors[99], 6).rows
    assert set(found.tolist()) == set(range(99, 105))


def test_asking_for_more_than_there_is_and_for_nothing(open_index: Open) -> None:
    vectors = clustered(5, 1)
    index = open_index(vectors, labels(5))
    assert set(index.search(vectors[0], 50).rows.tolist()) == set(range(5))
    assert len(index.search(vectors[0], 0).rows) == 0
    index.delete(range(5))
    assert len(index) == 0
    assert len(index.search(vectors[0], 3).rows) == 0


def test_a_query_of_another_shape_is_refused(open_index: Open) -> None:
    index = open_index(clustered(50, 1), labels(50))
    for shape in ((DIM + 1,), (1, DIM)):
        with pytest.raises(ValueError, match=rf"shape \({DIM},\) is expected, got"):
            index.search(np.zeros(shape, np.float32), 3)


def test_threads_may_search_at_once(open_index: Open) -> None:
    vectors, queries = clustered(ROWS, 1), clustered(8, 5)
    index = open_index(vectors, labels(ROWS))
    keep = Filter(products=frozenset(("A",)))
    expected = [index.search(query, 10, keep).rows.tolist() for query in queries]
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(5):
            if index.search(queries[number], 10, keep).rows.tolist() != expected[number]:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(queries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
