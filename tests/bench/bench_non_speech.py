"""Count the words that the ears write for 30 minutes in which nobody speaks.

Run from the repository root:
    python -m tests.bench.bench_non_speech [--minutes 30] [--clips DIR_WITH_MANIFEST_TSV]
Each sound passes A-law and all that listens in a call. The bot's echo comes back at -6 to -30 dB
after 20 to 300 ms. With --clips, how many sentences of speech get through the same ears.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr_models.script import strip_punctuation
from asr_models.silero import SileroVad
from asr_models.wav import read_wav
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import load_manifest, read_8k
from tests.bench.ears_on_a_line import EarsOnALine
from tests.bench.line_sounds import RATE, SOUNDS, Float
from tests.bench.turns.sound import frames
from voicebot.settings import load_settings
from voicebot.weights import locate

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
PROMPT = "您好，我的云岚服务器装系统时看不到硬盘，阵列卡做了RAID，BMC有告警，想查固件和驱动。"
ECHO = "echo of the bot"
_PIECE_S = 15.0


@dataclass(frozen=True)
class Piece:
    """One stretch of a kind of sound: what came in and what went out, float ±1 at 8 kHz."""

    kind: str
    received: Float
    sent: Float | None = None


def pieces(minutes: float, *, piece_s: float = _PIECE_S, seed: int = 11) -> Iterator[Piece]:
    """Enough pieces for `minutes`, all kinds in turn."""
    kinds = [*SOUNDS, ECHO]
    for number in range(int(np.ceil(minutes * 60 / piece_s))):
        kind = kinds[number % len(kinds)]
        rng = np.random.default_rng([seed, number])
        if kind == ECHO:
            yield _echo(piece_s, rng)
            continue
        onset = np.zeros(int(rng.uniform(0.2, 1.0) * RATE))
        yield Piece(kind, np.concatenate([onset, SOUNDS[kind](piece_s - len(onset) / RATE, rng)]))


def _echo(seconds: float, rng: np.random.Generator) -> Piece:
    """The bot speaks; the line returns it, a little dispersed, over line noise."""
    sent = np.zeros(int(seconds * RATE))
    at = RATE // 2
    spoken = sorted(FIXTURES.glob("*.wav"))
    while at < len(sent) - 5 * RATE:
        clip = read_wav(spoken[int(rng.integers(len(spoken)))]).mono() / 32768
        sent[at : at + len(clip)] = clip
        at += len(clip) + int(rng.uniform(0.1, 0.6) * RATE)
    delay = int(rng.uniform(0.02, 0.3) * RATE)
    path = np.zeros(delay + 40)
    path[delay:] = rng.standard_normal(40) * np.exp(-np.arange(40) / 6)
    path *= 10 ** (rng.uniform(-30, -6) / 20) / np.sqrt(np.sum(path**2))
    received = np.convolve(sent, path)[: len(sent)]
    return Piece(ECHO, received + 0.0005 * rng.standard_normal(len(sent)), sent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--models", type=Path, help="weights folder (default: the settings')")
    parser.add_argument("--clips", type=Path, help="folder with manifest.tsv: speech to be kept")
    args = parser.parse_args()
    models = args.models or load_settings().models
    ears = EarsOnALine(
        WhisperRecognizer(locate("whisper-base", models)),
        SileroVad(locate("silero-vad", models) / "silero_vad.onnx"),
        prompt=PROMPT,
    )
    report(ears, args.minutes)
    if args.clips:
        report_speech(ears, args.clips)


def report(ears: EarsOnALine, minutes: float) -> None:
    rows: dict[str, list[float]] = {}
    for piece in pieces(minutes):
        sent = None if piece.sent is None else [*frames(piece.sent)]
        heard = ears.listen(frames(piece.received), sent)
        words = sum(len(strip_punctuation(text)) for text in heard.texts)
        row = rows.setdefault(piece.kind, [0.0, 0, 0, 0])
        added = (len(piece.received) / RATE, heard.turns, heard.decodes, words)
        rows[piece.kind] = [sum(pair) for pair in zip(row, added, strict=True)]
        for text in heard.texts + [f"refused, {said}" for said in heard.rejected]:
            print(f"<!-- {piece.kind}: {text} -->", flush=True)
    print("\n| sound | s | turns | readings | characters |\n|---|---|---|---|---|")
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    for kind, (seconds, turns, decodes, words) in [*rows.items(), ("all", total)]:
        print(f"| {kind} | {seconds:.0f} | {turns:.0f} | {decodes:.0f} | {words:.0f} |")


def report_speech(ears: EarsOnALine, folder: Path) -> None:
    clips = load_manifest(folder, min_chars=1)
    lost = []
    for clip in clips:
        pause = np.zeros(RATE)
        heard = ears.listen(frames(np.concatenate([pause, read_8k(clip.path) / 32768, pause])))
        if not heard.finals:
            lost.append(f"{clip.text} ({', '.join(heard.rejected) or 'no turn'})")
    print(f"\n{len(lost)} of {len(clips)} sentences of speech get no text")
    for text in lost:
        print(f"- {text}")


if __name__ == "__main__":
    main()
