"""Kokoro's decoder before the generator: features from aligned text, a source signal from pitch.

Network: the decoder of StyleTTS 2 (AdaIN residual blocks) and its harmonic source, as in
Kokoro-82M v1.0.
"""

from __future__ import annotations

import numpy as np
import onnx

from voicebot.weights.kokoro_layers import Layers
from voicebot.weights.kokoro_ranges import Ranges
from voicebot.weights.onnx_graph import Array, Source

_SLOPE = 0.2
_HARMONICS = 9
_RATE = 24_000.0
_HALF_FRAME = 300  # samples
_SINE_LEVEL = 0.1
_VOICED_HZ = 10.0
_FFT, _HOP = 20, 5
_SOURCE = "generator.m_source.l_linear"


def build_decoder(source: Source, ranges: Ranges | None) -> tuple[onnx.ModelProto, Layers]:
    """The model, and the layers with their probes.

    Inputs: ``text`` (1, 512, n) for n frames of 25 ms, ``pitch`` in Hz and ``energy`` (1, 2 n),
    ``style`` (1, 128); outputs: ``features`` and ``source`` as the generator takes them. Raises
    WeightsError if the source lacks a layer, or the ranges lack one.
    """
    layers = Layers(source, ranges)
    graph = layers.graph
    one = layers.integers([1])
    pitch = graph.node("Unsqueeze", ["pitch", one], "pitch_channel")
    energy = graph.node("Unsqueeze", ["energy", one], "energy_channel")
    curves = [layers.float_conv("F0_conv", pitch), layers.float_conv("N_conv", energy)]
    x = graph.node("Concat", ["text", *curves], "encode_in", axis=1)
    x = _block(layers, "encode", x)
    beside = [layers.float_conv("asr_res/asr_res.0", "text"), *curves]
    for number in range(4):
        x = graph.node("Concat", [x, *beside], f"decode{number}_in", axis=1)
        x = _block(layers, f"decode.{number}", x, doubled=number == 3)
    graph.node("Identity", [x], "features")
    _harmonics(layers, pitch)
    shapes: dict[str, list[int | str]] = {
        "text": [1, 512, "frames"],
        "pitch": [1, "half_frames"],
        "energy": [1, "half_frames"],
    }
    return layers.model(shapes, ["features", "source"], "kokoro-decoder"), layers


