"""How many callers can talk at once: latency and dead air from their tapes, against load.

    python -m tests.bench.bench_calls [--loads 1,2,4,8,16] [--rounds 2] [--out build/bench-calls]

For each load, so many scripted callers ring `voicebot serve` over SIP at the same time; each asks,
interrupts and listens aloud (tests/bench/calls/scripts.py). Everything is read off the callers'
own tapes by the tape analyzer. Callers share the machine with the bot; theirs is about 2 % of a
core each. What the bot answers them was voiced before, as on a bot that has been up for an hour
(tests/bench/calls/voiced.py). Its guards against overload are off, so that the overload is seen.

Writes calls.json, calls.svg and the tapes. Exits with 1 if even one call at a time misses the
limit of 1600 ms at p95.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from asr_models.silero import SileroVad
from tests.bench.calls.bots import Bot, our_bot
from tests.bench.calls.plot import Point, draw
from tests.bench.calls.ring import measured, ring_all
from tests.bench.calls.scripts import caller_script
from tests.bench.calls.voiced import voice_replies
from tests.bench.line_numbers import machine
from tests.bench.machine import machine_load
from voicebot.replay.tape_analyzer import TapeReport, pooled
from voicebot.replay.tape_metrics import Metrics
from voicebot.replay.tape_speech import SpeechDetector, silero_detector
from voicebot.settings import load_settings
from voicebot.weights import locate

LIMIT_MS = 1600


def measure(
    bot: Bot, calls: int, rounds: int, questions: int, folder: Path, detect: SpeechDetector
) -> dict[str, Any]:
    """`calls` callers at once, `rounds` times; the figures of all of them."""
    reports: list[TapeReport] = []
    refused, cpu_s, wall_s = 0, bot.cpu_s(), time.monotonic()
    for turn in range(rounds):
        scripts = [caller_script(1000 * turn + number, questions) for number in range(calls)]
        rung = asyncio.run(ring_all(bot.uri, scripts, folder / f"round-{turn + 1}"))
        for one, script in zip(rung, scripts, strict=True):
            report = measured(one, script, detect)
            if report is None:
                refused += 1
            else:
                reports.append(report)
    cpu_s, wall_s = bot.cpu_s() - cpu_s, time.monotonic() - wall_s
    if not reports:
        raise RuntimeError(f"bench_calls: none of {calls * rounds} calls was answered")
    metrics = pooled(reports)
    return {
        "calls_at_once": calls,
        "calls": len(reports),
        "refused": refused,
        "cores_used": round(cpu_s / wall_s, 2),
        "cpu_s_a_call_minute": round(cpu_s / (metrics.audio_ms / 60_000), 1),
        "rss_mb": round(bot.rss_mb()),
        "load_average": round(os.getloadavg()[0], 2),
        "metrics": metrics.to_dict(),
        **_shown(metrics),
    }


def _shown(metrics: Metrics) -> dict[str, Any]:
    return {
        "turns": metrics.turns,
        "p50_ms": metrics.response_latency.p50_ms,
        "p95_ms": metrics.response_latency.p95_ms,
        "dead_air_s_a_call": round(metrics.dead_air_total_ms / 1000 / metrics.calls, 1),
        "missed": str(metrics.response_rate),
        "yield": str(metrics.yield_latency),
        "false interruptions": str(metrics.false_interruptions),
    }


def table(rows: list[dict[str, Any]]) -> Table:
    """What the terminal shows."""
    shown = Table("at once", "calls", "turns", "p50 ms", "p95 ms", "dead air s/call", "answered")
    for name in ("yield", "false stops", "cores", "load"):
        shown.add_column(name)
    for row in rows:
        values = [row[name] for name in ("calls_at_once", "calls", "turns", "p50_ms", "p95_ms")]
        values += [row["dead_air_s_a_call"], row["missed"], row["yield"]]
        values += [row["false interruptions"], row["cores_used"], row["load_average"]]
        shown.add_row(*("-" if value is None else str(value) for value in values))
    return shown


def highest(rows: list[dict[str, Any]]) -> int:
    """The highest load that keeps p95 within the limit, with no lower one that misses it; 0: none.

    Too few turns for a p95 (fewer than ten): the slowest must keep it.
    """
    best = 0
    for row in rows:
        p95_ms = row["p95_ms"] or row["metrics"]["response_latency"]["max_ms"]
        if p95_ms is None or p95_ms > LIMIT_MS or row["refused"]:
            break
        best = row["calls_at_once"]
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--loads", default="1,2,4,8,16", help="calls at once, e.g. 1,2")
    parser.add_argument("--rounds", type=int, default=2, help="of each load")
    parser.add_argument("--questions", type=int, default=5, help="a call's")
    parser.add_argument("--out", type=Path, default=Path("build/bench-calls"))
    given = parser.parse_args()
    console = Console()
    load = machine_load(console)
    settings = load_settings()
    detect = silero_detector(SileroVad(locate("silero-vad", settings.models) / "silero_vad.onnx"))
    loads = sorted({int(text) for text in given.loads.split(",")})
    seeds = [1000 * turn + number for turn in range(given.rounds) for number in range(max(loads))]
    voice_replies(seeds, given.questions)
    rows: list[dict[str, Any]] = []
    with our_bot(given.out, settings.models) as bot, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("calls", total=sum(loads))
        for calls in loads:
            bar.update(task, description=f"{calls} calls at once")
            folder = given.out / f"calls-{calls}"
            rows.append(measure(bot, calls, given.rounds, given.questions, folder, detect))
            bar.advance(task, calls)
    result = {"machine": machine(), "load": load, "limit_ms": LIMIT_MS, "rows": rows}
    (given.out / "calls.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    points = [
        Point(row["calls_at_once"], row["p50_ms"], row["p95_ms"], row["dead_air_s_a_call"],
              row["turns"])
        for row in rows
    ]  # fmt: skip
    (given.out / "calls.svg").write_text(draw(points, LIMIT_MS, load), encoding="utf-8")
    Console(width=None if sys.stdout.isatty() else 160).print(table(rows))
    print(f"highest load with p95 <= {LIMIT_MS} ms: {highest(rows)}")
    return int(highest(rows) == 0)


if __name__ == "__main__":
    sys.exit(main())
