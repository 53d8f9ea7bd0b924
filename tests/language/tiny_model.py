"""A chat model of one small layer with random weights, in CTranslate2's format, over bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WIDTH, HEADS = 16, 2

LLAMA = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
    "<|end_header_id|>\n\n{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "<start_of_turn>{{ role }}\n{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
MARKS = {
    "llama": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    "gemma": ("<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"),
    "qwen": ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
}


def write_tiny_model(folder: Path, family: str, template: str | None, seed: int = 3) -> None:
    """Write generator, tokenizer and, if given, the chat template."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    marks = MARKS[family]
    vocabulary = [*alphabet, *marks]
    tokenizer = Tokenizer(models.BPE({token: n for n, token in enumerate(vocabulary)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    tokenizer.save(str(folder / "tokenizer.json"))
    if template is not None:
        config = {"bos_token": {"content": marks[0]}, "chat_template": template}
        (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        1,
        HEADS,
        activation=common_spec.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
    )
    spec.decoder.scale_embeddings = False
    _fill(spec.decoder, len(vocabulary), np.random.default_rng(seed))
    spec.register_vocabulary(vocabulary)
    spec.config.bos_token = spec.config.unk_token = marks[0]
    spec.config.eos_token = marks[-1]
    spec.config.layer_norm_epsilon = 1e-6
    spec.validate()
    spec.optimize()
    spec.save(str(folder))


def _fill(decoder: Any, tokens: int, rng: np.random.Generator) -> None:
    def weights(*shape: int) -> Any:
        return (0.5 * rng.standard_normal(shape)).astype(np.float32)

    decoder.embeddings.weight = weights(tokens, WIDTH)
    decoder.projection.weight = weights(tokens, WIDTH)
    decoder.layer_norm.gamma = np.ones(WIDTH, np.float32)
    (layer,) = decoder.layer
    layer.self_attention.layer_norm.gamma = np.ones(WIDTH, np.float32)
    layer.self_attention.linear[0].weight = weights(3 * WIDTH, WIDTH)
    layer.self_attention.linear[1].weight = weights(WIDTH, WIDTH)
    layer.ffn.layer_norm.gamma = np.ones(WIDTH, np.float32)
    layer.ffn.linear_0.weight = weights(2 * WIDTH, WIDTH)
    layer.ffn.linear_0_noact.weight = weights(2 * WIDTH, WIDTH)
    layer.ffn.linear_1.weight = weights(WIDTH, 2 * WIDTH)
