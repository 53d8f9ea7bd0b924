"""`voicebot kb tune` end to end on a CPU in a few steps: they prove the path, not a gain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from voicebot.cli import app
from voicebot.errors import WeightsError
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.st_embedder import SentenceTransformersEmbedder
from voicebot.knowledge.tuning.pairs import read_pairs, split
from voicebot.knowledge.tuning.to_ct2 import convert
from voicebot.knowledge.tuning.train import Plan, train

PARTS = ("硬盘", "内存", "电源", "风扇", "主板", "网卡", "阵列卡", "导轨", "机箱", "管理口")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"
    rows = [
        {"question": question.format(part), "passage": f"{part}在第{n}号货架，编号{n * 37}。"}
        for n, part in enumerate(PARTS)
        for question in ("{}放在哪里", "我要找{}", "{}的编号是多少")
    ]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def tune(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["kb", "tune", *map(str, arguments)])
    return result.exit_code, result.output


def test_training_lowers_the_loss_and_the_result_runs_in_ctranslate2(
    pairs: Path, e5_folder: Path, tmp_path: Path
) -> None:
    losses: list[float] = []
    plan = Plan(steps=8, batch=6, rate=5e-5)
    parted = split(read_pairs([pairs]), 0.3, plan.seed)
    target = tmp_path / "tuned"
    target.mkdir()
    train(e5_folder, target, parted.train, plan, lambda done, total, loss: losses.append(loss))
    assert len(losses) == 8
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    tuned = SentenceTransformersEmbedder(target)
    before = SentenceTransformersEmbedder(e5_folder)
    assert tuned.fingerprint != before.fingerprint
    texts = [pair.question for pair in parted.held_out]
    assert (tuned.queries(texts) * before.queries(texts)).sum(axis=1).max() < 0.9999
    convert(target, tmp_path / "ct2")
    fast = CT2Embedder(tmp_path / "ct2")
    for theirs, ours in (
        (tuned.queries(texts), fast.queries(texts)),
        (tuned.passages(texts), fast.passages(texts)),
    ):
        assert (theirs * ours).sum(axis=1).min() > 0.98


def test_the_command_says_before_and_after_and_keeps_only_what_is_better(
    pairs: Path, e5_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # a learning rate of nothing changes nothing, so nothing is better
    status, said = tune(pairs, "--model", e5_folder, "--out", out, "--steps", 1, "--rate", 0)
    assert status == 1, said
    assert "before: R@1" in said and "after:  R@1" in said
    assert "not better" in said and not out.exists()
    assert list(tmp_path.iterdir()) == []
    status, said = tune(
        pairs, "--model", e5_folder, "--out", out, "--steps", 1, "--rate", 0, "--force", "--ct2"
    )
    assert status == 0, said
    assert "written all the same" in said
    assert SentenceTransformersEmbedder(out).dim == CT2Embedder(out / "ct2").dim
    again = CliRunner().invoke(
        app, ["kb", "tune", str(pairs), "--model", str(e5_folder), "--out", str(out)]
    )
    assert again.exit_code != 0
    assert "is not empty" in str(again.exception) + again.output


def test_a_model_that_ctranslate2_would_run_otherwise_is_not_converted(
    e5_folder: Path, tmp_path: Path
) -> None:
    import shutil

    other = tmp_path / "other"
    shutil.copytree(e5_folder, other)
    config = other / "config_sentence_transformers.json"
    fields = json.loads(config.read_text())
    config.write_text(json.dumps({**fields, "prompts": {"query": "问：", "passage": ""}}))
    with pytest.raises(WeightsError, match=r"has the prefixes \('问：', ''\)"):
        convert(other, tmp_path / "ct2")
