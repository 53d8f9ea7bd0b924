"""Merging a delta: exact, the same bytes everywhere, and refused where it does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asr_models.adapt.__main__ import main
from asr_models.adapt.ct2_file import Ct2Model, read_ct2, write_ct2
from asr_models.adapt.delta import (
    Delta,
    apply_delta,
    load_delta,
    merged,
    save_delta,
    scaled,
    sha256_of,
)
from asr_models.errors import AsrModelError

NAME = "decoder/layer_0/ffn/linear_0"


def halves(
    rng: np.random.Generator, *shape: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    return (0.1 * rng.standard_normal(shape)).astype(np.float16)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    folder = tmp_path / "base"
    folder.mkdir()
    variables = {
        "encoder/num_heads": np.array(8, np.int16),
        f"{NAME}/weight": halves(rng, 12, 6),
        f"{NAME}/bias": halves(rng, 12),
        "decoder/embeddings/weight": halves(rng, 20, 6),
    }
    aliases = {"decoder/projection/weight": "decoder/embeddings/weight"}
    write_ct2(folder / "model.bin", Ct2Model("WhisperSpec", 3, variables, aliases))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "converted.json").write_text("a record of the base only")
    return folder


@pytest.fixture
def delta(base: Path) -> Delta:
    rng = np.random.default_rng(2)
    down, up = {NAME: halves(rng, 3, 6)}, {NAME: halves(rng, 12, 3)}
    return Delta(down, up, sha256_of(base / "model.bin"), note={"licence": "CC0"})


def test_a_model_is_written_as_it_was_read(base: Path, tmp_path: Path) -> None:
    write_ct2(tmp_path / "again.bin", read_ct2(base / "model.bin"))
    assert (tmp_path / "again.bin").read_bytes() == (base / "model.bin").read_bytes()


def test_the_real_model_is_written_as_it_was_read(models: Path, tmp_path: Path) -> None:
    path = models / "whisper-base" / "model.bin"
    write_ct2(tmp_path / "again.bin", read_ct2(path))
    assert sha256_of(tmp_path / "again.bin") == sha256_of(path)


def test_only_the_named_matrix_changes_and_by_the_product(base: Path, delta: Delta) -> None:
    before = read_ct2(base / "model.bin")
    after = merged(before, delta)
    product = delta.up[NAME].astype(np.float64) @ delta.down[NAME].astype(np.float64)
    expected = before.variables[f"{NAME}/weight"].astype(np.float64) + product
    np.testing.assert_array_equal(after.variables[f"{NAME}/weight"], expected.astype(np.float16))
    assert np.abs(product).max() > 0.01
    for name in before.variables.keys() - {f"{NAME}/weight"}:
        np.testing.assert_array_equal(after.variables[name], before.variables[name])
    assert after.aliases == before.aliases


def test_the_order_of_the_sums_does_not_change_a_bit(base: Path, delta: Delta) -> None:
    """What makes the sha256 hold on other machines, whose matrix products add otherwise."""
    turned = replace(
        delta,
        down={NAME: delta.down[NAME][::-1].copy()},
        up={NAME: delta.up[NAME][:, ::-1].copy()},
    )
    model = read_ct2(base / "model.bin")
    one, other = merged(model, delta), merged(model, turned)
    weight = f"{NAME}/weight"
    assert one.variables[weight].tobytes() == other.variables[weight].tobytes()


def test_a_delta_too_large_to_be_exact_is_refused(base: Path, delta: Delta) -> None:
    large = replace(delta, up={NAME: np.full((12, 3), 60, np.float16)})
    with pytest.raises(AsrModelError, match="too large to be exact"):
        merged(read_ct2(base / "model.bin"), large)


def test_the_merged_folder_is_complete_and_checked(
    base: Path, delta: Delta, tmp_path: Path
) -> None:
    digest = apply_delta(delta, base, tmp_path / "one")
    assert digest == sha256_of(tmp_path / "one" / "model.bin") != delta.base_sha256
    assert (tmp_path / "one" / "tokenizer.json").read_text() == "{}"
    assert not (tmp_path / "one" / "converted.json").exists()
    again = replace(delta, merged_sha256=digest)
    assert apply_delta(again, base, tmp_path / "two") == digest


def test_a_result_of_other_bytes_is_not_kept(base: Path, delta: Delta, tmp_path: Path) -> None:
    wrong = replace(delta, merged_sha256="0" * 64)
    with pytest.raises(AsrModelError, match=r"expected 0000.*damaged"):
        apply_delta(wrong, base, tmp_path / "out")
    assert not (tmp_path / "out" / "model.bin").exists()


def test_strength_zero_is_the_base_itself(base: Path, delta: Delta, tmp_path: Path) -> None:
    assert apply_delta(scaled(delta, 0.0), base, tmp_path / "out") == delta.base_sha256


def test_half_the_strength_is_half_the_change(base: Path, delta: Delta) -> None:
    model = read_ct2(base / "model.bin")
    weight = f"{NAME}/weight"
    whole = merged(model, delta).variables[weight] - model.variables[weight]
    half = merged(model, scaled(delta, 0.5)).variables[weight] - model.variables[weight]
    np.testing.assert_allclose(half, whole / 2, atol=2e-4)


def test_another_base_is_refused(base: Path, delta: Delta, tmp_path: Path) -> None:
    other = replace(delta, base_sha256="f" * 64)
    with pytest.raises(AsrModelError, match="made for another model"):
        apply_delta(other, base, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_base_is_not_written_over(base: Path, delta: Delta) -> None:
    before = sha256_of(base / "model.bin")
    with pytest.raises(AsrModelError, match="is the base itself"):
        apply_delta(delta, base, base)
    assert sha256_of(base / "model.bin") == before


def test_a_matrix_of_another_shape_is_refused(base: Path, delta: Delta) -> None:
    wrong = replace(delta, up={NAME: np.zeros((5, 3), np.float16)})
    with pytest.raises(
        AsrModelError, match=r"shape \(5, 6\), the model has one of shape \(12, 6\)"
    ):
        merged(read_ct2(base / "model.bin"), wrong)


def test_a_delta_is_read_as_it_was_written(delta: Delta, tmp_path: Path) -> None:
    save_delta(tmp_path / "a.npz", delta)
    save_delta(tmp_path / "b.npz", delta)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = load_delta(tmp_path / "a.npz")
    assert read.note == delta.note and read.base_sha256 == delta.base_sha256
    np.testing.assert_array_equal(read.down[NAME], delta.down[NAME])
    np.testing.assert_array_equal(read.up[NAME], delta.up[NAME])


@pytest.mark.parametrize("content", [b"", b"RIFF no archive", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_delta_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(AsrModelError, match=r"x\.npz is no delta"):
        load_delta(tmp_path / "x.npz")


def test_a_model_cut_short_is_named(base: Path, tmp_path: Path) -> None:
    whole = (base / "model.bin").read_bytes()
    for length in (0, 3, 30, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.bin").write_bytes(whole[:length])
        with pytest.raises(AsrModelError, match=r"cut\.bin is no CTranslate2 model"):
            read_ct2(tmp_path / "cut.bin")


def test_the_command_merges(
    base: Path, delta: Delta, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_delta(tmp_path / "a.npz", delta)
    out = tmp_path / "out"
    arguments = ["merge", str(tmp_path / "a.npz"), "--base", str(base), "--out", str(out)]
    assert main(arguments) == 0
    assert sha256_of(out / "model.bin") in capsys.readouterr().out
    assert main([*arguments[:1], str(tmp_path / "none.npz"), *arguments[2:]]) == 1
    assert "none.npz is no delta" in capsys.readouterr().err
