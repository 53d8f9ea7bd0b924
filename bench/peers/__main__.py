"""Our bot beside one assembled from pipecat: the same callers, machine, ears, voice, answers.

    python -m bench.peers [--calls 1,4] [--rounds 4] [--variants tuned,cached,defaults]
                          [--out build/bench-peers]

The peers' environment is made on the first run (`build/peers-venv`, about 1 GB). Each round rings
every bot in turn with the same scripts, so that what else the machine does falls on all of them;
bots that are not rung are up but idle. Everything is read off the callers' tapes
(`voicebot/replay/tape_analyzer.py`); CPU from /proc. Writes peers.json, peers.md and the tapes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from asr_models.silero import SileroVad
from tests.bench.calls.bots import Bot, our_bot, running, settle
from tests.bench.calls.ring import measured, ring_all
from tests.bench.calls.scripts import caller_script
from tests.bench.calls.voiced import voice_replies
from tests.bench.line_load import ROOT
from tests.bench.line_numbers import machine
from tests.bench.machine import machine_load
from tests.ports import free_port
from voicebot.replay.tape_analyzer import TapeReport, pooled
from voicebot.replay.tape_speech import SpeechDetector, silero_detector
from voicebot.settings import load_settings
from voicebot.weights import locate

PIPECAT = "pipecat-ai==1.14.0"
PACKAGES = (PIPECAT, "faster-whisper>=1.1")
VARIANTS = ("defaults", "tuned", "cached")
# A bot that has just started pages in its models in the first call: that call is not counted.
WARM_UP_SEED = 999_999


@dataclass
class Tally:
    """What one bot did at one load."""

    bot: str
    calls_at_once: int
    reports: list[TapeReport] = field(default_factory=list)
    failed: int = 0
    cpu_s: float = 0.0
    rss_mb: float = 0.0

    def row(self) -> dict[str, Any]:
        """The figures, JSON-ready."""
        if not self.reports:
            return {"bot": self.bot, "calls_at_once": self.calls_at_once, "failed": self.failed}
        metrics = pooled(self.reports)
        return {
            "bot": self.bot,
            "calls_at_once": self.calls_at_once,
            "calls": metrics.calls,
            "failed": self.failed,
            "turns": metrics.turns,
            "p50_ms": metrics.response_latency.p50_ms,
            "p95_ms": metrics.response_latency.p95_ms,
            "missed_turns": str(metrics.missed_turns) + f" of {metrics.turns}",
            "yield_latency": str(metrics.yield_latency),
            "yield_rate": str(metrics.yield_rate),
            "false_interruptions": str(metrics.false_interruptions),
            "talk_over": str(metrics.talk_over_rate),
            "dead_air_s_a_call": round(metrics.dead_air_total_ms / 1000 / metrics.calls, 1),
            "cpu_s_a_call": round(self.cpu_s / metrics.calls, 1),
            "cores_a_call": round(self.cpu_s / (metrics.audio_ms / 1000), 2),
            "rss_mb": round(self.rss_mb),
            "metrics": metrics.to_dict(),
        }


def environment(folder: Path) -> Path:
    """The peers' Python, made if it is not there yet."""
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(PACKAGES):
        print(f"making {folder} with {', '.join(PACKAGES)} (some minutes, once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--editable", str(ROOT), *PACKAGES], check=True)
        stamp.write_text("\n".join(PACKAGES))
    return python


@contextlib.contextmanager
def pipecat_bot(
    variant: str, python: Path, briefing: Path, folder: Path, models: Path, number: int
) -> Iterator[Bot]:
    """One variant, listening."""
    port, low = free_port(), 49_000 + 500 * number
    command = [
        *(str(python), "-m", "bench.peers.pipecat_bot", "--listen", f"127.0.0.1:{port}"),
        *("--rtp-ports", f"{low}-{low + 498}", "--briefing", str(briefing)),
        *("--variant", variant),
    ]
    name, more = f"pipecat {variant}", {"VOICEBOT_MODELS": str(models), "HF_HUB_OFFLINE": "1"}
    with running(name, command, port, folder / f"pipecat-{variant}.log", more) as bot:
        yield bot


def ring_bot(
    bot: Bot, calls: int, seeds: range, tally: Tally, folder: Path, detect: SpeechDetector
) -> None:
    """One round: `calls` callers at once; what they heard goes into `tally`."""
    scripts = [caller_script(seed) for seed in seeds]
    before_s = bot.cpu_s()
    rung = asyncio.run(ring_all(bot.uri, scripts, folder))
    tally.cpu_s += bot.cpu_s() - before_s
    tally.rss_mb = max(tally.rss_mb, bot.rss_mb())
    for one, script in zip(rung, scripts, strict=True):
        report = measured(one, script, detect)
        if report is None:
            tally.failed += 1
        else:
            tally.reports.append(report)


