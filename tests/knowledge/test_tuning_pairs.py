"""The pairs that an embedder is tuned on, their split, and the measure; without torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import KnowledgeError
from voicebot.knowledge.tuning.measure import recall, wilson
from voicebot.knowledge.tuning.pairs import Pair, Split, read_pairs, split

FAQ = [
    {
        "id": f"f{n}",
        "question": f"问题{n}",
        "answer": f"答案{n}",
        "similar": [f"换个说法{n}", f"再换个说法{n}"],
        "status": "draft" if n == 0 else "approved",
    }
    for n in range(15)
]
PAIRS = [Pair(f"问{n}{m}", f"答{n}") for n in range(50) for m in range(3)]


def test_pairs_of_faq_are_those_of_approved_items(tmp_path: Path) -> None:
    path = tmp_path / "faq.yaml"
    path.write_text(yaml.safe_dump(FAQ, allow_unicode=True), encoding="utf-8")
    pairs = read_pairs([path])
    assert len(pairs) == 28
    assert pairs[0] == Pair("换个说法1", "问题1\n答案1")


def test_a_line_is_read_once_and_a_bad_one_is_named(tmp_path: Path) -> None:
    lines = [json.dumps({"question": p.question, "passage": p.passage}) for p in PAIRS[:30]]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join([*lines, "", *lines]), encoding="utf-8")
    assert read_pairs([path]) == PAIRS[:30]
    for bad in ('{"question": "a"}', '{"question": "", "passage": "b"}', "[1]", "{"):
        path.write_text("\n".join([*lines, bad]), encoding="utf-8")
        with pytest.raises(KnowledgeError, match=r"p\.jsonl:31: .* is expected, got"):
            read_pairs([path])


def test_too_little_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"question": "a", "passage": "b"}', encoding="utf-8")
    with pytest.raises(KnowledgeError, match="at least 20 pairs of two passages are expected"):
        read_pairs([path])
    with pytest.raises(KnowledgeError, match="cannot be read"):
        read_pairs([tmp_path / "gone.jsonl"])


def test_no_passage_is_on_both_sides_and_order_does_not_matter() -> None:
    parted = split(PAIRS, 0.3, 1)
    sides = [{pair.passage for pair in side} for side in (parted.train, parted.held_out)]
    assert not sides[0] & sides[1]
    assert 0.1 < len(parted.held_out) / len(PAIRS) < 0.5
    assert set(split(PAIRS[::-1], 0.3, 1).held_out) == set(parted.held_out)
    assert set(split(PAIRS, 0.3, 2).held_out) != set(parted.held_out)
    assert set(parted.passages) == {pair.passage for pair in PAIRS}


def test_a_split_with_an_empty_side_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="holding out 5% leaves 2 pairs to train on and 0"):
        split([Pair("a", "x"), Pair("b", "x")], 0.05, 1)


def test_wilson_bounds_are_those_of_the_tables() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson(0, 20) == pytest.approx((0.0, 0.161), abs=1e-3)
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(0, 0)


def test_recall_counts_the_passages_that_lie_nearer() -> None:
    parted = Split(
        (Pair("内存插哪里", "内存插在白色插槽"),),
        (Pair("电源灯熄灭", "电源灯熄灭表示没有输入"), Pair("内存插白色", "毫不相干的一句话")),
    )
    found = recall(HashingEmbedder(), parted)
    assert found.ranks[0] == 0
    assert found.ranks[1] > 0
    assert (found.n, found.at(1), found.at(3)) == (2, 0.5, 1.0)
    assert str(found).startswith("R@1 0.500 [")
