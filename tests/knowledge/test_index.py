"""The index on disk and the facade: built, opened, updated, refused."""

from __future__ import annotations

import fcntl
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import IndexMismatchError, KnowledgeError
from voicebot.knowledge import index as on_disk
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq

FAQ = (
    Faq("f.invoice", "发票怎么开", "发票由销售开具。", ("要开票找谁",), source="服务政策 6"),
    Faq("f.draft", "草稿问题", "草稿答案。", status="draft"),
    Faq("f.other", "风扇噪音大怎么办", "请清理灰尘。", product="B200"),
)
SCENES = (
    SceneEntry(
        "s.disk", "硬盘不识别", ("装系统看不到硬盘", "认不到硬盘"), ("硬盘亮黄灯是什么意思",)
    ),
    SceneEntry("s.power", "不开机", ("服务器按电源没反应",)),
)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.md").write_text("# 电源\n\n电源灯熄灭表示没有输入。\n", encoding="utf-8")
    (folder / "b.txt").write_text("内存要插在白色插槽。", encoding="utf-8")
    return folder


def build(documents: Path, embedder: HashingEmbedder) -> Knowledge:
    return Knowledge.build(FAQ, [documents], SCENES, embedder, documents.parent / "index")


def test_what_was_built_is_found_after_opening(documents: Path, hashing: HashingEmbedder) -> None:
    built = build(documents, hashing)
    opened = Knowledge.open(documents.parent / "index", hashing)
    for query in ("电源灯熄灭", "请问要开票找谁呀", "内存插哪个插槽"):
        a, b = built.search(query), opened.search(query)
        assert [(h.id, h.kind) for h in a.hits] == [(h.id, h.kind) for h in b.hits]
        assert [h.score for h in a.hits] == pytest.approx([h.score for h in b.hits], abs=1e-4)
        assert a.answerable == pytest.approx(b.answerable, abs=1e-4)
    assert opened.search("电源灯熄灭").hits[0].source == "a.md > 电源"
    found = opened.search("要开票找谁").hits[0]
    assert (found.id, found.kind, found.text, found.title, found.source) == (
        "f.invoice", HitKind.FAQ, "发票由销售开具。", "发票怎么开", "服务政策 6",
    )  # fmt: skip


def test_hits_are_best_first_each_item_once_and_at_most_k(
    documents: Path, hashing: HashingEmbedder
) -> None:
    result = build(documents, hashing).search("发票怎么开", k=3)
    assert len(result.hits) == 3
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert len({(hit.kind, hit.id) for hit in result.hits}) == 3
    assert 0 <= result.answerable <= 1
    assert result.elapsed_ms > 0


def test_drafts_are_not_answers(documents: Path, hashing: HashingEmbedder) -> None:
    hits = build(documents, hashing).search("草稿问题", k=50).hits
    assert "f.draft" not in [hit.id for hit in hits]


def test_other_products_are_left_out(documents: Path, hashing: HashingEmbedder) -> None:
    knowledge = build(documents, hashing)
    everything, ours, theirs = (
        [hit.id for hit in knowledge.search("风扇噪音大", k=50, product=product).hits]
        for product in ("", "A100", "B200")
    )
    assert everything[0] == theirs[0] == "f.other"
    assert "f.other" not in ours
    assert "f.invoice" in ours


def test_the_scene_comes_with_its_own_probability(
    documents: Path, hashing: HashingEmbedder
) -> None:
    knowledge = build(documents, hashing)
    found = knowledge.search("装系统看不到硬盘")
    assert found.scene is not None
    assert (found.scene.id, found.scene.kind, found.scene.text, found.scene.title) == (
        "s.disk", HitKind.SCENE, "硬盘不识别", "装系统看不到硬盘",
    )  # fmt: skip
    assert all(hit.kind is not HitKind.SCENE for hit in found.hits)


def test_a_counter_example_lowers_the_scene(documents: Path, hashing: HashingEmbedder) -> None:
    plain = tuple(SceneEntry(s.id, s.name, s.triggers) for s in SCENES)
    index = documents.parent / "plain"
    without = Knowledge.build(FAQ, [documents], plain, hashing, index).search(
        "硬盘亮黄灯是什么意思"
    )
    with_counter = build(documents, hashing).search("硬盘亮黄灯是什么意思")
    assert with_counter.scene is not None
    assert with_counter.scene_probability < without.scene_probability / 2


@pytest.mark.parametrize("query", ["", "  ", "。"])
def test_nothing_asked_finds_nothing_to_say(
    documents: Path, hashing: HashingEmbedder, query: str
) -> None:
    assert build(documents, hashing).search(query).answerable < 0.5


