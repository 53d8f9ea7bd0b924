"""Render hotline_lines.toml with three Mandarin voices that are not the bot's.

    python -m tests.bench.make_hotline OUT

OUT gets WAV files at 8 kHz and manifest.tsv (file, text, condition, terms); what is there
already is kept. 393 clips, about 20 minutes on one core. Needs the Kokoro weights.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from rich.progress import track

from asr_models.wav import write_wav
from tests.bench.hotline_lines import hotline_lines
from voicebot.settings import load_settings
from voicebot.speech.kokoro import KokoroVoice
from voicebot.weights import locate

VOICES = ("zf_xiaoyi", "zm_yunxi", "zm_yunjian")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    render(parser.parse_args().out)


def render(out: Path) -> None:
    """Write what is missing of the set into `out`, voice by voice."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = [(line, voice) for voice in VOICES for line in hotline_lines()]
    missing = [one for one in wanted if not _clip(out, one[0].name, one[1]).is_file()]
    if missing:
        folder = locate("kokoro-v1.0-int8", load_settings().models)
        voices = {name: KokoroVoice(folder, name, speed=1.0) for name in VOICES}
        for line, voice in track(missing, description="rendering the hotline set"):
            write_wav(_clip(out, line.name, voice), voices[voice].render(line.spoken), 8000)
    write_manifest(out)


def write_manifest(out: Path) -> None:
    """List the clips that are in `out`."""
    with (out / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerow(["file", "text", "condition", "terms"])
        for line in hotline_lines():
            for voice in VOICES:
                clip = _clip(out, line.name, voice)
                if clip.is_file():
                    condition = f"{line.split} {voice}"
                    rows.writerow([clip.name, line.text, condition, "|".join(line.terms)])


def _clip(out: Path, name: str, voice: str) -> Path:
    return out / f"{name}_{voice}.wav"


if __name__ == "__main__":
    main()
