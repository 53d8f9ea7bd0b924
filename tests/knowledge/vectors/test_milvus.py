"""Milvus that is not there, hangs, or is cleaned up after: with milvus-lite and bare sockets."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import KnowledgeError
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.vectors import milvus
from voicebot.knowledge.vectors.api import VectorsUnavailableError
from voicebot.knowledge.vectors.choice import VectorChoice
from voicebot.knowledge.vectors.labels import Labels
from voicebot.knowledge.vectors.milvus import MilvusIndex, MilvusServer

QUERY = np.eye(1, 8, dtype=np.float32)[0]


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """A port where nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{door.getsockname()[1]}"


def opened(uri: str, clock: list[float]) -> MilvusIndex:
    server = MilvusServer(uri, timeout_s=0.2)
    return MilvusIndex(server, "gone", Labels.of([""] * 3), 8, clock=lambda: clock[0])


@pytest.mark.parametrize("which", ["silent", "closed"])
def test_a_server_that_does_not_answer_costs_one_deadline_and_is_then_left_alone(
    which: str, request: pytest.FixtureRequest
) -> None:
    clock = [0.0]
    index = opened(request.getfixturevalue(which), clock)
    started = time.monotonic()
    with pytest.raises(VectorsUnavailableError, match=r"Milvus at http://127.*by words alone"):
        index.search(QUERY, 3)
    assert time.monotonic() - started < 5  # the deadline is 0.2 s; far more on a busy machine
    with pytest.raises(VectorsUnavailableError, match="did not answer just before"):
        index.search(QUERY, 3)
    clock[0] = milvus.REST_S + 1
    with pytest.raises(VectorsUnavailableError) as again:
        index.search(QUERY, 3)
    assert "just before" not in str(again.value)


def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.md").write_text("# 电源\n\n电源灯熄灭表示没有输入。\n", encoding="utf-8")
    (folder / "b.md").write_text("# 内存\n\n内存要插在白色插槽。\n", encoding="utf-8")
    return folder


def lite(tmp_path: Path) -> VectorChoice:
    return VectorChoice("milvus", MilvusServer(str(tmp_path / "m.db"), timeout_s=20.0))


def test_an_index_in_milvus_answers_like_a_flat_one(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    folder = documents(tmp_path)
    flat = Knowledge.build((), [folder], (), hashing, tmp_path / "flat")
    there = Knowledge.build((), [folder], (), hashing, tmp_path / "milvus", vectors=lite(tmp_path))
    for question in ("电源灯熄灭", "内存插哪里"):
        a, b = flat.search(question), there.search(question)
        assert [hit.id for hit in a.hits] == [hit.id for hit in b.hits]
        assert b.answerable == pytest.approx(a.answerable, abs=1e-3)


def test_collections_that_no_generation_names_are_dropped(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    folder, choice = documents(tmp_path), lite(tmp_path)
    assert choice.milvus is not None
    for number in range(4):
        (folder / "n.md").write_text(f"第{number}版。", encoding="utf-8")
        Knowledge.build((), [folder], (), hashing, tmp_path / "index", vectors=choice)
    names = milvus._client(choice.milvus).list_collections()
    assert len(names) == 2  # of this generation and the one before


def test_search_goes_on_with_words_when_the_server_is_gone(
    tmp_path: Path, hashing: HashingEmbedder, closed: str
) -> None:
    folder = documents(tmp_path)
    Knowledge.build((), [folder], (), hashing, tmp_path / "index", vectors=lite(tmp_path))
    gone = VectorChoice("milvus", MilvusServer(closed, timeout_s=0.2))
    knowledge = Knowledge.open(tmp_path / "index", hashing, gone)
    started = time.monotonic()
    assert knowledge.search("电源灯熄灭").hits[0].text == "电源灯熄灭表示没有输入。"
    assert time.monotonic() - started < 5


def test_an_ingest_without_its_server_says_so_and_leaves_the_index(
    tmp_path: Path, hashing: HashingEmbedder, closed: str
) -> None:
    folder = documents(tmp_path)
    Knowledge.build((), [folder], (), hashing, tmp_path / "index")
    gone = VectorChoice("milvus", MilvusServer(closed, timeout_s=0.2))
    with pytest.raises(KnowledgeError, match=r"Milvus at http://127\S+ failed: .*is it running"):
        Knowledge.build((), [folder], (), hashing, tmp_path / "index", vectors=gone)
    assert Knowledge.open(tmp_path / "index", hashing).search("电源灯熄灭").hits


def test_an_index_in_milvus_asks_for_the_server(tmp_path: Path, hashing: HashingEmbedder) -> None:
    folder = documents(tmp_path)
    Knowledge.build((), [folder], (), hashing, tmp_path / "index", vectors=lite(tmp_path))
    with pytest.raises(KnowledgeError, match=r"are in Milvus, .* set knowledge\.milvus\.uri"):
        Knowledge.open(tmp_path / "index", hashing)


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, hashing: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(KnowledgeError, match=r"run pip install 'voicebot\[milvus\]'"):
        Knowledge.build(
            (), [documents(tmp_path)], (), hashing, tmp_path / "index", vectors=lite(tmp_path)
        )


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(MilvusServer("http://127.0.0.1:1", token="secret"))