def _block(layers: Layers, name: str, x: str, *, doubled: bool = False) -> str:
    """A residual block; `doubled`: its output has twice the frames."""
    graph = layers.graph
    inner = graph.node(
        "LeakyRelu", [layers.adain(f"{name}/norm1", x)], f"{name}_relu1", alpha=_SLOPE
    )
    if doubled:
        inner = _pool(layers, name, inner)
        scales = graph.constant("doubled", [1, 1, 2])
        x = graph.node(
            "Resize",
            [x, "", scales],
            f"{name}_doubled",
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
    inner = layers.conv(f"{name}/conv1", inner)
    inner = graph.node(
        "LeakyRelu", [layers.adain(f"{name}/norm2", inner)], f"{name}_relu2", alpha=_SLOPE
    )
    inner = layers.conv(f"{name}/conv2", inner)
    total = graph.node("Add", [inner, layers.conv(f"{name}/conv1x1", x)], f"{name}_sum")
    return graph.node("Mul", [total, graph.constant("half_power", np.sqrt(0.5))], f"{name}_out")


def _pool(layers: Layers, name: str, x: str) -> str:
    weight, bias = layers.float_weights(f"{name}/pool/ConvTranspose", "ConvTranspose")
    constants = [
        layers.graph.constant(f"{name}_pool_weight", weight),
        layers.graph.constant(f"{name}_pool_bias", bias),
    ]
    return layers.graph.node(
        "ConvTranspose",
        [x, *constants],
        f"{name}_pool",
        strides=[2],
        pads=[1, 1],
        output_padding=[1],
        group=len(weight),
    )


def _harmonics(layers: Layers, pitch: str) -> None:
    """``source``: the spectrum of the pitch's harmonics, magnitudes then angles."""
    graph = layers.graph
    numbers = np.arange(1, _HARMONICS + 1, dtype=np.float32).reshape(1, -1, 1)
    cycles = graph.node("Mul", [pitch, graph.constant("per_sample", numbers / _RATE)], "cycles")
    part = graph.node("Sub", [cycles, graph.node("Floor", [cycles], "whole_cycles")], "part")
    axis = graph.constant("time", 2, np.int32)
    turns = graph.node("CumSum", [part, axis], "turns")
    factor = graph.constant("radians", 2 * np.pi * _HALF_FRAME)
    angles = graph.node("Mul", [turns, factor], "half_frame_angles")
    scales = graph.constant("samples", [1, 1, _HALF_FRAME])
    smooth = graph.node("Resize", [angles, "", scales], "angles", mode="linear")
    voiced = graph.node("Greater", [pitch, graph.constant("voiced_hz", _VOICED_HZ)], "is_voiced")
    level = graph.node(
        "Mul",
        [
            graph.node("Cast", [voiced], "voiced", to=onnx.TensorProto.FLOAT),
            graph.constant("sine_level", _SINE_LEVEL),
        ],
        "level",
    )
    levels = graph.node(
        "Resize",
        [level, "", scales],
        "levels",
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    sines = graph.node("Mul", [graph.node("Sin", [smooth], "unit_sines"), levels], "sines")
    weights = layers.source.constant("onnx::MatMul_6993").reshape(1, _HARMONICS, 1)
    mixed = graph.node(
        "Conv",
        [
            sines,
            graph.constant("mix_weight", weights),
            graph.constant("mix_bias", layers.constant(f"{_SOURCE}.bias")),
        ],
        "mixed",
    )
    _spectrum(layers, graph.node("Tanh", [mixed], "waveform"))


def _spectrum(layers: Layers, waveform: str) -> None:
    graph = layers.graph
    half = _FFT // 2
    edges = layers.integers([0, 0, half, 0, 0, half])
    padded = graph.node("Pad", [waveform, edges], "waveform_padded", mode="reflect")
    basis = graph.constant("fourier", _fourier())
    bins = graph.node("Conv", [padded, basis], "bins", strides=[_HOP])
    sizes = layers.integers([half + 1, half + 1])
    real, imaginary = graph.nodes("Split", [bins, sizes], ["bins_real", "bins_imaginary"], axis=1)
    power = graph.node(
        "Add",
        [
            graph.node("Mul", [real, real], "real_square"),
            graph.node("Mul", [imaginary, imaginary], "imaginary_square"),
        ],
        "power",
    )
    magnitude = graph.node("Sqrt", [power], "magnitude")
    graph.node("Concat", [magnitude, _angle(layers, real, imaginary)], "source", axis=1)


def _angle(layers: Layers, real: str, imaginary: str) -> str:
    """atan2, which ONNX lacks."""
    graph = layers.graph
    zero, pi = graph.constant("zero", 0.0), graph.constant("pi", np.pi)
    principal = graph.node("Atan", [graph.node("Div", [imaginary, real], "tangent")], "principal")
    above = graph.node("Greater", [imaginary, zero], "above")
    turned = graph.node(
        "Where",
        [
            above,
            graph.node("Add", [principal, pi], "turned_up"),
            graph.node("Sub", [principal, pi], "turned_down"),
        ],
        "turned",
    )
    left = graph.node("Less", [real, zero], "left")
    return graph.node("Where", [left, turned, principal], "angle")


def _fourier() -> Array:
    """The windowed discrete Fourier transform as a convolution: shape (22, 1, 20)."""
    time = np.arange(_FFT)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / _FFT)
    angles = 2 * np.pi * np.outer(np.arange(_FFT // 2 + 1), time) / _FFT
    return np.concatenate([np.cos(angles), -np.sin(angles)])[:, None] * window
