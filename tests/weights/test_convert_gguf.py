"""The GGUF conversion, on a tiny random Qwen2 model, against a plain numpy forward pass."""

from __future__ import annotations

from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGUFWriter
from tokenizers import Tokenizer

from voicebot.errors import WeightsError
from voicebot.weights.convert_gguf import convert

HIDDEN, HEADS, KV_HEADS, FFN, LAYERS = 64, 4, 2, 96, 2
HEAD = HIDDEN // HEADS
BASE, EPSILON = 10_000.0, 1e-6
TOKENS = ["a", "b", "c", "ab", "Ġ", "<|im_start|>", "<|im_end|>"]

Floats = npt.NDArray[np.float32]


def tiny_model() -> dict[str, Floats]:
    random = np.random.default_rng(7)

    def matrix(rows: int, columns: int) -> Floats:
        return random.normal(0, 0.2, (rows, columns)).astype(np.float32)

    tensors = {"token_embd.weight": matrix(len(TOKENS), HIDDEN)}
    tensors["output_norm.weight"] = 1 + matrix(1, HIDDEN)[0]
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        for part, rows in (("q", HIDDEN), ("k", HEAD * KV_HEADS), ("v", HEAD * KV_HEADS)):
            tensors[f"{name}attn_{part}.weight"] = matrix(rows, HIDDEN)
            tensors[f"{name}attn_{part}.bias"] = matrix(1, rows)[0]
        tensors[name + "attn_output.weight"] = matrix(HIDDEN, HIDDEN)
        tensors[name + "ffn_gate.weight"] = matrix(FFN, HIDDEN)
        tensors[name + "ffn_up.weight"] = matrix(FFN, HIDDEN)
        tensors[name + "ffn_down.weight"] = matrix(HIDDEN, FFN)
        for norm in ("attn_norm", "ffn_norm"):
            tensors[f"{name}{norm}.weight"] = 1 + matrix(1, HIDDEN)[0]
    return tensors


def write_gguf(folder: Path, tensors: dict[str, Floats], architecture: str = "qwen2") -> None:
    writer = GGUFWriter(str(folder / "model.gguf"), architecture)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_token_list(TOKENS)
    writer.add_token_types([1, 1, 1, 1, 1, 3, 3])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(5)
    writer.add_eos_token_id(6)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def forward(w: dict[str, Floats], ids: list[int]) -> Floats:
    """Logits [length, vocabulary] of a Qwen2 decoder."""
    x = w["token_embd.weight"][ids]
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        h = _norm(x, w[name + "attn_norm.weight"])
        x = x + _attention(w, name, h) @ w[name + "attn_output.weight"].T
        h = _norm(x, w[name + "ffn_norm.weight"])
        gate = h @ w[name + "ffn_gate.weight"].T
        inner = gate / (1 + np.exp(-gate)) * (h @ w[name + "ffn_up.weight"].T)
        x = x + inner @ w[name + "ffn_down.weight"].T
    return _norm(x, w["output_norm.weight"]) @ w["token_embd.weight"].T


def _norm(x: Floats, weight: Floats) -> Floats:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight


def _attention(w: dict[str, Floats], name: str, h: Floats) -> Floats:
    length = len(h)
    q, k, v = (
        (h @ w[f"{name}attn_{part}.weight"].T + w[f"{name}attn_{part}.bias"])
        .reshape(length, -1, HEAD)
        .swapaxes(0, 1)
        for part in "qkv"
    )
    q, k = _rotate(q), _rotate(k)
    k, v = (np.repeat(part, HEADS // KV_HEADS, axis=0) for part in (k, v))
    scores = q @ k.swapaxes(1, 2) / np.sqrt(HEAD)
    scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ v
    return mixed.swapaxes(0, 1).reshape(length, HIDDEN)


def _rotate(x: Floats) -> Floats:
    half = HEAD // 2
    angles = np.arange(x.shape[1])[:, None] * BASE ** (-np.arange(half) / half)[None]
    a, b = x[..., :half], x[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1).astype(np.float32)


def test_the_converted_model_gives_the_logits_of_the_source(tmp_path: Path) -> None:
    tensors, steps = tiny_model(), []
    write_gguf(tmp_path, tensors)
    out = tmp_path / "out"
    out.mkdir()
    convert(tmp_path, out, lambda done, total: steps.append((done, total)))
    generator = ctranslate2.Generator(str(out), compute_type="int8_float32", intra_threads=1)
    ids = [5, 0, 1, 3, 2, 6]
    logits = np.array(generator.forward_batch([[TOKENS[i] for i in ids]]))[0]
    expected = forward(tensors, ids)
    assert np.corrcoef(logits.ravel(), expected.ravel())[0, 1] > 0.999
    assert steps[-1] == (LAYERS + 3, LAYERS + 3)


def test_the_converted_tokenizer_knows_merges_and_control_tokens(tmp_path: Path) -> None:
    write_gguf(tmp_path, tiny_model())
    out = tmp_path / "out"
    out.mkdir()
    convert(tmp_path, out)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    assert tokenizer.encode("<|im_start|>abc ab<|im_end|>").tokens == [
        *("<|im_start|>", "ab", "c", "Ġ", "ab", "<|im_end|>")
    ]


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    write_gguf(tmp_path, tiny_model(), "llama")
    with pytest.raises(WeightsError, match="expected a qwen2 model, got llama"):
        convert(tmp_path, tmp_path)
