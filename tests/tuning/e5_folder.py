"""Our e5-small weights as the folder that sentence-transformers would have saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voicebot.weights.e5_q4 import E5Q4File

PROMPTS = {"query": "query: ", "passage": "passage: "}


def write_folder(source: Path, tokenizer: Path, target: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    bert = target.parent / "bert"
    packed = E5Q4File(source / "e5-small-q4.bin")
    _bert(packed).save_pretrained(bert)
    pieces = packed.vocabulary.pieces
    begin, pad, end, unknown = (
        pieces[i]
        for i in (
            packed.vocabulary.bos,
            packed.vocabulary.pad,
            packed.vocabulary.eos,
            packed.vocabulary.unk,
        )
    )
    PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer),
        bos_token=begin,
        cls_token=begin,
        eos_token=end,
        sep_token=end,
        pad_token=pad,
        unk_token=unknown,
        model_max_length=512,
    ).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=512)
    pooling = Pooling(packed.hidden, "mean")
    model = SentenceTransformer(
        modules=[transformer, pooling, Normalize()], prompts=PROMPTS, device="cpu"
    )
    model.save_pretrained(str(target), create_model_card=False)


def _bert(packed: E5Q4File) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    positions = packed.floats("emb.pos", -1, packed.hidden)
    types = packed.floats("emb.type", -1, packed.hidden)[:1]
    config = BertConfig(
        vocab_size=packed.vocabulary_size,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.ffn,
        max_position_embeddings=len(positions),
        type_vocab_size=1,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.vocabulary.pad,
    )
    config.position_embedding_type = "absolute"  # what CTranslate2's converter asks for
    weights = {
        "embeddings.word_embeddings.weight": packed.q4(
            "emb.word", packed.vocabulary_size, packed.hidden
        ),
        "embeddings.position_embeddings.weight": positions,
        "embeddings.token_type_embeddings.weight": types,
        **_norm(packed, "embeddings.LayerNorm", "emb.ln"),
    }
    for number in range(packed.layers):
        weights |= _layer(packed, f"encoder.layer.{number}.", f"l{number}.")
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return model


def _layer(packed: E5Q4File, theirs: str, ours: str) -> dict[str, Any]:
    hidden, wide = packed.hidden, packed.ffn
    found: dict[str, Any] = {}
    for name, key, rows, columns in (
        ("attention.self.query", "q", hidden, hidden),
        ("attention.self.key", "k", hidden, hidden),
        ("attention.self.value", "v", hidden, hidden),
        ("attention.output.dense", "ao", hidden, hidden),
        ("intermediate.dense", "fi", wide, hidden),
        ("output.dense", "fo", hidden, wide),
    ):
        found[f"{theirs}{name}.weight"] = packed.q4(f"{ours}{key}.w", rows, columns)
        found[f"{theirs}{name}.bias"] = packed.floats(f"{ours}{key}.b", rows)
    found |= _norm(packed, f"{theirs}attention.output.LayerNorm", f"{ours}aln")
    return found | _norm(packed, f"{theirs}output.LayerNorm", f"{ours}oln")


def _norm(packed: E5Q4File, theirs: str, ours: str) -> dict[str, Any]:
    hidden = packed.hidden
    return {
        f"{theirs}.weight": packed.floats(f"{ours}.w", hidden),
        f"{theirs}.bias": packed.floats(f"{ours}.b", hidden),
    }
