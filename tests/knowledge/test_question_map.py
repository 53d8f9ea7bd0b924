"""The map that parts questions by meaning: fitted, saved, applied to a pool of questions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.bench.fit_question_map import fit, recall
from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.question_map import QuestionMap, committed, map_for, mapped, unit

GROUPS, EACH, DIM = 40, 6, 24


def _subjects_drown_meanings(
    seed: int,
) -> tuple[Vectors, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Six numbers tell the meanings apart; the others are loud and tell nothing."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(GROUPS), EACH)
    vectors = rng.standard_normal((GROUPS * EACH, DIM)) * 1.2
    vectors[:, :6] = rng.standard_normal((GROUPS, 6))[groups]
    vectors[:, :6] += 0.2 * rng.standard_normal((GROUPS * EACH, 6))
    return unit(vectors.astype(np.float32)), groups


def test_a_fitted_map_finds_more_of_groups_it_has_not_seen() -> None:
    vectors, groups = _subjects_drown_meanings(1)
    seen, rows = groups < GROUPS // 2, np.flatnonzero(groups >= GROUPS // 2)
    found = fit(vectors[seen], groups[seen])
    before, after = recall(vectors, groups, rows)[0], recall(found(vectors), groups, rows)[0]
    assert after > before + 0.1, (before, after)


def test_mapped_vectors_have_norm_one_also_for_what_is_the_mean() -> None:
    by = committed()
    rng = np.random.default_rng(2)
    vectors = unit(rng.standard_normal((5, len(by.mean))).astype(np.float32))
    assert np.allclose(np.linalg.norm(by(vectors), axis=1), 1, atol=1e-5)
    assert np.isfinite(by(by.mean[None])).all()


def test_what_is_saved_is_what_was_fitted(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shapes = ((8,), (8, 2), (2, 8))
    made = QuestionMap(*(rng.standard_normal(shape).astype(np.float32) for shape in shapes))
    made.save(tmp_path / "map.npz")
    with np.load(tmp_path / "map.npz") as stored:
        again = QuestionMap(stored["mean"], stored["down"], stored["up"])
    x = unit(rng.standard_normal((4, 8)).astype(np.float32))
    assert np.allclose(made(x), again(x), atol=5e-3)


def test_a_mapped_pool_holds_the_same_entries_and_leaves_out_the_same(
    hashing: HashingEmbedder,
) -> None:
    texts = ["硬盘亮黄灯", "保修多久", "怎么升级固件"]
    entries = [Entry(t, HitKind.FAQ, Role.QUESTION, t, t) for t in texts]
    plain = Pool.build(entries, hashing.queries(texts))
    plain = Pool(plain.parts, plain.moments, plain.log_parts, np.array([1]))
    dim = hashing.dim
    turned = QuestionMap(
        np.zeros(dim, np.float32),
        np.eye(dim, dtype=np.float32)[:, :4],
        np.zeros((4, dim), np.float32),
    )
    found = mapped(plain, turned)
    assert list(found.entries) == entries
    assert len(found) == 2
    query = turned(hashing.queries(["保修多久"]))[0]
    assert 1 not in found.score("保修多久", query).rows


def test_another_embedder_has_no_map(hashing: HashingEmbedder) -> None:
    entry = Entry("a", HitKind.FAQ, Role.QUESTION, "保修多久", "")
    pool = Pool.build([entry], hashing.queries([entry.match]))
    assert map_for(hashing, pool) is None
