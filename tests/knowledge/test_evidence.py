"""What the order of passages rests on: names, phrases, hubs, and the slot for a reranker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge import refusal
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.evidence import EVIDENCE, evidence, hubs, longest_run, phrases
from voicebot.knowledge.lexical import Floats
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.ranking import WEIGHTS, Candidates, Fusion, fusion, rank
from voicebot.knowledge.rerank import DEPTH, rerank

TEXTS = ("重启 TiKV 节点", "重启 TiDB 节点", "重启数据库的节点", "清理风扇")


@pytest.fixture
def pool(hashing: HashingEmbedder) -> Pool:
    entries = [
        Entry(f"p{i}", HitKind.PASSAGE, Role.ANSWER, text, text) for i, text in enumerate(TEXTS)
    ]
    return Pool.build(entries, hashing.passages(TEXTS))


def candidates(pool: Pool, hashing: HashingEmbedder, query: str) -> Candidates:
    return Candidates.of(pool, query, pool.score(query, hashing.queries([query])[0]))


def only(name: str) -> Fusion:
    return Fusion(np.eye(len(EVIDENCE), dtype=np.float32)[EVIDENCE.index(name)])


def test_names_alone_put_the_passage_with_the_name_first(
    pool: Pool, hashing: HashingEmbedder
) -> None:
    asked = candidates(pool, hashing, "怎么让 tidb 数据库的节点")
    assert rank(pool, asked, only("names"))[0].entry.id == "p1"
    assert rank(pool, asked, only("phrase"))[0].entry.id == "p2"


def test_a_query_without_names_gives_all_the_same(pool: Pool, hashing: HashingEmbedder) -> None:
    found = candidates(pool, hashing, "怎么重启节点").evidence[:, EVIDENCE.index("names")]
    assert np.all(found == 0)


@pytest.mark.parametrize(
    ("asked", "held", "length"),
    [
        ("硬盘黄灯", "黄灯常亮", 2),
        ("", "黄灯", 0),
        ("黄灯", "", 0),
        ("abc", "xabcx", 3),
        ("一", "二", 0),
    ],
)
def test_the_longest_shared_run(asked: str, held: str, length: int) -> None:
    assert longest_run(asked, held) == length


def test_spaces_and_case_do_not_break_a_phrase() -> None:
    assert phrases("RAID 卡", ["raid卡报警"])[0] == pytest.approx(np.log1p(5))


def test_a_text_near_to_many_is_a_hub_and_itself_does_not_count() -> None:
    rng = np.random.default_rng(7)
    crowd = rng.normal(size=(100, 8)).astype(np.float32)
    crowd[:50] = crowd[0] + 0.05 * crowd[:50]
    crowd /= np.linalg.norm(crowd, axis=1, keepdims=True)
    found = hubs(crowd, crowd)
    assert found[:50].min() > 0.95 > found[50:].max()
    assert np.all(hubs(crowd, crowd[:10]) == 0)  # too few to tell


def test_a_query_has_the_same_evidence_every_time(pool: Pool, hashing: HashingEmbedder) -> None:
    query = "重启节点"
    scored = pool.score(query, hashing.queries([query])[0])
    first, second = evidence(pool, query, scored), evidence(pool, query, scored)
    assert first.shape == (len(scored.rows), len(EVIDENCE))
    assert np.array_equal(first, second)


def test_committed_weights_name_all_evidence_and_where_they_come_from() -> None:
    fields = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert fields["version"] == 1
    assert fields["provenance"]["fitted_by"] == "tests/bench/fit_fusion.py"
    for name in ("answers", "questions"):
        assert set(fields["pools"][name]["weights"]) == set(EVIDENCE)
    assert fusion("answers").weights[EVIDENCE.index("hub")] < 0
    assert fusion("answers").without("hub").weights[EVIDENCE.index("hub")] == 0


def test_what_the_query_names_and_the_passage_lacks_is_missing(
    pool: Pool, hashing: HashingEmbedder
) -> None:
    known, unknown = (
        dict(
            zip(
                refusal.FEATURES,
                refusal.features(
                    query, rank(pool, candidates(pool, hashing, query), only("names")), pool.words
                ),
                strict=True,
            )
        )
        for query in ("重启 tikv 节点", "重启 oracle 节点")
    )
    assert known["names_missing"] == 0 < unknown["names_missing"]
    assert known["covered"] == pytest.approx(1)
    assert unknown["covered"] < 1


class Backwards:
    """Likes the texts in the reverse of the order in which they come."""

    weight = 100.0

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, query: str, texts: Sequence[str]) -> Floats:
        self.read = list(texts)
        return np.arange(len(texts), dtype=np.float32)


def test_a_reranker_reads_the_best_and_leaves_the_rest_behind(hashing: HashingEmbedder) -> None:
    texts = [f"重启节点{'很' * i}" for i in range(DEPTH + 5)]
    entries = [Entry(f"p{i}", HitKind.PASSAGE, Role.ANSWER, t, t) for i, t in enumerate(texts)]
    pool = Pool.build(entries, hashing.passages(texts))
    before = rank(pool, candidates(pool, hashing, "重启节点"), only("dense"))
    model = Backwards()
    after = rerank("重启节点", before, model)
    assert model.read == [item.entry.match for item in before[:DEPTH]]
    assert [item.entry.id for item in after] == [
        item.entry.id for item in (*reversed(before[:DEPTH]), *before[DEPTH:])
    ]
    assert [item.fused for item in after] == sorted((i.fused for i in after), reverse=True)
    assert rerank("重启节点", [], model) == []


def test_what_is_left_out_is_not_found(tmp_path: Path, hashing: HashingEmbedder) -> None:
    from voicebot.knowledge.knowledge import Knowledge

    records = tmp_path / "k.jsonl"
    lines = [json.dumps({"id": f"p{i}", "text": text}) for i, text in enumerate(TEXTS)]
    records.write_text("\n".join(lines), encoding="utf-8")
    knowledge = Knowledge.build((), [records], (), hashing, tmp_path / "index")
    assert knowledge.search("清理风扇").hits[0].id == "p3"
    assert "p3" not in [hit.id for hit in knowledge.search("清理风扇", without={"p3"}).hits]
    assert set(knowledge.explain("清理风扇")["p3"]) == set(EVIDENCE)
    assert knowledge.explain("") == {}
    assert knowledge.answers()["p3"] == "清理风扇"


def test_the_threshold_is_read_off_the_risk_that_is_wanted() -> None:
    strict, usual, lax = (refusal.threshold(share) for share in (0.02, 0.1, 0.4))
    assert 0 < lax < usual < strict < 1
    assert 0.4 < usual < 0.7
    assert (refusal.threshold(1.0), refusal.threshold(0.0)) == (0.0, 1.0)
