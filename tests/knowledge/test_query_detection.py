"""Is this something to answer? The fitted model, and its fit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.bench.fit_query_detection import (
    LINES,
    Data,
    best_threshold,
    cross_validated,
    fitted,
    scores,
)
from voicebot.knowledge.query_detection import WEIGHTS, detector, from_fields, ngrams
from voicebot.knowledge.query_kind import to_be_answered

ASKED = (
    "这机器咋整", "保修到哪天", "盘又掉线了", "硬盘的灯一直闪黄", "阵列卡驱动哪里有", "网口连不上",
)  # fmt: skip
TOLD = (
    "我们刚换过机房", "灯是绿色的", "我去拿一下钥匙", "嗯嗯", "已经恢复正常了", "好的", "不是这台",
)  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_to_be_answered(text: str) -> None:
    assert to_be_answered(text)


@pytest.mark.parametrize("text", TOLD)
def test_told(text: str) -> None:
    assert not to_be_answered(text)


@pytest.mark.parametrize("text", ["", " ", "？" * 9, "啊" * 5000, "\x00\ud800", "🙂"])
def test_any_text_has_a_probability(text: str) -> None:
    assert 0.0 <= detector().probability(text) <= 1.0


def test_the_weights_are_small_and_say_where_they_come_from() -> None:
    assert WEIGHTS.stat().st_size < 100_000
    fields = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert fields["from"] == "ours" and "fitted on" in fields["about"]


def lines(count: int) -> Data:
    rows = [r for r in LINES.read_text("utf-8").splitlines() if r[:2] in ("+ ", "- ")][-count:]
    labels = np.array([int(row[0] == "+") for row in rows])
    return Data(tuple(row[2:] for row in rows), labels, ("lines",) * len(rows))


def test_a_fit_separates_what_it_was_fitted_on_and_survives_the_file() -> None:
    data = lines(120)
    fields = json.loads(json.dumps(fitted(data)))
    said = np.array([from_fields(fields).asks(text) for text in data.texts])
    assert scores(said, data.labels)[0] > 0.9


def test_unseen_folds_are_unseen() -> None:
    """Labels that nothing tells are not learnt: F1 stays at that of saying yes to all."""
    data = lines(80)
    shuffled = np.random.default_rng(3).permutation(data.labels)
    said = cross_validated(Data(data.texts, shuffled, data.sources), 0)
    assert scores(said, shuffled)[0] < 0.85


def test_the_threshold_lies_between_what_it_parts() -> None:
    logits = np.concatenate([np.linspace(-3, -1, 60), np.linspace(1, 3, 60)])
    labels = np.array([0] * 60 + [1] * 60)
    assert -1.5 < best_threshold(logits, labels) < 1.5


def test_ngrams_hold_their_ends_and_take_figures_as_one() -> None:
    assert {"^硬", "换$", "盘"} <= ngrams("硬盘怎么换")
    assert "0" in ngrams("型号5280") and not any("5" in gram for gram in ngrams("型号5280"))
