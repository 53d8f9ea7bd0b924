"""Measure what values Kokoro's convolutions meet: voicebot/weights/kokoro_ranges.json.

    python -m tests.bench.fit_kokoro_ranges [--check | --shrink]

The conversion of Kokoro (voicebot/weights/convert_kokoro.py) quantises activations with fixed
ranges. They are fitted here, in two steps. Without an argument: the float32 model speaks
sentences of ours in all eight Mandarin voices, and at three speeds in one of them; a range is the
lowest and the highest value met, widened by a twentieth. --shrink: each range is drawn in as far
as makes the mean square error of its eight bits least, in other sentences and two voices.
--check speaks sentences of neither and prints how far they fall outside. Ten minutes on one core.

Raise the version of the converter (voicebot/weights/recipes.py) with new ranges.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from rich.progress import track

from voicebot.settings import load_settings
from voicebot.speech.kokoro_fast import speak_clause
from voicebot.speech.kokoro_text import Feed, KokoroText
from voicebot.speech.reading import Reader
from voicebot.weights import locate
from voicebot.weights.convert_kokoro import RANGES, text_model
from voicebot.weights.kokoro_decoder import build_decoder
from voicebot.weights.kokoro_generator import build_generator
from voicebot.weights.kokoro_layers import Layers
from voicebot.weights.onnx_graph import Source

VOICES = (
    "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi",
    "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang",
)  # fmt: skip
SPEEDS = {"zf_xiaobei": (0.8, 1.0, 1.25)}
WIDER = 1.05
TEXTS = (
    "您好，这里是售后服务热线，请问有什么可以帮您？",
    "好的。",
    "哎，嗯，不客气！",
    "请您把机箱后面的电源线拔下来，等三十秒再插回去。",
    "序列号一共九位，我念给您听：三、七、F、零、二、八、K、幺、五。",
    "第二块磁盘掉线了，阵列正在用热备盘重建，请先不要关机。",
    "BIOS版本是4.1.07，BMC固件是V2.19，都可以升级。",
    "工程师明天上午十点到现场，车程大约一百二十公里。",
    "Linux系统里执行一下网络诊断，看看IP地址10.2.3.4通不通。",
    "这是一个机柜吗？女儿、月亮、雨雪、儿子、思索、日志、出入、群组。",
)
CHECKS = (
    "请稍等，我正在为您查询。",
    "内存条插在A1槽位，型号是DDR4，16GB。",
    "如果面板上的故障灯还亮着，请拍照发给我们的工程师。",
    "您的工单已经升级为二级，四小时之内有人回电，谢谢您的耐心！",
)
SHRINK_TEXTS = ("请问机器还亮灯吗？", "收到，九号下午见。")
SHRINK_VOICES = ("zf_xiaobei", "zm_yunxi")
FACTORS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3)
Table = dict[str, npt.NDArray[np.float64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--shrink", action="store_true")
    args = parser.parse_args()
    check = args.check
    folder = locate("kokoro-v1.0-int8", load_settings().models)
    if args.shrink:
        write(shrunk(folder, json.loads(RANGES.read_text())))
        return
    met = measure(folder, CHECKS if check else TEXTS)
    if check:
        known = json.loads(RANGES.read_text())
        for name, limits in met.items():
            print(f"{name}\t{outside(limits, np.array(known[name])):.3f}")
        return
    write({name: limits * WIDER for name, limits in met.items()})


def write(table: Table) -> None:
    """Keep the ranges, to four digits."""
    short = {name: [float(f"{value:.4g}") for value in limits] for name, limits in table.items()}
    rows = ",\n".join(
        f" {json.dumps(name)}: {json.dumps(limits)}" for name, limits in short.items()
    )
    RANGES.write_text(f"{{\n{rows}\n}}\n")


def outside(met: npt.NDArray[np.float64], known: npt.NDArray[np.float64]) -> float:
    """By what part of a known range a value lay outside, at most."""
    worst = 0.0
    for i in (0, 2):
        over = max(known[i] - met[i], met[i + 1] - known[i + 1], 0.0)
        worst = max(worst, over / (known[i + 1] - known[i]))
    return worst


def measure(folder: Path, texts: tuple[str, ...]) -> Table:
    """Lowest and highest input, lowest and highest output of every convolution."""
    source = Source(folder / "model.onnx")
    sessions = {"text": _session(text_model(source))}
    probes: dict[str, list[str]] = {}
    for name, build in (("decoder", build_decoder), ("generator", build_generator)):
        model, layers = build(source, None)
        probes[name] = _probe(model, layers)
        sessions[name] = _session(model)
    met: Table = {}

    def run(name: str, feed: Feed) -> list[npt.NDArray[np.float32]]:
        outputs = sessions[name].run(None, dict(feed))
        count = len(outputs) - 4 * len(probes.get(name, ()))
        values = np.array(outputs[count:], np.float64).reshape(-1, 4)
        for conv, limits in zip(probes.get(name, ()), values, strict=True):
            sides = np.stack([limits, met.get(conv, limits)])
            met[conv] = np.where([True, False, True, False], sides.min(0), sides.max(0))
        return list(outputs[:count])

    for feed in track(list(_feeds(folder, texts)), description="measuring"):
        speak_clause(feed, run)
    return met


def shrunk(folder: Path, ranges: dict[str, list[float]]) -> Table:
    """Every range times the factor that makes its error least."""
    source = Source(folder / "model.onnx")
    sessions = {"text": _session(text_model(source))}
    tensors: dict[str, list[tuple[str, int]]] = {"text": []}
    for name, build in (("decoder", build_decoder), ("generator", build_generator)):
        model, layers = build(source, None)
        tensors[name] = [(conv, side) for conv in layers.probes for side in (0, 2)]
        for pair in layers.probes.values():
            for tensor in pair:
                kind = onnx.TensorProto.FLOAT
                model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, kind, None))
        sessions[name] = _session(model)
    errors = {(conv, side): np.zeros(len(FACTORS)) for conv in ranges for side in (0, 2)}

    def run(name: str, feed: Feed) -> list[npt.NDArray[np.float32]]:
        outputs = sessions[name].run(None, dict(feed))
        count = len(outputs) - len(tensors[name])
        for key, values in zip(tensors[name], outputs[count:], strict=True):
            low, high = ranges[key[0]][key[1] : key[1] + 2]
            errors[key] += [_square_error(values, low * f, high * f) for f in FACTORS]
        return list(outputs[:count])

    for feed in track(list(_feeds(folder, SHRINK_TEXTS, SHRINK_VOICES)), description="shrinking"):
        speak_clause(feed, run)
    best = {key: FACTORS[int(np.argmin(error))] for key, error in errors.items()}
    sides = {conv: np.repeat([best[conv, 0], best[conv, 2]], 2) for conv in ranges}
    return {conv: np.array(limits) * sides[conv] for conv, limits in ranges.items()}


def _square_error(values: npt.NDArray[np.float32], low: float, high: float) -> float:
    step = (high - low) / 255
    rounded = np.round(np.clip(values, low, high) / step) * step
    return float(np.square(values - rounded).sum())


def _feeds(
    folder: Path, texts: tuple[str, ...], voices: tuple[str, ...] = VOICES
) -> Iterator[Feed]:
    for voice in voices:
        for speed in SPEEDS.get(voice, (1.0,)):
            front = KokoroText(folder, voice, speed, Reader())
            for text in texts:
                yield from front.feeds(text)


def _probe(model: onnx.ModelProto, layers: Layers) -> list[str]:
    """Add the extremes of every convolution's input and output to a model's outputs."""
    for conv, tensors in layers.probes.items():
        for tensor in tensors:
            for operator in ("ReduceMin", "ReduceMax"):
                name = f"{conv}:{tensor}:{operator}"
                node = onnx.helper.make_node(operator, [tensor], [name], keepdims=0)
                model.graph.node.append(node)
                kind = onnx.TensorProto.FLOAT
                model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, []))
    return list(layers.probes)


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


if __name__ == "__main__":
    main()
