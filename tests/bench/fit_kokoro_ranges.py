"""Measure what values Kokoro's convolutions meet: voicebot/weights/kokoro_ranges.npz.

    python -m tests.bench.fit_kokoro_ranges

The conversion of Kokoro (voicebot/weights/convert_kokoro.py) quantises activations with fixed
ranges, one for each channel. They are fitted here: the float32 model speaks clauses of ours in all
eight Mandarin voices at three speeds (each clause in three of the voices), and a range is what was
met, widened by a twentieth, then drawn in as far as makes the mean square error of its eight bits
least, on 64 moments of each clause. The sentences by which voices are judged (voice_lines.toml,
kokoro_lines.txt) are not among them. Four minutes on two quiet cores.

Raise the version of the converter (voicebot/weights/recipes.py) with new ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from voicebot.weights.kokoro_ranges import ConvRange, write_ranges
from voicebot.weights.onnx_graph import Source

VOICES = (
    "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi",
    "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang",
)  # fmt: skip
TURNS = (0, 3, 5)  # each clause in three voices, the next clause in the next ones
SPEEDS = (0.9, 1.0, 1.1)
CLAUSE = 14  # characters at most, unless one part is longer
MOMENTS = 64
WIDER = 1.05
FACTORS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.42, 0.35)
LEAST = 1e-6
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
    "今天下午三点开会，请大家提前准备好资料。",
    "这种情况比较少见，多半是接触不良引起的。",
    "麻烦您报一下公司名称和联系电话。",
    "一八六，五五二零，七七九三。",
    "版本号是B、C、D、E、G、H、J。",
    "钥匙在值班室的抽屉里，需要登记才能领取。",
    "秋天的傍晚，湖面上吹来一阵凉风。",
    "系统提示校验失败，错误代码零四二。",
    "他总是先检查散热片，然后才换主板。",
    "我们公司位于苏州工业园区。",
    "请不要强行拔出，先松开卡扣。",
    "昨晚雷雨，附近几条街都停电了。",
    "贵司的合同有效期到哪一天？",
    "L、M、N、O、P、Q、R、S、T、U、V、W、X、Y、Z、A、F、I、K。",
    "软件许可证已经过期，续费之后才可以使用。",
    "嗯，明白了，稍后给您回复。",
    "八百五十瓦，一百二十八G，二十五千兆。",
    "全球各地的用户都能收到推送。",
    "孩子们在操场上踢球，笑声传得很远。",
    "双路电源互为备份，任意一路断开都不影响业务。",
)

Floats = npt.NDArray[np.float32]


@dataclass
class Met:
    """What one side of one convolution met: moments of it, and the extremes of each channel."""

    moments: list[Floats] = field(default_factory=list)
    low: Floats | float = np.inf
    high: Floats | float = -np.inf

    def add(self, values: Floats, random: np.random.Generator) -> None:
        """`values` (channels, n)."""
        count = min(MOMENTS, values.shape[1])
        self.moments.append(values[:, random.choice(values.shape[1], count, replace=False)])
        self.low = np.minimum(self.low, values.min(axis=1))
        self.high = np.maximum(self.high, values.max(axis=1))

    def limits(self) -> tuple[Floats, Floats]:
        """The range of each channel, of least square error in eight bits."""
        moments = np.concatenate(self.moments, axis=1)
        low = np.asarray(np.minimum(self.low, 0) * WIDER, np.float32)
        high = np.asarray(np.maximum(self.high, 0) * WIDER + LEAST, np.float32)
        errors = [_square_error(moments, low * f, high * f) for f in FACTORS]
        best = np.array(FACTORS, np.float32)[np.argmin(errors, axis=0)]
        return low * best, high * best

    def rms(self) -> Floats:
        moments = np.concatenate(self.moments, axis=1)
        return np.asarray(np.sqrt(np.square(moments).mean(axis=1)) + LEAST, np.float32)


def main() -> None:
    folder = locate("kokoro-v1.0-int8", load_settings().models)
    met = measure(folder)
    names = sorted({name for name, _ in met}, key=[name for name, _ in met].index)
    ranges = {}
    for name in track(names, description="fitting"):
        x, y = met[name, 0], met[name, 1]
        ranges[name] = ConvRange(*x.limits(), x.rms(), *y.limits())
    write_ranges(RANGES, ranges)


def measure(folder: Path) -> dict[tuple[str, int], Met]:
    """(convolution, 0 for its input or 1 for its output) -> what it met."""
    random = np.random.default_rng(5)
    source = Source(folder / "model.onnx")
    sessions = {"text": _session(text_model(source))}
    outputs: dict[str, list[str]] = {"text": []}
    tensors: dict[str, dict[tuple[str, int], str]] = {"text": {}}
    for part, build in (("decoder", build_decoder), ("generator", build_generator)):
        model, layers = build(source, None)
        both = layers.probes.items()
        tensors[part] = {(conv, side): pair[side] for conv, pair in both for side in (0, 1)}
        outputs[part] = sorted(set(tensors[part].values()))
        model.graph.output.extend(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            for name in outputs[part]
        )
        sessions[part] = _session(model)
    met = {key: Met() for keys in tensors.values() for key in keys}

    def run(part: str, feed: Feed) -> list[npt.NDArray[Any]]:
        got = sessions[part].run(None, dict(feed))
        count = len(got) - len(outputs[part])
        values = dict(zip(outputs[part], got[count:], strict=True))
        for key, tensor in tensors[part].items():
            met[key].add(values[tensor][0], random)
        return list(got[:count])

    for feed in track(list(_feeds(folder)), description="measuring"):
        speak_clause(feed, run)
    return met


def _square_error(values: Floats, low: Floats, high: Floats) -> Floats:
    """Of each channel of `values` (channels, n)."""
    step = ((high - low) / 255)[:, None]
    rounded = np.round(np.clip(values, low[:, None], high[:, None]) / step) * step
    return np.asarray(np.square(values - rounded).sum(axis=1))


def _feeds(folder: Path) -> Iterator[Feed]:
    fronts = [[KokoroText(folder, voice, speed, Reader()) for speed in SPEEDS] for voice in VOICES]
    for number, clause in enumerate(clauses()):
        for turn in TURNS:
            front = fronts[(number + turn) % len(VOICES)][(number + turn) % len(SPEEDS)]
            yield from front.feeds(clause)


def clauses() -> list[str]:
    """The texts in pieces as long as a call's."""
    pieces: list[str] = []
    for text in TEXTS:
        piece = ""
        for part in re.split("(?<=[，。！？；])", text):
            if piece and len(piece) + len(part) > CLAUSE:
                pieces.append(piece)
                piece = ""
            piece += part
        pieces.append(piece)
    return [piece for piece in pieces if piece]


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


if __name__ == "__main__":
    main()
