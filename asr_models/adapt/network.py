"""Whisper in torch, straight from CTranslate2's variables and under their names.

Source: Radford et al. 2022. The encoder takes windows shorter than 30 s, as whisper_ct2 gives
them. Matrix products run in `kind` (bfloat16 where the machine has it), the rest in float32.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from asr_models.adapt.ct2_file import Ct2Model
from asr_models.adapt.lora import Lora


class Network:
    """The frozen weights of one Whisper, with low-rank additions where `lora` has them."""

    def __init__(
        self, model: Ct2Model, lora: Lora | None, *, device: str, kind: torch.dtype
    ) -> None:
        self._kind = kind
        self._lora = lora
        self._w: dict[str, Tensor] = {}
        for name, values in model.weights().items():
            tensor = torch.tensor(values).to(device, torch.float32)
            product = name.endswith("/weight") or name.endswith("/bias")
            self._w[name] = tensor.to(kind) if product else tensor
        self.encoder_layers = _count(self._w, "encoder")
        self.decoder_layers = _count(self._w, "decoder")
        self._encoder_heads = int(model.variables["encoder/num_heads"])
        self._decoder_heads = int(model.variables["decoder/num_heads"])

    def encoder_input(self, mel: Tensor) -> Tensor:
        """What the first encoder layer reads, (clips, frames / 2, width), for log-mel features."""
        x = F.gelu(self._convolve("encoder/conv1", mel, stride=1))
        x = F.gelu(self._convolve("encoder/conv2", x, stride=2)).transpose(1, 2).float()
        return x + self._w["encoder/position_encodings/encodings"][: x.shape[1]]

    def encode(self, x: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Run encoder layers `first` to `last` (exclusive; None: all, and the closing norm)."""
        for index in range(first, self.encoder_layers if last is None else last):
            layer = f"encoder/layer_{index}"
            x = self._self_attention(layer, x, self._encoder_heads, causal=False)
            x = self._feed_forward(layer, x)
        return self._norm("encoder/layer_norm", x) if last is None else x

    def decode(self, memory: Tensor, ids: Tensor, wanted: Tensor | None = None) -> Tensor:
        """Logits for `ids`, shape (clips, n): all (clips, n, words), or of the `wanted` places."""
        words = self._w["decoder/embeddings/weight"]
        x = F.embedding(ids, words).float()
        x = x + self._w["decoder/position_encodings/encodings"][: ids.shape[1]]
        memory = memory.to(self._kind)
        for index in range(self.decoder_layers):
            layer = f"decoder/layer_{index}"
            x = self._self_attention(layer, x, self._decoder_heads, causal=True)
            x = self._cross_attention(layer, x, memory)
            x = self._feed_forward(layer, x)
        x = self._norm("decoder/layer_norm", x)
        if wanted is not None:
            x = x[wanted]
        return F.linear(x.to(self._kind), words).float()

    def _self_attention(self, layer: str, x: Tensor, heads: int, *, causal: bool) -> Tensor:
        name = f"{layer}/self_attention"
        normed = self._norm(f"{name}/layer_norm", x).to(self._kind)
        query, key, value = self._linear(f"{name}/linear_0", normed).chunk(3, dim=-1)
        mixed = _attend(query, key, value, heads, causal=causal)
        return x + self._linear(f"{name}/linear_1", mixed).float()

    def _cross_attention(self, layer: str, x: Tensor, memory: Tensor) -> Tensor:
        name = f"{layer}/attention"
        normed = self._norm(f"{name}/layer_norm", x).to(self._kind)
        query = self._linear(f"{name}/linear_0", normed)
        key, value = self._linear(f"{name}/linear_1", memory).chunk(2, dim=-1)
        mixed = _attend(query, key, value, self._decoder_heads, causal=False)
        return x + self._linear(f"{name}/linear_2", mixed).float()

    def _feed_forward(self, layer: str, x: Tensor) -> Tensor:
        name = f"{layer}/ffn"
        normed = self._norm(f"{name}/layer_norm", x).to(self._kind)
        inner = F.gelu(self._linear(f"{name}/linear_0", normed))
        return x + self._linear(f"{name}/linear_1", inner).float()

    def _linear(self, name: str, x: Tensor) -> Tensor:
        y = F.linear(x, self._w[f"{name}/weight"], self._w[f"{name}/bias"])
        return y if self._lora is None else y + self._lora(name, x)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        gamma, beta = self._w[f"{name}/gamma"], self._w[f"{name}/beta"]
        return F.layer_norm(x, gamma.shape, gamma, beta)

    def _convolve(self, name: str, x: Tensor, stride: int) -> Tensor:
        weight, bias = self._w[f"{name}/weight"], self._w[f"{name}/bias"]
        return F.conv1d(x.to(self._kind), weight, bias, stride=stride, padding=1)


def _attend(query: Tensor, key: Tensor, value: Tensor, heads: int, *, causal: bool) -> Tensor:
    query, key, value = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    return mixed.transpose(1, 2).flatten(2)


def _count(weights: dict[str, Tensor], side: str) -> int:
    """How many layers a side has: "encoder/layer_5/…" is the sixth; "layer_norm" is none."""
    names = {name.split("/")[1] for name in weights if name.startswith(f"{side}/layer_")}
    return len(names - {"layer_norm"})
