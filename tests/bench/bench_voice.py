"""Measure the voice: how soon it is heard, whether it stops inside a sentence, what was prepared.

    make bench-voice-live        these four parts: about ten minutes
    make bench-voice             and bench_intelligibility after them
    python -m tests.bench.bench_voice [-n 60] [--threads 2] [--only prepared live speed hits]

Utterances go through the session's Mouth and scheduler to a line in real time, so `live` takes as
long as the sentences last (6 minutes for 60). Results: OUT/voice.md and OUT/voice.json, written
after each part; the table of all figures, with each bound and whether it was met, is printed at
the end, and every sentence that stopped in its midst is named.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from telephony import LineError
from tests.bench import bench_intelligibility
from tests.bench.machine import machine_load
from tests.bench.prepared_hits import measure_hits
from tests.bench.voice_parts import Bench, measure_live, measure_prepared, measure_speed
from tests.bench.voice_report import Row, show, write
from voicebot.errors import VoicebotError
from voicebot.pack_loader import load_pack
from voicebot.settings import load_settings

PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "prepared": measure_prepared,
    "live": measure_live,
    "speed": measure_speed,
    "hits": measure_hits,
}


def main() -> None:
    args = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    settings = load_settings(overrides={"speech.threads": args.threads})
    notes = [machine_load(console)]
    bench = Bench(settings, load_pack(settings.pack), args.out, args.n, console)
    notes.append(f"{settings.speech.threads} threads a clause, {args.n} sentences")
    rows: list[Row] = []
    for name in args.only or PARTS:
        console.print(f"[bold]{name}[/bold]")
        rows += _measured(name, bench)
        write(args.out, rows, notes)
    show(rows, console)
    console.print(f"written: {args.out / 'voice.md'}, {args.out / 'voice.json'}")
    if args.all:
        bench_intelligibility.run(
            args.out, args.n_understood, list(bench_intelligibility.VOICES), console
        )


def _measured(name: str, bench: Bench) -> list[Row]:
    """A part's rows; a part that breaks is a row of its own, and the others go on."""
    try:
        return PARTS[name](bench)
    except (VoicebotError, LineError, OSError) as error:
        return [Row(f"{name}: broke off", f"{type(error).__name__}: {error}", 0, "runs", False)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench-voice"))
    parser.add_argument("-n", type=int, default=60, help="sentences, recordings and calls")
    parser.add_argument("--threads", type=int, help="CPU threads a clause; default: settings")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS))
    parser.add_argument("--all", action="store_true", help="then bench_intelligibility")
    parser.add_argument("--n-understood", type=int, default=100, help="its sentences of each set")
    return parser.parse_args()


if __name__ == "__main__":
    main()