def test_only_what_changed_is_embedded_and_what_is_gone_disappears(
    documents: Path, hashing: HashingEmbedder
) -> None:
    build(documents, hashing)
    hashing.embedded.clear()
    build(documents, hashing)
    assert hashing.embedded == []
    (documents / "a.md").unlink()
    (documents / "c.txt").write_text("导轨单独包装。", encoding="utf-8")
    knowledge = build(documents, hashing)
    assert hashing.embedded == ["c\n导轨单独包装。"]
    hits = knowledge.search("电源灯熄灭", k=50).hits
    assert not [hit for hit in hits if hit.source.startswith("a.md")]


def test_every_file_is_reported_and_a_bad_one_stops_nothing(
    documents: Path, hashing: HashingEmbedder
) -> None:
    (documents / "bad.md").write_bytes(b"\0")
    reports = {Path(r.path).name: r for r in build(documents, hashing).reports}
    assert reports["a.md"].passages == 1
    assert reports["bad.md"].problems == ("is binary, not text",)


def test_an_id_used_twice_is_kept_once_and_reported(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    for name, text in (("a.jsonl", "第一处。"), ("b.jsonl", "第二处。")):
        (tmp_path / name).write_text(json.dumps({"id": "x", "text": text}), encoding="utf-8")
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    knowledge = Knowledge.build((), paths, (), hashing, tmp_path / "index")
    assert "id 'x' is already used in" in knowledge.reports[1].problems[0]
    assert [hit.text for hit in knowledge.search("第二处").hits] == ["第一处。"]


def test_nothing_to_index_is_an_error_that_says_why(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    with pytest.raises(KnowledgeError, match=r"nothing to index: .*gone\.md cannot be read"):
        Knowledge.build((), [tmp_path / "gone.md"], (), hashing, tmp_path / "index")


def test_another_embedder_is_refused_by_name(documents: Path, hashing: HashingEmbedder) -> None:
    build(documents, hashing)
    with pytest.raises(IndexMismatchError, match=r"embedder hashing \(\w{12}\), but other"):
        Knowledge.open(documents.parent / "index", HashingEmbedder("other"))


def test_another_format_is_refused(
    documents: Path, hashing: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(documents, hashing)
    monkeypatch.setattr(on_disk, "FORMAT", 4)
    with pytest.raises(IndexMismatchError, match="has format 3, this version reads 4"):
        Knowledge.open(documents.parent / "index", hashing)


def test_no_index_and_a_damaged_index_say_what_to_do(
    documents: Path, hashing: HashingEmbedder
) -> None:
    index = documents.parent / "index"
    with pytest.raises(KnowledgeError, match=r"no index in .*; run `voicebot kb ingest` first"):
        Knowledge.open(index, hashing)
    build(documents, hashing)
    (index / "g00000001" / "answers" / "base" / "vectors.npy").write_bytes(b"broken")
    with pytest.raises(KnowledgeError, match=r"is damaged .*; run `voicebot kb ingest` again"):
        Knowledge.open(index, hashing)


def test_two_writers_do_not_meet(documents: Path, hashing: HashingEmbedder) -> None:
    index = documents.parent / "index"
    index.mkdir()
    with (index / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(KnowledgeError, match="is being written by another process"):
            build(documents, hashing)
    assert build(documents, hashing).search("电源灯熄灭").hits


def test_a_crash_while_writing_leaves_the_old_index(
    documents: Path, hashing: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(documents, hashing)
    index = documents.parent / "index"

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    (documents / "c.txt").write_text("导轨单独包装。", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(KnowledgeError, match="No space left on device"):
            build(documents, hashing)
    assert Knowledge.open(index, hashing).search("电源灯熄灭").hits
    assert not list(index.glob(".part-*"))


def test_old_generations_are_swept(documents: Path, hashing: HashingEmbedder) -> None:
    for number in range(4):
        (documents / "n.txt").write_text(f"第{number}版。", encoding="utf-8")
        build(documents, hashing)
    names = sorted(path.name for path in (documents.parent / "index").glob("g*"))
    assert names == ["g00000003", "g00000004"]


def test_threads_may_search_at_once(documents: Path, hashing: HashingEmbedder) -> None:
    knowledge = build(documents, hashing)
    queries = ["电源灯熄灭", "要开票找谁", "内存插哪个插槽", "装系统看不到硬盘"]
    expected = {query: [hit.id for hit in knowledge.search(query).hits] for query in queries}
    wrong: list[str] = []

    def ask(query: str) -> None:
        for _ in range(20):
            if [hit.id for hit in knowledge.search(query).hits] != expected[query]:
                wrong.append(query)

    threads = [threading.Thread(target=ask, args=(query,)) for query in queries * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
