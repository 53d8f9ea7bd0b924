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
from voicebot.speech.kokoro_fast import speak_clause
from voicebot.speech.kokoro_text import Feed, KokoroText
from voicebot.speech.line_audio import line_ready
from voicebot.speech.reading import Reader
from voicebot.weights import locate
from voicebot.weights.convert_kokoro import RANGES, convert
from voicebot.weights.kokoro_decoder import build_decoder
from voicebot.weights.kokoro_generator import build_generator, snake
from voicebot.weights.kokoro_int8 import quantised
from voicebot.weights.kokoro_layers import STYLE, Layers
from voicebot.weights.kokoro_ranges import ConvRange, Ranges, read_ranges, write_ranges
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


def met(x: Floats, y: Floats) -> ConvRange:
    """What inputs and outputs of shape (channels, n) let one expect."""
    rms = np.sqrt(np.square(x).mean(1))
    return ConvRange(
        np.minimum(x.min(1), 0), np.maximum(x.max(1), 0), rms, np.minimum(y.min(1), 0), y.max(1)
    )


def test_eight_bits_stay_within_the_steps_of_each_channel(published: Path) -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((1, CHANNELS, 200)).astype(np.float32)
    style = random.standard_normal((1, STYLE)).astype(np.float32)
    floats = emitted(published, None, x, style)
    ranges = {"conv": met(floats["normal"][0] / ALPHA[:, None], floats["conv"][0])}
    bytes_ = emitted(published, ranges, x, style)
    np.testing.assert_array_equal(bytes_["normal"], floats["normal"])
    error = np.abs(bytes_["conv"] - floats["conv"])[0]
    steps = np.ptp(floats["conv"][0], axis=1) / 255
    assert (error.mean(axis=1) > 0).all() and (error.mean(axis=1) < steps).all()
    assert (error.max(axis=1) < 6 * steps).all()


def test_a_loud_channel_does_not_coarsen_a_quiet_one() -> None:
    """What one scale for all would round away is kept: channels 100 times apart."""
    random = np.random.default_rng(4)
    weight = random.standard_normal((OUT, CHANNELS, TAPS)).astype(np.float32)
    weight[1:] /= 100
    x = random.standard_normal((CHANNELS, 500)).astype(np.float32)
    x[0] *= 30
    weight[:, 0] /= 30
    taps = np.lib.stride_tricks.sliding_window_view(x, TAPS, axis=1)
    bias = np.linspace(-0.05, 0.05, OUT, dtype=np.float32)
    y = np.einsum("oct,cnt->on", weight, taps) + bias[:, None]
    conv = quantised(weight, bias, met(x, y))
    bytes_ = np.clip(np.round(x / conv.input_steps[:, None]) + conv.input_zero, 0, 255)
    taps = np.lib.stride_tricks.sliding_window_view(bytes_ - conv.input_zero, TAPS, axis=1)
    sums = np.einsum("oct,cnt->on", conv.weight, taps) + conv.bias[:, None]
    out = np.clip(np.round(sums * conv.weight_scales[:, None]) + 128, 0, 255)
    got = (out - conv.output_zeros[:, None]) * conv.output_steps[:, None]
    error_db = 10 * np.log10(np.square(y - got).mean(1) / np.square(y).mean(1))
    assert error_db.max() < -35
    assert np.abs(conv.weight).max() == 127


def test_snake_is_computed_without_a_sine(published: Path) -> None:
    layers = Layers(Source(published), None)
    inputs: dict[str, list[int | str]] = {"v": [1, CHANNELS, "n"]}
    model = layers.graph.model(inputs, [snake(layers, "s", "v")], "snake")
    v = np.linspace(-60, 60, CHANNELS * 4001, dtype=np.float32).reshape(1, CHANNELS, -1)
    (got,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"v": v})
    plain = v.astype(np.float64)
    np.testing.assert_allclose(got, plain + np.sin(np.pi * plain) ** 2 / np.pi, atol=3e-4)


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


