"""Model folders for tests: the tiny Paraformer as other classes of FunASR, and a punctuator.

The weights that the tiny model lacks are random: what is tested is the path, not the text.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml


def offline(tiny: Path, folder: Path) -> Path:
    """The tiny model's weights as a Paraformer that hears a whole utterance at once."""
    return _variant(tiny, folder, {"model": "Paraformer"})


def contextual(tiny: Path, folder: Path) -> Path:
    """The same as a ContextualParaformer, whose bias encoder takes hotwords."""
    changes = {
        "model": "ContextualParaformer",
        "decoder": "ContextualParaformerDecoder",
        "model_conf": {"inner_dim": 128, "bias_encoder_type": "lstm"},
    }
    made = _variant(tiny, folder, changes)
    characters = json.loads((made / "tokens.json").read_text("utf-8"))
    known = [char for char in characters if len(char) == 1]
    (made / "seg_dict").write_text("".join(f"{char} {char}\n" for char in known), "utf-8")
    return made


def punctuator(folder: Path) -> Path:
    """A CT-Transformer of random weights that always puts a comma, and so a stop at the end."""
    import torch
    from funasr.models.ct_transformer.model import CTTransformer

    folder.mkdir()
    tokens = ["<unk>", "<s>", "</s>", *"的一是不了人我在有他这为之大来以个中上们到说"]
    (folder / "tokens.json").write_text(json.dumps(tokens), "utf-8")
    encoder_conf = {
        "input_size": 16,
        "output_size": 16,
        "attention_heads": 2,
        "linear_units": 32,
        "num_blocks": 1,
        "input_layer": "pe",
        "kernel_size": 11,
        "sanm_shfit": 0,
        "selfattention_layer_type": "sanm",
        "padding_idx": 0,
    }
    model_conf = {"punc_list": ["<unk>", "_", "，", "。", "？", "、"], "embed_unit": 16}
    model_conf |= {"att_unit": 16, "ignore_id": 0, "sentence_end_id": 3}
    config = {
        "model": "CTTransformer",
        "model_conf": model_conf,
        "encoder": "SANMEncoder",
        "encoder_conf": encoder_conf,
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    model = CTTransformer(
        encoder="SANMEncoder", encoder_conf=encoder_conf, vocab_size=len(tokens), **model_conf
    )
    with torch.no_grad():
        model.decoder.weight.zero_()
        model.decoder.bias.copy_(torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0, 0.0]))
    torch.save(model.state_dict(), folder / "model.pt")
    return folder


def _variant(tiny: Path, folder: Path, changes: dict[str, Any]) -> Path:
    folder.mkdir()
    for name in ("model.pt", "tokens.json", "am.mvn"):
        shutil.copy(tiny / name, folder / name)
    config = yaml.safe_load((tiny / "config.yaml").read_text("utf-8"))
    kept = ("output_size", "attention_heads", "linear_units", "num_blocks", "kernel_size")
    encoder_conf = {key: config["encoder_conf"][key] for key in kept}
    encoder_conf |= {
        "input_layer": "pe",
        "normalize_before": True,
        "sanm_shfit": 0,
        "selfattention_layer_type": "sanm",
    }
    config |= {"encoder": "SANMEncoder", "encoder_conf": encoder_conf, "frontend": "WavFrontend"}
    model_conf = config["model_conf"] | changes.pop("model_conf", {})
    config |= changes | {"model_conf": model_conf}
    config["frontend_conf"] |= {"cmvn_file": None}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return folder
