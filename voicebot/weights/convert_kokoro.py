"""Convert Kokoro's published int8 model for speed: three graphs of our making, the same weights.

``text.onnx`` (text to aligned text, pitch and energy) is the published graph, cut off;
``decoder.onnx`` and ``generator.onnx`` are built anew with faster 8-bit convolutions
(kokoro_int8.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import onnx

from voicebot.weights.kokoro_decoder import build_decoder
from voicebot.weights.kokoro_generator import build_generator
from voicebot.weights.kokoro_ranges import read_ranges
from voicebot.weights.onnx_graph import Source

RANGES = Path(__file__).with_name("kokoro_ranges.npz")
_TEXT_OUTPUTS = {
    "/encoder/MatMul_1_output_0": "text",
    "/encoder/Reshape_output_0": "pitch",
    "/encoder/Reshape_1_output_0": "energy",
}


def convert(source: Path, target: Path, report: Callable[[int, int], None]) -> None:
    """Write the three models beside the vocabulary and the voices. Raises WeightsError."""
    published = Source(source / "model.onnx")
    ranges = read_ranges(RANGES)
    report(0, 3)
    onnx.save(text_model(published), str(target / "text.onnx"))
    report(1, 3)
    onnx.save(build_decoder(published, ranges)[0], str(target / "decoder.onnx"))
    report(2, 3)
    onnx.save(build_generator(published, ranges)[0], str(target / "generator.onnx"))
    shutil.copy(source / "vocab.json", target / "vocab.json")
    shutil.copytree(source / "voices", target / "voices")
    report(3, 3)


def text_model(published: Source) -> onnx.ModelProto:
    """The published model up to what the decoder takes, its outputs renamed."""
    part = published.upto({name: onnx.TensorProto.FLOAT for name in _TEXT_OUTPUTS})
    for node in part.graph.node:
        node.input[:] = [_TEXT_OUTPUTS.get(name, name) for name in node.input]
        node.output[:] = [_TEXT_OUTPUTS.get(name, name) for name in node.output]
    for output in part.graph.output:
        output.name = _TEXT_OUTPUTS[output.name]
    return part
