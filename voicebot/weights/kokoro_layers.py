"""Kokoro's layers as the published int8 model stores them, emitted for fast 8-bit kernels.

The published model multiplies with ConvInteger, whose kernel for unsigned weights is slow, and
normalises with nine operators where one does it. Emitted here are

- QLinearConv with signed weights and activation ranges that were measured beforehand, instead of
  each time (kokoro_int8.py);
- one InstanceNormalization for each AdaIN; the scales and shifts of all of them come from one
  product with the style.
"""

from __future__ import annotations

import numpy as np
import onnx

from voicebot.errors import WeightsError
from voicebot.weights.kokoro_int8 import OUTPUT_MIDDLE, quantised
from voicebot.weights.kokoro_ranges import ConvRange, Ranges
from voicebot.weights.onnx_graph import Array, Builder, Source

STYLE = 128
_NODES = "/decoder/decoder/"
_WEIGHTS = "decoder.decoder."
_EPSILON = 1e-5


class Layers:
    """Emits layers into `graph`. Without `ranges` all convolutions are float32.

    `probes` of a float32 model: convolution -> the tensors that are its input and its output.
    """

    def __init__(self, source: Source, ranges: Ranges | None) -> None:
        self.source = source
        self.graph = Builder()
        self.probes: dict[str, tuple[str, str]] = {}
        self._ranges = ranges
        self._styles: list[tuple[str, Array, Array]] = []

    def constant(self, name: str) -> Array:
        """A weight of the decoder."""
        return self.source.constant(_WEIGHTS + name)

    def float_weights(self, node: str, operator: str) -> tuple[Array, Array]:
        """Weight and bias of a convolution that was left in float32."""
        names = self.source.inputs(_NODES + node, operator)
        return self.source.constant(names[1]), self.source.constant(names[2])

    def integers(self, values: list[int]) -> str:
        """A constant vector of int64."""
        return self.graph.constant(f"ints_{'_'.join(map(str, values))}", values, np.int64)

    def adain(self, name: str, x: str, alpha: Array | None = None) -> str:
        """Adaptive instance normalisation; the result is multiplied by `alpha`."""
        names = self.source.inputs(f"{_NODES}{name}/fc/Gemm_MatMul_quant", "MatMulInteger")
        quantised, zero = (self.source.constant(n).astype(np.float32) for n in (names[1], names[3]))
        weight = (quantised - zero) * self.constant(f"{_dotted(name)}.fc.weight_scale")
        bias = self.constant(f"{_dotted(name)}.fc.bias").copy()
        bias[: len(bias) // 2] += 1.0
        if alpha is not None:
            twice = np.tile(alpha, 2)
            weight, bias = weight * twice, bias * twice
        self._styles.append((name, weight, bias))
        inputs = [x, f"{name}_scale", f"{name}_shift"]
        return self.graph.node("InstanceNormalization", inputs, name, epsilon=_EPSILON)

    def conv(self, name: str, x: str, alpha: Array | None = None) -> str:
        """A convolution in 8 bits; `x` is its input times `alpha`, channel by channel."""
        if self._ranges is not None:
            if name not in self._ranges:
                raise WeightsError(f"kokoro: no measured range for the convolution {name!r}")
            return self._int8_conv(name, x, alpha, self._ranges[name])
        if alpha is not None:
            inverse = self.graph.constant(f"{name}_inverse", (1 / alpha)[:, None])
            x = self.graph.node("Mul", [x, inverse], f"{name}_plain")
        result = self.float_conv(name, x)
        self.probes[name] = (x, result)
        return result

    def float_conv(self, name: str, x: str) -> str:
        """The same in float32, for the small ones."""
        weight, bias = self._plain_weights(name)
        inputs = [x, self.graph.constant(f"{name}_weight", weight)]
        if bias is not None:
            inputs.append(self.graph.constant(f"{name}_bias", bias))
        return self.graph.node("Conv", inputs, f"{name}_out", **self._geometry(name))

    def model(
        self, inputs: dict[str, list[int | str]], outputs: list[str], name: str
    ) -> onnx.ModelProto:
        """The finished model; ``style`` (1, 128) is one of its inputs."""
        weight = np.concatenate([weight for _, weight, _ in self._styles], axis=1)
        bias = np.concatenate([bias for _, _, bias in self._styles])
        graph = self.graph
        product = graph.node("MatMul", ["style", graph.constant("style_weight", weight)], "styled")
        shifted = graph.node("Add", [product, graph.constant("style_bias", bias)], "style_sum")
        flat = graph.node("Reshape", [shifted, self.integers([-1])], "style_flat")
        sizes = [len(bias) // 2 for _, _, bias in self._styles for _ in range(2)]
        parts = [f"{name}_{part}" for name, _, _ in self._styles for part in ("scale", "shift")]
        graph.nodes("Split", [flat, self.integers(sizes)], parts, axis=0)
        graph.first(4)
        return graph.model({**inputs, "style": [1, STYLE]}, outputs, name)

    def _int8_conv(self, name: str, x: str, alpha: Array | None, met: ConvRange) -> str:
        weight, bias = self._plain_weights(name)
        conv = quantised(weight, bias, met)
        graph = self.graph
        steps = conv.input_steps if alpha is None else conv.input_steps * alpha
        zeros = np.full(len(steps), conv.input_zero)
        affine = [
            graph.constant(f"{name}_x_steps", steps),
            graph.constant(f"{name}_x_zeros", zeros, np.uint8),
        ]
        one = graph.constant("one_step", 1.0)
        inputs = [
            graph.node("QuantizeLinear", [x, *affine], f"{name}_quantised", axis=1),
            one,
            graph.constant(f"{name}_x_zero", conv.input_zero, np.uint8),
            graph.constant(f"{name}_weight", conv.weight, np.int8),
            graph.constant(f"{name}_weight_scales", conv.weight_scales),
            graph.constant(f"{name}_weight_zeros", np.zeros(len(weight)), np.int8),
            one,
            graph.constant("middle", OUTPUT_MIDDLE, np.uint8),
            graph.constant(f"{name}_bias", conv.bias, np.int32),
        ]
        out = graph.node("QLinearConv", inputs, f"{name}_int8", **self._geometry(name))
        affine = [
            graph.constant(f"{name}_y_steps", conv.output_steps),
            graph.constant(f"{name}_y_zeros", conv.output_zeros, np.uint8),
        ]
        return graph.node("DequantizeLinear", [out, *affine], f"{name}_out", axis=1)

    def _plain_weights(self, name: str) -> tuple[Array, Array | None]:
        """Weights in float32, and the bias if there is one."""
        names = self.source.inputs(f"{_NODES}{name}/Conv_quant", "ConvInteger")
        weight, zero = self.source.constant(names[1]), int(self.source.constant(names[3]))
        scale = self.source.constant(names[1].removesuffix("_quantized") + "_scale")
        floats = (weight.astype(np.float32) - float(zero)) * np.float32(scale)
        bias = f"{_WEIGHTS}{_dotted(name)}.bias"
        return floats, self.source.constant(bias) if self.source.has(bias) else None

    def _geometry(self, name: str) -> dict[str, list[int]]:
        node = f"{_NODES}{name}/Conv_quant"
        return {a: self.source.attribute(node, a) for a in ("dilations", "pads", "strides")}


def _dotted(node: str) -> str:
    """A node's path as its weights are named: the last part of ``a.0/a.0`` is no repetition."""
    head, _, tail = node.rpartition("/")
    return tail if tail.startswith(f"{head}.") else node.replace("/", ".")
