"""Compare the converted Kokoro with the published one: CPU a clause, and what is understood.

    python -m tests.bench.bench_kokoro speed [--threads 1]
    python -m tests.bench.bench_kokoro errors [--voices zf_xiaobei zm_yunxi] [--speeds 1.0]

`speed`: 30 hotline clauses of 2 to 9 characters, the two models in turn, so that a loaded
machine slows both. `errors`: the sentences of kokoro_lines.txt through A-law, recognized by the
embedded Whisper without a prompt; both models say the same sentences.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import through_phone
from voicebot.settings import load_settings
from voicebot.speech.api import LINE_RATE
from voicebot.speech.kokoro import KokoroVoice
from voicebot.weights import locate

LINES = Path(__file__).with_name("kokoro_lines.txt")
MODELS = ("kokoro-v1.0-int8", "kokoro-v1.0-q8")
CLAUSES = (
    "您好", "好的", "请稍等", "请问是什么型号", "我帮您查一下", "电源灯亮吗", "请先关机断电",
    "请把序列号告诉我", "第三块硬盘掉线了", "阵列正在重建", "请不要关机", "马上为您转接",
    "工程师会给您回电话", "请再说一遍", "内存条插紧了吗", "风扇声音很大", "是网口不亮吗",
    "保修还有两年", "请换一根网线", "我记下来了", "请按一", "还有别的问题吗", "感谢您的来电",
    "请登录管理口看日志", "固件要先升级", "密码印在标签上", "机房温度高不高", "这个需要上门处理",
    "备件明天就到", "不好意思让您久等了",
)  # fmt: skip
_PAD = LINE_RATE // 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "errors"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--voices", nargs="+", default=["zf_xiaobei", "zm_yunxi"])
    parser.add_argument("--speeds", nargs="+", type=float, default=[1.0])
    parser.add_argument("--verbose", action="store_true", help="print what was heard wrong")
    args = parser.parse_args()
    if args.what == "speed":
        speed(args.models, args.voices[0], args.threads)
    else:
        errors(args.models, args.voices, args.speeds, args.verbose)


def speed(models: list[str], voice: str, threads: int) -> None:
    """CPU and wall seconds until the first chunk, and for the whole clause."""
    voices = {name: _open(name, voice, 1.0, threads) for name in models}
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in models}
    for clause in CLAUSES:
        for name, speaker in voices.items():
            rows[name].append(_timed(speaker, clause))
    table = Table("model", "threads", *(f"{what} {p}" for what in _TIMES for p in ("p50", "p95")))
    for name in models:
        columns = np.array(rows[name]).T
        cells = [f"{np.percentile(c, p):.3f}" for c in columns for p in (50, 95)]
        table.add_row(name, str(threads), *cells)
    Console(width=160).print(table)


_TIMES = ("first wall s", "first CPU s", "whole wall s", "whole CPU s", "speech s")


def _timed(voice: KokoroVoice, clause: str) -> tuple[float, ...]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    first = (0.0, 0.0)
    samples = 0
    for number, chunk in enumerate(voice.stream(clause)):
        if number == 0:
            first = (time.perf_counter() - wall_s, time.process_time() - cpu_s)
        samples += len(chunk.pcm)
    whole = (time.perf_counter() - wall_s, time.process_time() - cpu_s)
    return (*first, *whole, samples / voice.stream_rate)


def errors(models: list[str], voices: list[str], speeds: list[float], verbose: bool) -> None:
    """Character and syllable error rates, model by model and voice by voice."""
    settings = load_settings()
    ears = WhisperRecognizer(locate(settings.asr.model, settings.models))
    texts = [t for t in LINES.read_text(encoding="utf-8").splitlines() if t[:1] not in ("", "#")]
    table = Table("model", "voice", "speed", "n", "CER", "pinyin", "speech s")
    for name, voice, rate in _products(models, voices, speeds):
        speaker = _open(name, voice, rate, 2)
        characters, syllables, length = ErrorCount(), ErrorCount(), 0.0
        for text in texts:
            pcm = speaker.render(text)
            heard = ears.recognize(through_phone(np.pad(pcm, _PAD), None, ""), LINE_RATE).text
            count = character_errors(text, heard)
            characters, length = characters + count, length + len(pcm) / LINE_RATE
            syllables += syllable_errors(text, heard)
            if verbose and count.errors:
                print(f"{name}\t{voice}\t{count.errors}\t{text}\t{heard}", flush=True)
        cells = (f"{characters.rate:.4f}", f"{syllables.rate:.4f}", f"{length:.0f}")
        table.add_row(name, voice, f"{rate}", str(len(texts)), *cells)
    Console(width=120).print(table)


def _products(
    models: list[str], voices: list[str], speeds: list[float]
) -> Iterator[tuple[str, str, float]]:
    for voice in voices:
        for rate in speeds:
            for name in models:
                yield name, voice, rate


def _open(model: str, voice: str, rate: float, threads: int) -> KokoroVoice:
    speaker = KokoroVoice(locate(model, load_settings().models), voice, speed=rate, threads=threads)
    speaker.warm_up()
    return speaker


if __name__ == "__main__":
    main()
