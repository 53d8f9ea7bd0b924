"""Turns, measured: python -m tests.bench.turns (or `make bench-turns`), no argument needed.

Renders its caller lines with Kokoro once, runs them through the turn code in virtual time with
real recognitions, and prints one table with counts; a text is known as late as its compute took.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.turns.cases import BOT_TEXTS
from tests.bench.turns.ears import Ears
from tests.bench.turns.lab import Lab, Variant
from tests.bench.turns.measure import spread
from tests.bench.turns.render import BOT_VOICE, Line, caller_lines, render
from tests.bench.turns.report import Row, markdown, write
from tests.bench.turns.table import Bench
from voicebot.settings import load_settings
from voicebot.settings.tree import Settings
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.endpoint import FixedEndpoint
from voicebot.weights import locate

ROOT = Path(__file__).parents[3]
SPEECH = ROOT.parent / "shared" / "speech"


def main() -> None:
    args = _arguments()
    settings = load_settings()
    chosen = [line for line in caller_lines() if args.half in (line.half, "both")]
    bot = [Line("bot", "says", at, BOT_VOICE, 1.0, (text,)) for at, text in enumerate(BOT_TEXTS)]
    folder = args.out / "lines"
    weights = locate("kokoro-v1.0-int8", settings.models)
    render([*bot, *chosen], folder, weights, _bar("rendering lines"))
    ears = Ears(settings, args.texts, args.latency)
    lab = Lab(locate("silero-vad", settings.models) / "silero_vad.onnx", ears)
    speech = args.speech if args.speech.is_dir() else None
    bench = Bench(
        lab, lambda: _variant(args, settings), chosen, bot, folder, speech,
        4 if args.quick else 1, args.seed, _counter(),
    )  # fmt: skip
    began = time.monotonic()
    rows: list[Row] = []
    try:
        for row in bench.rows(args.only):
            rows.append(row)
            print(f"\r{row.what}: {row.result} (n {row.n})", flush=True)
            for one in row.shown if args.show else ():
                print("    " + one)
    finally:
        ears.save()
    notes = _notes(args, ears, lab, speech, time.monotonic() - began)
    write(args.out, rows, notes, bench.curves)
    print("\n" + markdown(rows, notes) + f"\nwritten to {args.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench-turns")
    parser.add_argument("--speech", type=Path, default=SPEECH, help="real sentences, if there")
    parser.add_argument("--half", choices=["held_out", "tuning", "both"], default="held_out")
    parser.add_argument("--quick", action="store_true", help="every fourth case")
    parser.add_argument("--only", choices=["pauses", "endpoint", "overlaps", "echo", "noise"],
                        default="")  # fmt: skip
    parser.add_argument("--endpoint", default="adaptive", help="adaptive, or fixed ms")
    parser.add_argument("--barge-in", choices=["content", "length"], default="content")
    parser.add_argument("--texts", type=Path, help="keep and reuse recognitions in this file")
    parser.add_argument("--latency", type=float, help="ms of a quick text, instead of measured")
    parser.add_argument("--partial-ms", type=int, help="instead of asr.partial_ms")
    parser.add_argument("--show", action="store_true", help="what went wrong, one by one")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _variant(args: argparse.Namespace, settings: Settings) -> Variant:
    adaptive = args.endpoint == "adaptive"
    return Variant(
        settings.turns,
        AdaptiveEndpoint() if adaptive else FixedEndpoint(int(args.endpoint)),
        ContentBargeIn() if args.barge_in == "content" else None,
        hears=adaptive or args.barge_in == "content",
        partial_ms=settings.asr.partial_ms if args.partial_ms is None else args.partial_ms,
    )


def _notes(
    args: argparse.Namespace, ears: Ears, lab: Lab, speech: Path | None, seconds: float
) -> list[str]:
    return [
        f"half: {args.half}; endpoint {args.endpoint}, barge-in by {args.barge_in}, seed "
        f"{args.seed}{', every fourth case' if args.quick else ''}",
        f"quick text: {spread(ears.quick_ms)} of CPU time (n {len(ears.quick_ms)}); best text: "
        f"{spread(ears.final_ms)} more (n {len(ears.final_ms)})",
        f"read sentences: {'none (no ' + str(args.speech) + ')' if speech is None else speech}",
        f"{lab.frames * 0.02 / 60:.0f} min of line in {seconds / 60:.1f} min",
    ]


def _bar(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        filled = 30 * done // total
        end = "\n" if done == total else ""
        bar = "#" * filled + "." * (30 - filled)
        print(f"\r{what} [{bar}] {done}/{total}", end=end, file=sys.stderr, flush=True)

    return show


def _counter() -> Callable[[], None]:
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if sys.stderr.isatty():
            print(f"\r{count} calls", end="", file=sys.stderr, flush=True)

    return tick


if __name__ == "__main__":
    main()
