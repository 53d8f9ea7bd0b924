"""Measure the ears: error rates by condition, CPU, and text made of non-speech.

Run from the repository root:
    python -m tests.bench.bench_ears --clips DIR_WITH_MANIFEST_TSV [--models DIR]
The table is Markdown, on stdout; progress is on stderr. Every clip passes 8 kHz A-law and the
Silero gate, as in `voicebot transcribe`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from asr_models.gated import GatedRecognizer
from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Clip, load_manifest, read_8k, through_phone
from tests.bench.non_speech import non_speech
from voicebot.settings import load_settings
from voicebot.weights import locate

SNRS: dict[str, float | None] = {"clean": None, "20 dB": 20.0, "10 dB": 10.0}


@dataclass
class Tally:
    """Sums over the clips of one condition."""

    characters: ErrorCount = field(default_factory=ErrorCount)
    syllables: ErrorCount = field(default_factory=ErrorCount)
    cpu_s: list[float] = field(default_factory=list)
    audio_s: float = 0.0
    confidences: list[tuple[float, bool]] = field(default_factory=list)

    def row(self, name: str) -> str:
        cpu = np.array(self.cpu_s)
        return (
            f"| {name} | {len(cpu)} | {self.characters.length} | {self.characters.rate:.3f} "
            f"| {self.syllables.rate:.3f} | {np.median(cpu):.2f} | {np.quantile(cpu, 0.95):.2f} "
            f"| {cpu.sum() / self.audio_s:.3f} |"
        )


def measure(
    ears: GatedRecognizer, clips: list[Clip], snrs: dict[str, float | None], verbose: bool
) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    console = Console(stderr=True)
    work = [(clip, name, snr) for clip in clips for name, snr in snrs.items()]
    for clip, name, snr in track(work, console=console, description="clips"):
        pcm = through_phone(read_8k(clip.path), snr, clip.path.name)
        heard = ears.recognize(pcm)
        errors = character_errors(clip.text, heard.text)
        syllables = syllable_errors(clip.text, heard.text)
        if verbose:
            console.print(f"{name} {errors.rate:.2f} {clip.text} | {heard.text}", markup=False)
        for key in (name, f"{name}: {clip.condition}", "all"):
            tally = tallies.setdefault(key, Tally())
            tally.characters += errors
            tally.syllables += syllables
            tally.cpu_s.append(heard.cpu_s)
            tally.audio_s += len(pcm) / 8000
            tally.confidences.append((heard.confidence, syllables.rate <= 0.2))
    return tallies


def print_calibration(pairs: list[tuple[float, bool]]) -> None:
    said = np.array([pair[0] for pair in pairs])
    right = np.array([pair[1] for pair in pairs], float)
    print("\n| confidence | utterances | at least 80 % of syllables right |\n|---|---|---|")
    for low in np.arange(0, 1, 0.2):
        cell = (said >= low) & (said < low + 0.2 + (low > 0.7))
        if cell.any():
            print(f"| {low:.1f}-{low + 0.2:.1f} | {cell.sum()} | {right[cell].mean():.2f} |")


def print_non_speech(ears: GatedRecognizer) -> None:
    print("\n| non-speech, 15 s | text |\n|---|---|")
    for name, pcm in non_speech().items():
        heard = ears.recognize(through_phone(pcm, None, name))
        print(f"| {name} | {heard.text or '(none)'} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--models", type=Path, help="weights folder (default: the settings')")
    parser.add_argument("--min-chars", type=int, default=6, help="leave out shorter sentences")
    parser.add_argument("--limit", type=int, help="only so many clips, evenly spread")
    parser.add_argument("--verbose", action="store_true", help="print every text on stderr")
    args = parser.parse_args()
    models = args.models or load_settings().models
    ears = GatedRecognizer(
        WhisperRecognizer(locate("whisper-base", models)),
        SileroVad(locate("silero-vad", models) / "silero_vad.onnx"),
    )
    clips = load_manifest(args.clips, args.min_chars)
    if args.limit:
        clips = clips[:: max(1, len(clips) // args.limit)][: args.limit]
    tallies = measure(ears, clips, SNRS, args.verbose)
    print("| condition | clips | characters | CER | pinyin error | CPU s p50 | p95 | CPU / audio |")
    print("|---|---|---|---|---|---|---|---|")
    for name, tally in sorted(tallies.items()):
        print(tally.row(name))
    print_calibration(tallies["all"].confidences)
    print_non_speech(ears)


if __name__ == "__main__":
    main()