def test_ranges_are_read_as_they_were_written(tmp_path: Path) -> None:
    sides = [np.array(v, np.float32) for v in ([-1, -2, 0], [1, 2, 3], [0.5, 1, 1], [-4], [0.25])]
    other = [np.array([value], np.float32) for value in (-8, 8, 4, -0.5, 0.5)]
    write_ranges(tmp_path / "r.npz", {"a/b": ConvRange(*sides), "c": ConvRange(*other)})
    got = read_ranges(tmp_path / "r.npz")
    assert list(got) == ["a/b", "c"]
    np.testing.assert_array_equal(got["a/b"].input_high, [1, 2, 3])
    np.testing.assert_array_equal(got["a/b"].output_low, [-4])
    np.testing.assert_array_equal(got["c"].input_rms, [4])


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_ranges_that_are_not_whole_are_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "ranges.npz"
    path.write_bytes(RANGES.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="expected the fitted ranges of Kokoro"):
        read_ranges(path)


def test_ranges_whose_channels_do_not_add_up_are_refused(tmp_path: Path) -> None:
    one = np.array([1.0], np.float32)
    write_ranges(tmp_path / "r.npz", {"a": ConvRange(one, one, one, one, one)})
    with np.load(tmp_path / "r.npz") as whole:
        table = dict(whole)
    table["input_channels"] = np.array([2])
    np.savez(tmp_path / "r.npz", **table)
    with pytest.raises(WeightsError, match="channels do not add up to 1"):
        read_ranges(tmp_path / "r.npz")


def test_the_ranges_are_those_of_every_convolution_in_eight_bits() -> None:
    ranges = read_ranges(RANGES)
    assert len(ranges) == 48 + 15
    for one in ranges.values():
        assert len(one.input_low) == len(one.input_high) == len(one.input_rms)
        assert len(one.output_low) == len(one.output_high)
        for low, high in ((one.input_low, one.input_high), (one.output_low, one.output_high)):
            assert (low <= 0).all() and (high >= 0).all() and (high > low).mean() > 0.98


@pytest.mark.weights
def test_the_converted_models_sound_as_in_float32(models: Path) -> None:
    """Decoder and generator in 8 bits against the same in float32, on the same clause."""
    published = Source(locate("kokoro-v1.0-int8", models) / "model.onnx")
    folder = locate("kokoro-v1.0-q8", models)
    feed = next(KokoroText(folder, "zf_xiaobei", 1.0, Reader()).feeds("硬盘灯"))
    text = onnxruntime.InferenceSession(str(folder / "text.onnx")).run(None, dict(feed))
    clear = {
        "decoder": build_decoder(published, None)[0].SerializeToString(),
        "generator": build_generator(published, None)[0].SerializeToString(),
    }
    quick = {name: str(folder / f"{name}.onnx") for name in clear}
    before, after = (sound(parts, feed, text) for parts in (clear, quick))
    assert len(before) == len(after)
    distance_db = distance(band_levels(before), band_levels(after))
    assert distance_db < 1.5 < 5 < distance(band_levels(before[::-1]), band_levels(after))


def sound(parts: dict[str, Any], feed: Feed, text: list[Floats]) -> npt.NDArray[np.int16]:
    """What these models make of an aligned text, at 8 kHz."""
    sessions = {name: onnxruntime.InferenceSession(model) for name, model in parts.items()}

    def run(name: str, fed: Feed) -> list[Floats]:
        return text if name == "text" else list(sessions[name].run(None, dict(fed)))

    return line_ready(speak_clause(feed, run), 24_000)


def distance(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    """Mean difference in dB over the frames that both have."""
    length = min(len(left), len(right))
    return float(np.abs(left[:length] - right[:length]).mean())


def band_levels(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Levels in dB of 16 bands of 250 Hz, above -60 dB below full scale, every 10 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm / 32768.0, 256)[::80]
    power = np.abs(np.fft.rfft(frames * np.hanning(256), axis=1)) ** 2 / 256
    return np.asarray(10 * np.log10(power[:, 1:].reshape(len(power), 16, 8).mean(2) + 1e-6))
