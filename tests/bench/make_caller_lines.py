"""Render caller_lines.toml with Mandarin voices that are not the bot's, for bench_turns.

    python -m tests.bench.make_caller_lines OUT

OUT gets WAV files at 8 kHz and manifest.tsv (columns file, text, condition); each part of a
paused sentence is a file of its own (…_0.wav, …_1.wav). Needs the Kokoro weights.
"""

from __future__ import annotations

import argparse
import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asr_models.wav import write_wav
from voicebot.settings import load_settings
from voicebot.speech.kokoro import KokoroVoice
from voicebot.weights import locate

LINES = Path(__file__).with_name("caller_lines.toml")
VOICES = ("zf_xiaoyi", "zm_yunxi", "zm_yunjian")
EVERY_VOICE = ("listener", "interruption")


@dataclass(frozen=True)
class Line:
    """One sentence of one voice; `parts` are what lies between its pauses."""

    name: str
    condition: str
    voice: str
    parts: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    folder = locate("kokoro-v1.0-int8", load_settings().models)
    voices = {name: KokoroVoice(folder, name, speed=1.0) for name in VOICES}
    with (args.out / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerow(["file", "text", "condition"])
        for line in lines():
            for number, part in enumerate(line.parts):
                name = f"{line.name}_{number}.wav"
                write_wav(args.out / name, voices[line.voice].render(part), 8000)
                rows.writerow([name, part, line.condition])


def lines() -> Iterator[Line]:
    """Overlaps in every voice, sentences in one voice after the other."""
    for condition, texts in tomllib.loads(LINES.read_text("utf-8")).items():
        for number, text in enumerate(texts):
            chosen = VOICES if condition in EVERY_VOICE else (VOICES[number % len(VOICES)],)
            clause = f"{condition} after a clause"
            for voice in chosen:
                name = f"{condition}_{number:02}_{voice}"
                parts = tuple(text.replace("||", "|").split("|"))
                yield Line(name, clause if "||" in text else condition, voice, parts)


if __name__ == "__main__":
    main()
