"""Kokoro's generator: from features and a source signal to sound. Nine tenths of its cost.

The network is the iSTFTNet of StyleTTS 2 (AdaIN, Snake), as in Kokoro-82M v1.0. Snake is applied
in the scaled variable u = alpha x, where x + sin(alpha x)^2 / alpha is (u + sin(u)^2) / alpha:
the scaling is free in AdaIN before it, the division in the quantisation after it.
"""

from __future__ import annotations

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
    name, graph = f"{_HERE}{block}/adain{half}.{depth}", layers.graph
    alpha = layers.constant(f"{_DOTTED}{block}.alpha{half}.{depth}").ravel()
    u = layers.adain(name, x, alpha)
    sine = graph.node("Sin", [u], f"{name}_sin")
    square = graph.node("Mul", [sine, sine], f"{name}_square")
    snake = graph.node("Add", [u, square], f"{name}_snake")
    return layers.conv(f"{_HERE}{block}/convs{half}.{depth}", snake, alpha)


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
