"""A new generation takes its place between two queries: no pause, no failed query."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import structlog

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.vectors.choice import VectorChoice
from voicebot.pack import Faq

SMALL = VectorChoice(delta_from=10)  # changes stay beside from ten entries on
OPENING_S = 1.0
FACTS = [f"第{n}号服务器的备件放在{n * 7 % 90 + 10}号货架。" for n in range(40)]


def write(folder: Path, facts: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.txt"):
        path.unlink()
    for number, fact in enumerate(facts):
        (folder / f"f{number:03d}.txt").write_text(fact, encoding="utf-8")


def build(tmp_path: Path, facts: list[str], choice: VectorChoice = SMALL) -> Knowledge:
    write(tmp_path / "in", facts)
    return Knowledge.build(
        (), [tmp_path / "in"], (), HashingEmbedder(), tmp_path / "index", vectors=choice
    )


def until(holds: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def delta(tmp_path: Path) -> Path:
    newest = max((tmp_path / "index").glob("g*"))
    return newest / "answers" / "delta"


def test_a_reader_finds_what_was_written_after_it_opened(tmp_path: Path) -> None:
    build(tmp_path, FACTS)
    reader = Knowledge.open(tmp_path / "index", HashingEmbedder())
    fresh = "导轨套件单独包装发货。"
    build(tmp_path, [*FACTS, fresh])
    assert until(lambda: reader.search("导轨套件单独包装").hits[0].text == fresh)
    assert len(reader) == len(FACTS) + 1


def test_no_query_fails_or_waits_while_generations_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every generation holds the fact asked for; opening one is made slow."""
    from voicebot.knowledge import live

    loading = live.load

    def slow(*args: object, **kwargs: object) -> object:
        time.sleep(OPENING_S)
        return loading(*args, **kwargs)  # type: ignore[arg-type]

    build(tmp_path, FACTS)
    reader = Knowledge.open(tmp_path / "index", HashingEmbedder())
    monkeypatch.setattr(live, "load", slow)
    done = threading.Event()
    slowest, wrong = [0.0], []

    def ask() -> None:
        while not done.is_set():
            started = time.perf_counter()
            hits = reader.search("第11号服务器的备件").hits
            slowest[0] = max(slowest[0], time.perf_counter() - started)
            if not hits or hits[0].text != FACTS[11]:
                wrong.append(hits)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(3):
        build(tmp_path, [*FACTS, f"第{number}次补充。"])
    monkeypatch.undo()
    assert until(lambda: reader.search("第2次补充").hits[0].text == "第2次补充。")
    done.set()
    asking.join()
    assert wrong == []
    assert slowest[0] < OPENING_S  # a query that waits for an opening takes longer


def test_a_generation_that_cannot_be_opened_is_passed_over(tmp_path: Path) -> None:
    build(tmp_path, FACTS)
    reader = Knowledge.open(tmp_path / "index", HashingEmbedder())
    Knowledge.build((), [tmp_path / "in"], (), HashingEmbedder("other"), tmp_path / "index")
    for _ in range(5):
        assert reader.search("第11号服务器的备件").hits[0].text == FACTS[11]
        time.sleep(0.02)
    build(tmp_path, [*FACTS, "又回来了。"])
    assert until(lambda: reader.search("又回来了").hits[0].text == "又回来了。")


def test_small_changes_stay_beside_the_large_part(tmp_path: Path) -> None:
    build(tmp_path, FACTS)
    changed = [*FACTS[:5], "第5号服务器已经退役。", *FACTS[6:]]
    beside = build(tmp_path, changed)
    assert delta(tmp_path).is_dir()
    base = [max((tmp_path / "index").glob(f"g*{n}")) / "answers/base/vectors.npy" for n in (1, 2)]
    assert base[0].samefile(base[1])  # shared, not written again
    whole = build(tmp_path / "whole", changed)
    assert len(beside) == len(whole) == len(FACTS)
    for question in ("第5号服务器", "第11号服务器的备件放在哪", "货架", "已经退役"):
        a, b = (k.search(question, k=5) for k in (beside, whole))
        assert a.hits[0].text == b.hits[0].text
        assert a.answerable == pytest.approx(b.answerable, abs=0.1), question
        assert FACTS[5] not in [hit.text for hit in a.hits]


def test_changes_add_up_and_are_merged(tmp_path: Path) -> None:
    build(tmp_path, FACTS)
    build(tmp_path, [*FACTS, "补充一。"])
    build(tmp_path, [*FACTS, "补充一。", "补充二。"])
    assert delta(tmp_path).is_dir()
    merged = build(tmp_path, [*FACTS, "补充一。", "补充二。", "补充三。"])
    assert not delta(tmp_path).exists()  # three of forty are more than one in twenty
    assert merged.search("补充三").hits[0].text == "补充三。"


def test_taking_away_and_bringing_back(tmp_path: Path) -> None:
    build(tmp_path, FACTS)
    without = build(tmp_path, FACTS[1:])
    assert FACTS[0] not in [hit.text for hit in without.search("第0号服务器的备件", k=40).hits]
    assert len(without) == len(FACTS) - 1
    back = build(tmp_path, FACTS)
    assert back.search("第0号服务器的备件").hits[0].text == FACTS[0]
    assert not delta(tmp_path).exists()


def test_another_backend_is_built_anew(tmp_path: Path) -> None:
    flat = build(tmp_path, FACTS)
    cells = VectorChoice("ivf", delta_from=10)
    ivf = build(tmp_path, FACTS, cells)
    newest = max((tmp_path / "index").glob("g*"))
    assert (newest / "answers/base/lists.bin").is_file()
    assert '"backends": [\n  "ivf"\n ]' in (newest / "meta.json").read_text()
    for question in ("第11号服务器的备件", "货架"):
        assert [h.id for h in flat.search(question).hits] == [
            h.id for h in ivf.search(question).hits
        ]


def test_questions_and_answers_grow_apart(tmp_path: Path) -> None:
    write(tmp_path / "in", FACTS)
    faq = [Faq(f"f{n}", f"问题{n}怎么办", f"答案{n}。") for n in range(30)]
    more = Faq("f.new", "保修多久", "保修三年。")
    for items in (faq, [*faq, more]):
        knowledge = Knowledge.build(
            items, [tmp_path / "in"], (), HashingEmbedder(), tmp_path / "index", vectors=SMALL
        )
    assert knowledge.search("保修多久").hits[0].id == "f.new"
    assert len(knowledge) == len(FACTS) + 2 * len(faq) + 2


def test_the_moments_are_those_of_what_can_be_found(tmp_path: Path) -> None:
    """Read block by block or at once, and with parts or without."""
    from voicebot.knowledge.pool import Moments

    vectors = np.random.default_rng(3).normal(size=(500, 6)).astype(np.float32)
    moments = Moments.of(vectors)
    assert moments.mean == pytest.approx(vectors.mean(axis=0), abs=1e-5)
    assert moments.covariance == pytest.approx(np.cov(vectors.T, bias=True), abs=1e-4)


@pytest.mark.parametrize("pointer", [b"\xff\xfe", b"", b"g99999999"])
def test_a_damaged_pointer_is_logged_and_passed_over(tmp_path: Path, pointer: bytes) -> None:
    reader = build(tmp_path, FACTS)
    with structlog.testing.capture_logs() as logs:
        (tmp_path / "index" / "CURRENT").write_bytes(pointer)
        assert until(lambda: bool(reader.search("备件").hits) and bool(logs))
    assert [each["event"] for each in logs] == ["index_not_renewed"]
    assert len(reader) == len(FACTS)
