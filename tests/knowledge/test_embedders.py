"""One contract for every embedder; the fake keeps it too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import WeightsError
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.embedder import Embedder


@pytest.fixture(params=["hashing", pytest.param("e5", marks=pytest.mark.weights)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    found: HashingEmbedder | CT2Embedder = request.getfixturevalue(request.param)
    return found


TEXTS = ["硬盘亮红灯", "服务器开不了机，按电源键没有反应", "好", "阵列卡 RAID5 掉盘"]


def test_vectors_have_norm_one_and_the_declared_shape(embedder: Embedder) -> None:
    for vectors in (embedder.queries(TEXTS), embedder.passages(TEXTS)):
        assert vectors.shape == (len(TEXTS), embedder.dim)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_a_batch(embedder: Embedder) -> None:
    together = embedder.passages(TEXTS)
    alone = np.concatenate([embedder.passages([text]) for text in TEXTS])
    assert np.min(np.sum(together * alone, axis=1)) > 0.995


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.queries([]).shape == (0, embedder.dim)
    assert embedder.count([]) == []


def test_a_text_longer_than_the_limit_is_cut_not_refused(embedder: Embedder) -> None:
    long = "电源指示灯不亮。" * 400
    assert embedder.count([long])[0] > embedder.max_tokens
    assert embedder.passages([long]).shape == (1, embedder.dim)


def test_likeness_orders_texts(embedder: Embedder) -> None:
    query = embedder.queries(["硬盘红灯亮了"])[0]
    assert int(np.argmax(embedder.passages(TEXTS) @ query)) == 0


def test_fingerprint_is_a_sha256(embedder: Embedder) -> None:
    assert len(bytes.fromhex(embedder.fingerprint)) == 32


@pytest.mark.weights
def test_e5_knows_meaning_where_no_character_is_shared(e5: CT2Embedder) -> None:
    query = e5.queries(["机器启动不起来"])[0]
    near, far = e5.passages(["服务器无法开机", "发票抬头怎么修改"]) @ query
    assert near > far + 0.02


def test_a_missing_weight_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"model.bin is missing; run `voicebot models fetch`"):
        CT2Embedder(tmp_path)


def test_a_broken_weight_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0 not a model")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        CT2Embedder(tmp_path)
