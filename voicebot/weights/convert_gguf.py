"""Qwen2 GGUF file -> CTranslate2 int8 generator folder with tokenizer.json.

Every matrix is unpacked a few thousand rows at a time and quantised to int8 at once, so that
the peak is the finished model (1.5 GB for 1.5B parameters) and not its float32 form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ctranslate2.specs import common_spec, transformer_spec
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from voicebot.errors import WeightsError

SOURCE_FILE = "model.gguf"
ROWS_AT_A_TIME = 4096
CONTROL_TOKEN = 3
"""``tokenizer.ggml.token_type`` of tokens such as ``<|im_end|>``."""
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen2's pre-tokenizer (tokenizer.json of the upstream model)."""

Report = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


class _Gguf:
    """Metadata and tensors of a GGUF file, read on demand from a memory map."""

    def __init__(self, path: Path) -> None:
        reader = GGUFReader(path)
        self.fields = reader.fields
        self.tensors = {tensor.name: tensor for tensor in reader.tensors}
        self.architecture = str(self.value("general.architecture"))
        if self.architecture != "qwen2":
            raise WeightsError(f"weights: {path}: expected a qwen2 model, got {self.architecture}")

    def value(self, key: str) -> Any:
        return self.fields[key].contents()

    def number(self, key: str) -> Any:
        return self.value(f"{self.architecture}.{key}")

    def floats(self, name: str) -> npt.NDArray[np.float32]:
        tensor = self.tensors[name]
        return np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)

    def chunks(self, name: str) -> Iterator[npt.NDArray[np.float32]]:
        tensor = self.tensors[name]
        for start in range(0, len(tensor.data), ROWS_AT_A_TIME):
            packed = tensor.data[start : start + ROWS_AT_A_TIME]
            yield np.asarray(dequantize(packed, tensor.tensor_type), np.float32)


def convert(source: Path, target: Path, report: Report = lambda done, total: None) -> None:
    """Write `target` (an existing folder) from `source` (a folder holding SOURCE_FILE)."""
    gguf = _Gguf(source / SOURCE_FILE)
    layers = int(gguf.number("block_count"))
    total = layers + 3
    spec = _empty_specification(gguf, layers)
    _fill_embeddings(spec.decoder, gguf)
    report(1, total)
    for index, layer in enumerate(spec.decoder.layer):
        _fill_layer(layer, gguf, f"blk.{index}.")
        report(2 + index, total)
    tokens = [str(token) for token in gguf.value("tokenizer.ggml.tokens")]
    _fill_config(spec, gguf, tokens)
    spec.validate()
    spec.optimize()  # no quantisation is left to do: this shares the tied embedding table
    report(layers + 2, total)
    spec.save(str(target))
    build_tokenizer(gguf, tokens).save(str(target / "tokenizer.json"))
    report(total, total)


def _empty_specification(gguf: _Gguf, layers: int) -> Any:
    heads, kv_heads = gguf.number("attention.head_count"), gguf.number("attention.head_count_kv")
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        layers,
        heads,
        activation=common_spec.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
        rotary_base=gguf.number("rope.freq_base"),
        num_heads_kv=None if kv_heads == heads else kv_heads,
    )
    spec.decoder.scale_embeddings = False
    return spec


def _fill_embeddings(decoder: Any, gguf: _Gguf) -> None:
    # Input and output tables are tied in the small Qwen2.5 models; GGUF keeps the output copy
    # at a finer quantisation, so that one serves both.
    name = "output.weight" if "output.weight" in gguf.tensors else "token_embd.weight"
    _quantise(decoder.embeddings, gguf, name)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.projection.weight_scale = decoder.embeddings.weight_scale
    decoder.layer_norm.gamma = gguf.floats("output_norm.weight")


def _fill_layer(layer: Any, gguf: _Gguf, name: str) -> None:
    attention, ffn = layer.self_attention, layer.ffn
    attention.layer_norm.gamma = gguf.floats(name + "attn_norm.weight")
    ffn.layer_norm.gamma = gguf.floats(name + "ffn_norm.weight")
    _quantise(attention.linear[0], gguf, *(f"{name}attn_{part}.weight" for part in "qkv"))
    attention.linear[0].bias = np.concatenate(
        [gguf.floats(f"{name}attn_{part}.bias") for part in "qkv"]
    )
    _quantise(attention.linear[1], gguf, name + "attn_output.weight")
    _quantise(ffn.linear_0, gguf, name + "ffn_gate.weight")
    _quantise(ffn.linear_0_noact, gguf, name + "ffn_up.weight")
    _quantise(ffn.linear_1, gguf, name + "ffn_down.weight")


def _quantise(linear: Any, gguf: _Gguf, *names: str) -> None:
    """Fill weight (int8 [rows, columns]) and scale (float32 [rows]) as CTranslate2 does."""
    weights, scales = [], []
    for name in names:
        for rows in gguf.chunks(name):
            largest = np.abs(rows).max(axis=1)
            largest[largest == 0] = 127.0
            scale = np.float32(127.0) / largest
            weights.append(np.rint(rows * scale[:, None]).astype(np.int8))
            scales.append(scale.astype(np.float32))
    linear.weight, linear.weight_scale = np.concatenate(weights), np.concatenate(scales)


def _fill_config(spec: Any, gguf: _Gguf, tokens: list[str]) -> None:
    spec.register_vocabulary(tokens)
    spec.config.bos_token = tokens[gguf.value("tokenizer.ggml.bos_token_id")]
    spec.config.eos_token = tokens[gguf.value("tokenizer.ggml.eos_token_id")]
    spec.config.unk_token = ""
    spec.config.layer_norm_epsilon = gguf.number("attention.layer_norm_rms_epsilon")


def build_tokenizer(gguf: _Gguf, tokens: list[str]) -> Any:
    """The byte-level BPE tokenizer held in the GGUF metadata."""
    merges = [tuple(merge.split(" ")) for merge in gguf.value("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = gguf.value("tokenizer.ggml.token_type")
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind == CONTROL_TOKEN
        ]
    )
    return tokenizer
