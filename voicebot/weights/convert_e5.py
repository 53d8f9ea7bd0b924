"""multilingual-e5-small, packed 4-bit file -> CTranslate2 encoder folder with tokenizer.json.

The CTranslate2 specification is filled directly, without torch or transformers. The result is
BERT with absolute positions; mean-pool ``Encoder.forward_batch(ids).last_hidden_state`` and
normalise; texts begin "query: " or "passage: " (https://arxiv.org/abs/2402.05672).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ctranslate2.converters import utils
from ctranslate2.specs import common_spec, transformer_spec
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from voicebot.weights.e5_q4 import E5Q4File, E5Vocabulary

SOURCE_FILE = "e5-small-q4.bin"

Report = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


def convert(source: Path, target: Path, report: Report = lambda done, total: None) -> None:
    """Write `target` (an existing folder) from `source` (a folder holding SOURCE_FILE).

    Peak memory is about 0.9 GB: the float32 embedding table of 250,037 x 384 and its copies.
    """
    packed = E5Q4File(source / SOURCE_FILE)
    total = packed.layers + 3
    spec = _specification(packed)
    report(1, total)
    for index, layer in enumerate(spec.encoder.layer):
        _fill_layer(layer, packed, index)
        report(2 + index, total)
    spec.validate()
    spec.optimize(quantization="int8_float32")
    report(total - 1, total)
    spec.save(str(target))
    build_tokenizer(packed.vocabulary).save(str(target / "tokenizer.json"))
    report(total, total)


def _specification(packed: E5Q4File) -> Any:
    encoder = transformer_spec.TransformerEncoderSpec(
        packed.layers,
        packed.heads,
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
    )
    spec = transformer_spec.TransformerEncoderModelSpec(encoder, pooling_layer=False)
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = packed.q4("emb.word", packed.vocabulary_size, packed.hidden)
    # Every text is of token type 0, so that row is added to the positions once and for all.
    positions = packed.floats("emb.pos", -1, packed.hidden)
    positions += packed.floats("emb.type", -1, packed.hidden)[0]
    encoder.position_encodings.encodings = positions
    _fill_norm(encoder.layernorm_embedding, packed, "emb.ln")
    spec.register_vocabulary(_padded(packed))
    spec.config.unk_token = packed.vocabulary.pieces[packed.vocabulary.unk]
    spec.config.layer_norm_epsilon = packed.epsilon
    return spec


def _padded(packed: E5Q4File) -> list[str]:
    """The pieces, padded with names that never occur to the rows of the embedding table."""
    pieces = list(packed.vocabulary.pieces)
    return pieces + [f"<extra_id_{i}>" for i in range(packed.vocabulary_size - len(pieces))]


def _fill_layer(layer: Any, packed: E5Q4File, index: int) -> None:
    hidden, ffn, name = packed.hidden, packed.ffn, f"l{index}."
    attention = layer.self_attention
    utils.fuse_linear(
        attention.linear[0], [_linear(packed, name + key, hidden, hidden) for key in "qkv"]
    )
    attention.linear[1] = _linear(packed, name + "ao", hidden, hidden)
    _fill_norm(attention.layer_norm, packed, name + "aln")
    layer.ffn.linear_0 = _linear(packed, name + "fi", ffn, hidden)
    layer.ffn.linear_1 = _linear(packed, name + "fo", hidden, ffn)
    _fill_norm(layer.ffn.layer_norm, packed, name + "oln")


def _linear(packed: E5Q4File, name: str, rows: int, columns: int) -> Any:
    linear = common_spec.LinearSpec()
    linear.weight = packed.q4(name + ".w", rows, columns)
    linear.bias = packed.floats(name + ".b", rows)
    return linear


def _fill_norm(norm: Any, packed: E5Q4File, name: str) -> None:
    norm.gamma = packed.floats(name + ".w", packed.hidden)
    norm.beta = packed.floats(name + ".b", packed.hidden)


def build_tokenizer(vocabulary: E5Vocabulary) -> Any:
    """The SentencePiece unigram tokenizer as a `tokenizers.Tokenizer`.

    NFKC does what the file's own character map does, but for the code points where the two
    differ: those become explicit rules ahead of it.
    """
    pieces = vocabulary.pieces
    tokenizer = Tokenizer(
        models.Unigram(list(zip(pieces, vocabulary.scores, strict=True)), unk_id=vocabulary.unk)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            *_differences(vocabulary.character_map),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    begin, end = pieces[vocabulary.bos], pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, vocabulary.bos), (end, vocabulary.eos)],
    )
    special = (vocabulary.bos, vocabulary.pad, vocabulary.eos, vocabulary.unk)
    tokenizer.add_special_tokens([AddedToken(pieces[i], normalized=False) for i in special])
    return tokenizer


def _differences(character_map: dict[str, str]) -> list[Any]:
    """Rules for the characters that the map and NFKC treat differently, one a replacement."""
    groups: dict[str, list[str]] = {}
    for character, replacement in character_map.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            groups.setdefault(replacement, []).append(character)
    return [
        normalizers.Replace(Regex("[" + "".join(f"\\x{{{ord(c):x}}}" for c in group) + "]"), text)
        for text, group in groups.items()
    ]
