"""The conversion of Kokoro: its layers on a small model, and the real one before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from voicebot.errors import WeightsError
from voicebot.weights import locate
from voicebot.weights.convert_kokoro import RANGES, convert, read_ranges
from voicebot.weights.kokoro_layers import STYLE, Layers, Ranges
from voicebot.weights.onnx_graph import Source

CHANNELS, OUT, TAPS = 6, 8, 3
ALPHA = np.array([0.5, 1.5, -0.25, 3.0, 1.0, -2.0], np.float32)
Floats = npt.NDArray[np.float32]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """One AdaIN and one convolution, named and stored as in Kokoro's int8 export."""
    random = np.random.default_rng(1)
    constants = {
        "norm.fc.w": random.integers(-100, 100, (STYLE, 2 * CHANNELS)).astype(np.int8),
        "norm.fc.z": np.zeros(2 * CHANNELS, np.int8),
        "decoder.decoder.norm.fc.weight_scale": np.full(2 * CHANNELS, 0.001, np.float32),
        "decoder.decoder.norm.fc.bias": random.standard_normal(2 * CHANNELS).astype(np.float32),
        "w_quantized": random.integers(0, 255, (OUT, CHANNELS, TAPS)).astype(np.uint8),
        "w_zero": np.array(117, np.uint8),
        "w_scale": np.array(0.01, np.float32),
        "decoder.decoder.conv.bias": random.standard_normal(OUT).astype(np.float32),
    }
    nodes = [
        helper.make_node(
            "MatMulInteger", ["s", "norm.fc.w", "sz", "norm.fc.z"], ["a"],
            "/decoder/decoder/norm/fc/Gemm_MatMul_quant",
        ),
        helper.make_node(
            "ConvInteger", ["x", "w_quantized", "xz", "w_zero"], ["b"],
            "/decoder/decoder/conv/Conv_quant", dilations=[2], pads=[2, 2], strides=[1],
        ),
        helper.make_node("Cast", ["a"], ["unwanted"], "unwanted", to=1),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None)
        for name in ("s", "sz", "x", "xz")
    ]
    outputs = [helper.make_tensor_value_info("unwanted", onnx.TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, tensors)), path)
    return path


def emitted(path: Path, ranges: Ranges | None, x: Floats, style: Floats) -> dict[str, Any]:
    """What AdaIN and the convolution after it make of `x`."""
    layers = Layers(Source(path), ranges)
    normal = layers.adain("norm", "x", ALPHA)
    out = layers.conv("conv", normal, ALPHA)
    model = layers.model({"x": [1, CHANNELS, "n"]}, [normal, out], "tiny")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return dict(zip(("normal", "conv"), session.run(None, {"x": x, "style": style}), strict=True))


def test_layers_compute_what_the_published_ones_mean(published: Path) -> None:
    random = np.random.default_rng(2)
    x = random.standard_normal((1, CHANNELS, 50)).astype(np.float32) * 3
    style = random.standard_normal((1, STYLE)).astype(np.float32)
    source = Source(published)
    got = emitted(published, None, x, style)

    product = style[0] @ (source.constant("norm.fc.w") * np.float32(0.001))
    gamma, beta = np.split(product + source.constant("decoder.decoder.norm.fc.bias"), 2)
    centred = (x[0] - x[0].mean(1, keepdims=True)) / np.sqrt(x[0].var(1, keepdims=True) + 1e-5)
    normal = centred * (1 + gamma)[:, None] + beta[:, None]
    np.testing.assert_allclose(got["normal"][0] / ALPHA[:, None], normal, rtol=1e-3, atol=1e-3)

    weight = (source.constant("w_quantized").astype(np.float32) - 117) * 0.01
    padded = np.pad(normal, ((0, 0), (2, 2)))
    taps = np.stack([padded[:, 2 * tap : 2 * tap + 50] for tap in range(TAPS)], axis=1)
    conv = np.einsum("oct,ctn->on", weight, taps)
    conv += source.constant("decoder.decoder.conv.bias")[:, None]
    np.testing.assert_allclose(got["conv"][0], conv, rtol=1e-3, atol=1e-3)


