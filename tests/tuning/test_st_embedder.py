"""The sentence-transformers embedder says what CTranslate2 says, from the same weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import IndexMismatchError, WeightsError
from voicebot.knowledge.build import build_embedder
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.st_embedder import SentenceTransformersEmbedder
from voicebot.settings import load_settings

FACTS = {
    "硬盘指示灯亮黄灯怎么办": "硬盘黄灯常亮表示硬盘故障，请更换硬盘。",
    "服务器开不了机": "按下电源键没有反应时，先检查电源线和电源模块的指示灯。",
    "内存要插在哪": "内存优先插在白色插槽，每个通道从远端开始。",
    "保修能保多久": "整机自发货之日起保修三年，硬盘和电源同样保修三年。",
    "怎么登录管理口": "管理口默认地址是 192.168.1.100，用浏览器打开后输入用户名和密码。",
    "风扇声音特别大": "进风温度超过三十五度时风扇全速运转，属于正常现象。",
    "想开发票找谁": "发票由销售部门开具，请提供合同号和税号。",
    "raid卡电池报错": "阵列卡电容失效后写缓存会关闭，请更换电容模块。",
}


@pytest.fixture(scope="module")
def st(e5_folder: Path) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(e5_folder, threads=2)


def test_its_vectors_are_those_of_ctranslate2(
    st: SentenceTransformersEmbedder, e5: CT2Embedder
) -> None:
    questions, passages = list(FACTS), [*FACTS.values(), "长" * 700]
    assert (st.dim, st.max_tokens) == (e5.dim, e5.max_tokens)
    assert st.count(passages) == e5.count(passages)
    for ours, theirs in (
        (e5.queries(questions), st.queries(questions)),
        (e5.passages(passages), st.passages(passages)),
    ):
        assert np.linalg.norm(theirs, axis=1) == pytest.approx(1, abs=1e-5)
        cosines = (ours * theirs).sum(axis=1)
        assert cosines.min() > 0.98, cosines


def test_it_finds_what_ctranslate2_finds(st: SentenceTransformersEmbedder, e5: CT2Embedder) -> None:
    passages, questions = list(FACTS.values()), list(FACTS)
    first = [
        (embedder.queries(questions) @ embedder.passages(passages).T).argmax(axis=1).tolist()
        for embedder in (e5, st)
    ]
    own = list(range(len(questions)))
    found = [sum(a == b for a, b in zip(ranks, own, strict=True)) for ranks in first]
    assert abs(found[0] - found[1]) <= 1
    assert found[1] >= len(questions) - 2


def test_nothing_to_embed(st: SentenceTransformersEmbedder) -> None:
    assert st.queries([]).shape == (0, st.dim)
    assert st.count([]) == []


def test_prefixes_are_the_models_or_ours(st: SentenceTransformersEmbedder, e5_folder: Path) -> None:
    bare = SentenceTransformersEmbedder(e5_folder, query_prefix="", passage_prefix="")
    assert bare.queries(["query: 保修"]) == pytest.approx(st.queries(["保修"]), abs=1e-5)
    assert bare.passages(["query: 保修"]) == pytest.approx(st.queries(["保修"]), abs=1e-5)
    assert bare.fingerprint != st.fingerprint


def test_an_index_of_one_is_refused_by_the_other(
    st: SentenceTransformersEmbedder, e5: CT2Embedder, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("整机保修三年。", encoding="utf-8")
    built = Knowledge.build((), [tmp_path / "a.txt"], (), st, tmp_path / "index")
    assert built.search("保修几年").hits[0].text == "整机保修三年。"
    with pytest.raises(IndexMismatchError, match="was built with embedder e5-small-st"):
        Knowledge.open(tmp_path / "index", e5)


def test_the_settings_choose_it_by_its_folder(e5_folder: Path, models: Path) -> None:
    overrides = {"models": models, "knowledge": {"embedder": str(e5_folder)}}
    embedder = build_embedder(load_settings(overrides=overrides))
    assert isinstance(embedder, SentenceTransformersEmbedder)


def test_a_folder_that_is_no_model_and_a_broken_one_say_so(e5_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"modules\.json is missing; a sentence-transformers"):
        SentenceTransformersEmbedder(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(e5_folder, broken)
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"broken cannot be loaded \("):
        SentenceTransformersEmbedder(broken)
