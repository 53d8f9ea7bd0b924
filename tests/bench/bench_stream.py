"""What a streamed utterance costs: the quick text, the final after it, and their error rates.

Run from the repository root:
    python -m tests.bench.bench_stream --clips DIR_WITH_MANIFEST_TSV [--every 2]
Clips pass A-law; CPU is the whole process's, with one thread. "before" loads the whole vocabulary
and searches with beams always.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from unittest import mock

import numpy as np

from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from asr_models.segments import speech_segments
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Pcm, load_manifest, read_8k, through_phone
from voicebot.settings import load_settings
from voicebot.weights import locate

T = TypeVar("T")
PROMPT = "您好，我的云岚服务器装系统时看不到硬盘，阵列卡做了RAID，BMC有告警，想查固件和驱动。"


@dataclass
class Column:
    """One way of reading all clips."""

    cpu_s: list[float] = field(default_factory=list)
    characters: ErrorCount = field(default_factory=ErrorCount)
    syllables: ErrorCount = field(default_factory=ErrorCount)

    def add(self, cpu_s: float, truth: str, text: str) -> None:
        self.cpu_s.append(cpu_s)
        self.characters += character_errors(truth, text)
        self.syllables += syllable_errors(truth, text)

    def row(self, name: str) -> str:
        cpu = np.array(self.cpu_s)
        return (
            f"| {name} | {len(cpu)} | {np.median(cpu):.3f} | {np.quantile(cpu, 0.95):.3f} "
            f"| {cpu.mean():.3f} | {self.characters.rate:.3f} | {self.syllables.rate:.3f} |"
        )


def spent(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def spoken(pcm: Pcm, vad: SileroVad) -> Pcm:
    """From the first to the last speech, as a turn's audio."""
    found = speech_segments(pcm, vad)
    return pcm[found[0][0] : found[-1][1]] if found else pcm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--models", type=Path, help="weights folder (default: the settings')")
    parser.add_argument("--every", type=int, default=1, help="every so manieth clip")
    parser.add_argument("--snr", type=float, help="pink noise in dB under the speech")
    parser.add_argument("--prompt", default=PROMPT)
    args = parser.parse_args()
    models = args.models or load_settings().models
    vad = SileroVad(locate("silero-vad", models) / "silero_vad.onnx")
    after = WhisperRecognizer(locate("whisper-base", models))
    with mock.patch("asr_models.whisper_weights.prune", lambda folder: None):
        before = WhisperRecognizer(locate("whisper-base", models))
    names = ("before", "at once", "quick", "final after it", "quick and final")
    columns = {name: Column() for name in names}
    beams = 0
    for clip in load_manifest(args.clips, 6)[:: args.every]:
        pcm = spoken(through_phone(read_8k(clip.path), args.snr, clip.path.name), vad)
        if len(pcm) > 28 * 8000:
            continue
        for name, recognizer in (("before", before), ("at once", after)):
            heard, cpu_s = spent(lambda r=recognizer, p=pcm: r.recognize(p, prompt=args.prompt))
            columns[name].add(cpu_s, clip.text, heard.text)
        stream = after.stream(prompt=args.prompt)
        stream.accept(pcm)
        quick, quick_s = spent(stream.partial)
        columns["quick"].add(quick_s, clip.text, quick.text)
        final, final_s = spent(stream.final)
        beams += final.cpu_s > 0
        columns["final after it"].add(final_s, clip.text, final.text)
        columns["quick and final"].add(quick_s + final_s, clip.text, final.text)
    print("| reading | clips | CPU s p50 | p95 | mean | CER | pinyin error |")
    print("|---|---|---|---|---|---|---|")
    for name, column in columns.items():
        print(column.row(name))
    print(f"\n{beams} of {len(columns['quick'].cpu_s)} finals were searched with beams")


if __name__ == "__main__":
    main()