def test_eight_bits_stay_within_their_steps(published: Path) -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((1, CHANNELS, 200)).astype(np.float32)
    style = random.standard_normal((1, STYLE)).astype(np.float32)
    floats = emitted(published, None, x, style)
    plain = floats["normal"] / ALPHA[:, None]
    limits = (plain.min(), plain.max(), floats["conv"].min(), floats["conv"].max())
    bytes_ = emitted(published, {"conv": tuple(map(float, limits))}, x, style)
    np.testing.assert_array_equal(bytes_["normal"], floats["normal"])
    error = np.abs(bytes_["conv"] - floats["conv"])
    step = (limits[3] - limits[2]) / 255
    assert 0 < error.mean() < step
    assert error.max() < 5 * step


def test_a_convolution_without_a_range_is_named(published: Path) -> None:
    layers = Layers(Source(published), {})
    with pytest.raises(WeightsError, match="no measured range for the convolution 'conv'"):
        layers.conv("conv", "x")


def test_a_part_of_a_model_has_no_more_than_it_needs(published: Path) -> None:
    part = Source(published).upto({"b": onnx.TensorProto.INT32})
    assert [node.op_type for node in part.graph.node] == ["ConvInteger"]
    assert {c.name for c in part.graph.initializer} == {"w_quantized", "w_zero"}


def test_another_model_is_refused(published: Path, tmp_path: Path) -> None:
    source = Source(published)
    with pytest.raises(WeightsError, match=r"expected a ConvInteger named .*norm.*got MatMulInt"):
        source.inputs("/decoder/decoder/norm/fc/Gemm_MatMul_quant", "ConvInteger")
    with pytest.raises(WeightsError, match="expected a constant 'alpha'"):
        source.constant("alpha")
    with pytest.raises(WeightsError, match="expected a tensor 'nowhere'"):
        source.upto({"nowhere": 1})
    with pytest.raises(WeightsError, match="expected a tensor '/encoder/MatMul_1_output_0'"):
        convert(tmp_path, tmp_path / "new", lambda done, of: None)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(WeightsError, match="expected an ONNX model"):
        convert(tmp_path, tmp_path, lambda done, of: None)


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', '{"a": [1, 2, 3]}', "{"])
def test_ranges_that_are_not_whole_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ranges.json"
    path.write_text(text)
    with pytest.raises(WeightsError, match=r"expected .*four numbers"):
        read_ranges(path)


def test_the_ranges_are_those_of_every_convolution_in_eight_bits() -> None:
    ranges = read_ranges(RANGES)
    assert len(ranges) == 48 + 15
    assert all(low <= 0 < high for limits in ranges.values() for low, high in [limits[:2]])
    assert all(limits[2] < 0 < limits[3] for limits in ranges.values())


@pytest.mark.weights
def test_the_converted_model_sounds_like_the_published_one(models: Path) -> None:
    from voicebot.speech.kokoro import KokoroVoice

    before = KokoroVoice(locate("kokoro-v1.0-int8", models), "zf_xiaobei")
    after = KokoroVoice(locate("kokoro-v1.0-fast", models), "zf_xiaobei")
    text = "请问硬盘灯"
    old, new = (band_levels(voice.render(text)) for voice in (before, after))
    assert 0.85 < len(new) / len(old) < 1.15
    shifts = range(max(2, len(old) // 10))
    distance_db = min(distance(old[shift:], new) for shift in shifts)
    assert distance_db < 5.5 < distance(old[::-1], new)


def distance(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    """Mean difference in dB over the frames that both have."""
    length = min(len(left), len(right))
    return float(np.abs(left[:length] - right[:length]).mean())


def band_levels(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Levels in dB of 16 bands of 250 Hz, above -60 dB below full scale, every 10 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm / 32768.0, 256)[::80]
    power = np.abs(np.fft.rfft(frames * np.hanning(256), axis=1)) ** 2 / 256
    return np.asarray(10 * np.log10(power[:, 1:].reshape(len(power), 16, 8).mean(2) + 1e-6))