def markdown(rows: list[dict[str, Any]], facts: dict[str, Any]) -> str:
    """The table, with what a reader must know to judge it."""
    names = {
        "bot": "bot", "calls_at_once": "at once", "calls": "calls", "turns": "turns",
        "p50_ms": "latency p50 ms", "p95_ms": "p95 ms", "yield_latency": "barge-in yield",
        "yield_rate": "yielded", "false_interruptions": "false interruptions",
        "missed_turns": "missed turns", "dead_air_s_a_call": "dead air s/call",
        "cpu_s_a_call": "CPU s/call", "cores_a_call": "cores/call", "rss_mb": "MB",
    }  # fmt: skip
    lines = [
        f"{facts['load']}; {facts['machine']}; {PIPECAT}",
        "",
        "| " + " | ".join(names.values()) + " |",
        "|" + "---|" * len(names),
    ]
    for row in rows:
        cells = ("-" if row.get(key) is None else str(row[key]) for key in names)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", default="1,4", help="callers at once, e.g. 1,4")
    parser.add_argument("--rounds", type=int, default=4, help="of each load and bot")
    parser.add_argument("--variants", default="tuned,cached,defaults", help="of pipecat's bot")
    parser.add_argument("--venv", type=Path, default=Path("build/peers-venv"))
    parser.add_argument("--out", type=Path, default=Path("build/bench-peers"))
    given = parser.parse_args()
    variants = given.variants.split(",")
    if unknown := set(variants) - set(VARIANTS):
        parser.error(f"--variants: expected some of {', '.join(VARIANTS)}, got {unknown.pop()}")
    given.out.mkdir(parents=True, exist_ok=True)
    python = environment(given.venv.absolute())
    facts = {"machine": machine(), "load": machine_load(Console(stderr=True))}
    rows = compare(given, variants, python)
    text = json.dumps({**facts, "pipecat": PIPECAT, "rows": rows}, ensure_ascii=False, indent=1)
    (given.out / "peers.json").write_text(text + "\n", encoding="utf-8")
    page = markdown(
        rows, {**facts, "load": f"{facts['load']}, {os.getloadavg()[0]:.2f} at its end"}
    )
    (given.out / "peers.md").write_text(page, encoding="utf-8")
    print(page)
    return int(any("turns" not in row for row in rows))


def compare(given: argparse.Namespace, variants: list[str], python: Path) -> list[dict[str, Any]]:
    """All rounds of all loads and bots; the rows of the table."""
    models = load_settings().models
    detect = silero_detector(SileroVad(locate("silero-vad", models) / "silero_vad.onnx"))
    briefing = given.out.absolute() / "briefing.json"
    command = [sys.executable, "-m", "bench.peers.briefing", "--out", str(briefing)]
    subprocess.run(command, cwd=ROOT, check=True)
    loads = [int(text) for text in given.calls.split(",")]
    callers = range(max(loads))
    voice_replies(1000 * turn + number for turn in range(given.rounds) for number in callers)
    with contextlib.ExitStack() as stack, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(
            "starting the bots", total=(1 + len(variants)) * len(loads) * given.rounds
        )
        bots = [stack.enter_context(our_bot(given.out, models))]
        for number, variant in enumerate(variants):
            peer = pipecat_bot(variant, python, briefing, given.out, models, number)
            bots.append(stack.enter_context(peer))
        for bot in bots:
            bar.update(task, description=f"warming up {bot.name}")
            warm = Tally(bot.name, 1)
            seeds = range(WARM_UP_SEED, WARM_UP_SEED + 1)
            ring_bot(bot, 1, seeds, warm, given.out / "warm-up" / bot.name, detect)
        bar.update(task, description="waiting until no bot computes")
        if not settle(bots):
            print("a bot does not come to rest: timings of the others suffer", file=sys.stderr)
        tallies = {(bot.name, calls): Tally(bot.name, calls) for calls in loads for bot in bots}
        for calls in loads:
            for turn in range(given.rounds):
                for bot in bots:
                    bar.update(task, description=f"{calls} at once, round {turn + 1}: {bot.name}")
                    folder = given.out / f"calls-{calls}" / bot.name / f"round-{turn + 1}"
                    seeds = range(1000 * turn, 1000 * turn + calls)
                    ring_bot(bot, calls, seeds, tallies[bot.name, calls], folder, detect)
                    bar.advance(task)
                    time.sleep(1)  # the line's last packets
    return [tally.row() for tally in tallies.values()]


if __name__ == "__main__":
    sys.exit(main())
