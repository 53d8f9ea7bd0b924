"""Kokoro's generator: from features and a source signal to sound. Nine tenths of its cost.

The network is the iSTFTNet of StyleTTS 2 (AdaIN, Snake), as in Kokoro-82M v1.0. Snake is applied
in the scaled variable v = alpha x / pi, where x + sin(alpha x)^2 / alpha is
(v + sin(pi v)^2 / pi) pi / alpha: the scaling is free in AdaIN before it, the division in the
quantisation after it. What is left has the period 1 and is a polynomial of the squared distance
from the nearest whole number: onnxruntime computes a sine on one thread only, and slowly.
"""

from __future__ import annotations

import numpy as np
import onnx

from voicebot.weights.kokoro_layers import Layers
from voicebot.weights.kokoro_ranges import Ranges
from voicebot.weights.onnx_graph import Source

_HERE = "generator/"
_DOTTED = "generator."
_STAGES = ((0, (0, 1, 2)), (1, (3, 4, 5)))  # what is added, and the branches that follow
_DEPTH = 3  # pairs of convolutions in a residual block
_UPSAMPLING = ((10, 5), (6, 3))  # stride and padding
_BINS = 11  # of an FFT over 20 samples
_HOP = 5
_ISTFT_GAIN = 4.0
_HALF_WINDOW = 10
# sin(pi sqrt(s))^2 / pi for s to 1/4, of least greatest error: 2.6e-4
_SINE_SQUARE = (3.11999925, -9.79340106, 9.64212759)
_WHOLE = 1.5 * 2.0**23  # a float32 has no places for parts of this sum: adding it rounds


def build_generator(source: Source, ranges: Ranges | None) -> tuple[onnx.ModelProto, Layers]:
    """The model, and the layers with their probes.

    Inputs: ``features`` (1, 512, n), ``source`` (1, 22, 60 n + 1), ``style`` (1, 128), for n half
    frames of 12.5 ms; output: ``audio``, 300 n samples at 24 kHz. Raises WeightsError if the
    source lacks a layer, or the ranges lack one.
    """
    layers = Layers(source, ranges)
    graph = layers.graph
    x = "features"
    for stage, branches in _STAGES:
        x = _upsample(layers, x, stage)
        added = layers.float_conv(f"{_HERE}noise_convs.{stage}", "source")
        added = _residual(layers, f"noise_res.{stage}", added)
        if stage == 1:
            left = layers.integers([0, 0, 1, 0, 0, 0])
            x = graph.node("Pad", [x, left], "padded", mode="reflect")
        x = graph.node("Add", [x, added], f"stage{stage}")
        sums = [_residual(layers, f"resblocks.{branch}", x) for branch in branches]
        x = graph.node("Sum", sums, f"stage{stage}_sum")  # their mean: the next layer divides
    _spectrum_to_audio(layers, x)
    shapes: dict[str, list[int | str]] = {
        "features": [1, 512, "half_frames"],
        "source": [1, 2 * _BINS, "hops"],
    }
    return layers.model(shapes, ["audio"], "kokoro-generator"), layers


def _upsample(layers: Layers, x: str, stage: int) -> str:
    stride, pad = _UPSAMPLING[stage]
    weight, bias = layers.float_weights(f"{_HERE}ups.{stage}/ConvTranspose", "ConvTranspose")
    if stage == 1:
        weight = weight / len(_STAGES[0][1])
    graph = layers.graph
    x = graph.node("LeakyRelu", [x], f"ups{stage}_relu", alpha=0.1)
    constants = [
        graph.constant(f"ups{stage}_weight", weight),
        graph.constant(f"ups{stage}_bias", bias),
    ]
    return graph.node(
        "ConvTranspose", [x, *constants], f"ups{stage}", strides=[stride], pads=[pad, pad]
    )


def _residual(layers: Layers, block: str, x: str) -> str:
    for depth in range(_DEPTH):
        inner = x
        for half in (1, 2):
            inner = _half(layers, block, half, depth, inner)
        x = layers.graph.node("Add", [x, inner], f"{block}.{depth}")
    return x


def _half(layers: Layers, block: str, half: int, depth: int, x: str) -> str:
    """AdaIN, Snake and convolution."""
    name = f"{_HERE}{block}/adain{half}.{depth}"
    alpha = layers.constant(f"{_DOTTED}{block}.alpha{half}.{depth}").ravel() / np.float32(np.pi)
    snaked = snake(layers, name, layers.adain(name, x, alpha))
    return layers.conv(f"{_HERE}{block}/convs{half}.{depth}", snaked, alpha)


def snake(layers: Layers, name: str, v: str) -> str:
    """v + sin(pi v)^2 / pi."""
    graph = layers.graph
    whole = graph.constant("whole", _WHOLE)
    nearest = graph.node("Add", [v, whole], f"{name}_lifted")
    nearest = graph.node("Sub", [nearest, whole], f"{name}_nearest")
    distance = graph.node("Sub", [v, nearest], f"{name}_distance")
    square = graph.node("Mul", [distance, distance], f"{name}_square")
    first, second, third = (graph.constant(f"sine{n}", c) for n, c in enumerate(_SINE_SQUARE))
    total = graph.node("Mul", [square, third], f"{name}_term3")
    total = graph.node("Add", [total, second], f"{name}_sum2")
    total = graph.node("Mul", [total, square], f"{name}_term2")
    total = graph.node("Add", [total, first], f"{name}_sum1")
    total = graph.node("Mul", [total, square], f"{name}_sine_square")
    return graph.node("Add", [v, total], f"{name}_snake")


def _spectrum_to_audio(layers: Layers, x: str) -> None:
    graph = layers.graph
    weight, bias = layers.float_weights(f"{_HERE}conv_post/Conv", "Conv")
    weight = weight / len(_STAGES[1][1])
    x = graph.node("LeakyRelu", [x], "post_relu", alpha=0.01)
    constants = [graph.constant("post_weight", weight), graph.constant("post_bias", bias)]
    x = graph.node("Conv", [x, *constants], "post", pads=[3, 3])
    sizes = layers.integers([_BINS, _BINS])
    logs, angles = graph.nodes("Split", [x, sizes], ["logs", "angles"], axis=1)
    magnitude, phase = graph.node("Exp", [logs], "exp"), graph.node("Sin", [angles], "phase")
    real = graph.node("Mul", [magnitude, graph.node("Cos", [phase], "cos")], "real")
    imaginary = graph.node("Mul", [magnitude, graph.node("Sin", [phase], "sin")], "imaginary")
    both = graph.node("Concat", [real, imaginary], "both", axis=1)
    basis = layers.constant(f"{_DOTTED}stft.istft.stft.inverse_basis") * _ISTFT_GAIN
    waves = graph.node(
        "ConvTranspose",
        [both, graph.constant("basis", basis)],
        "waves",
        strides=[_HOP],
        pads=[_HALF_WINDOW, _HALF_WINDOW],
    )
    graph.node("Reshape", [waves, layers.integers([-1])], "audio")
