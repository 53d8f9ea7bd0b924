"""Does the store keep up, does it lose anything, and is the console quick meanwhile?

    python -m tests.bench.bench_records [--minutes 10] [--stores sqlite,postgresql]

500 calls a minute of invented events are written by a process that also serves the console
(`records_traffic`), while pages are asked for. In the middle that process is killed with -9 and
started again; a PostgreSQL server is killed too. What the store had promised (a commit that a call
waited for) is then looked for. Writes report.md and answers.svg into --out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tests.bench.console_visits import Answer, visit
from tests.bench.machine import machine_load
from tests.records.postgresql import PostgresServer
from voicebot.records.database import open_engine
from voicebot.records.tables import CALLS, EVENTS

STORES = ("sqlite", "postgresql")
RATE = 500.0
AWAY_S = 3.0  # how long the database stays away
BOUND_MS = 300


@dataclass
class Run:
    """What one store's run showed; `lost` counts events promised and not found."""

    store: str
    answers: list[Answer] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    promised: int = 0
    lost: int = 0
    ended: int = 0
    ends_lost: int = 0
    calls: int = 0
    events: int = 0
    seconds: float = 0.0  # in which calls were due
    late_ms: list[float] = field(default_factory=list)  # each start, behind its time

    def ms(self, page: str = "") -> list[float]:
        return [a.ms for a in self.answers if a.status == 200 and (not page or a.page == page)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--calls-per-minute", type=float, default=RATE)
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--out", type=Path, default=Path("build/bench-records"))
    options = parser.parse_args()
    stores = options.stores.split(",")
    if unknown := set(stores) - set(STORES):
        parser.error(f"--stores: expected some of {', '.join(STORES)}; got {', '.join(unknown)}")
    screen = Console()
    load = machine_load(screen)
    runs = [
        asyncio.run(bench(store, options.minutes * 60, options.calls_per_minute, screen))
        for store in stores
    ]
    text = report(runs, load, options.calls_per_minute)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.md").write_text(text, encoding="utf-8")
    print(text, end="")
    if any(run.lost or run.ends_lost for run in runs):
        sys.exit(1)


async def bench(store: str, seconds: float, rate: float, screen: Console) -> Run:
    """Traffic into one store, with its kills; then the count."""
    run = Run(store)
    with (
        tempfile.TemporaryDirectory(prefix="voicebot-records-") as folder,
        database(store, Path(folder)) as (where, server),
    ):
        ledger = Path(folder) / "ledger"
        await _traffic(run, where, server, ledger, seconds, rate, screen)
        count(run, where, ledger)
    return run


@contextlib.contextmanager
def database(store: str, folder: Path) -> Iterator[tuple[str, PostgresServer | None]]:
    """An empty store, and its server if it has one."""
    if store == "sqlite":
        yield str(folder / "records"), None
        return
    server = PostgresServer()
    server.start()
    try:
        yield server.fresh_database(), server
    finally:
        server.remove()


async def _traffic(
    run: Run,
    where: str,
    server: PostgresServer | None,
    ledger: Path,
    seconds: float,
    rate: float,
    screen: Console,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"

    started_s = time.monotonic()

    def start() -> subprocess.Popen[bytes]:
        command = ["--store", where, "--listen", listen, "--ledger", str(ledger)]
        command += ["--since", str(started_s), "--first", str(next_call(ledger))]
        command += ["--calls-per-minute", str(rate), "--seed", str(len(run.kills))]
        return subprocess.Popen([sys.executable, "-m", "tests.bench.records_traffic", *command])

    process = start()
    stop = asyncio.Event()
    visitor = asyncio.create_task(visit(f"http://{listen}", ledger, stop, run.answers.append))
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=screen) as progress:
            bar = progress.add_task(f"{run.store}: calls", total=seconds)
            due = [(seconds / 4, "bot"), (seconds / 2, "database"), (seconds * 3 / 4, "bot")]
            while (passed_s := time.monotonic() - started_s) < seconds:
                progress.update(bar, completed=passed_s)
                await asyncio.sleep(0.2)
                assert process.poll() is None, f"the traffic ended by itself: {process.returncode}"
                if not due or passed_s < due[0][0]:
                    continue
                what = due.pop(0)[1]
                if what == "bot":
                    process.kill()
                    process.wait()
                    process = start()
                elif server is None:
                    continue
                else:
                    await asyncio.to_thread(server.kill)
                    await asyncio.sleep(AWAY_S)
                    await asyncio.to_thread(server.start)
                run.kills.append(f"{what} at {passed_s:.0f} s")
        stop.set()
        run.seconds = time.monotonic() - started_s
        await visitor
        process.send_signal(signal.SIGTERM)
        ended = await asyncio.to_thread(process.wait, 120)
        assert ended == 0, f"the traffic ended with {ended}"
    finally:
        visitor.cancel()
        if process.poll() is None:
            process.kill()


def next_call(ledger: Path) -> int:
    """The number of the call after the last that was started."""
    if not ledger.exists():
        return 0
    started = [note["started"] for note in _notes(ledger) if "started" in note]
    return max(started, default=-1) + 1


def _notes(ledger: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in ledger.read_text().splitlines())


def count(run: Run, where: str, ledger: Path) -> None:
    """Hold what was promised against what is there."""
    promised: dict[str, int] = {}
    ended: set[str] = set()
    for note in _notes(ledger):
        if "started" in note:
            run.late_ms.append(note["late_ms"])
            continue
        promised[note["call"]] = max(promised.get(note["call"], 0), note["events"])
        if note["ended"]:
            ended.add(note["call"])
    engine = open_engine(where, create=False)
    with engine.connect() as connection:
        kept: dict[str, set[int]] = {}
        for call_id, seq in connection.execute(sa.select(EVENTS.c.call_id, EVENTS.c.seq)):
            kept.setdefault(call_id, set()).add(seq)
        finished = set(
            connection.scalars(sa.select(CALLS.c.id).where(CALLS.c.outcome == "caller_hung_up"))
        )
        run.calls = connection.scalar(sa.select(sa.func.count()).select_from(CALLS)) or 0
    engine.dispose()
    run.events = sum(len(each) for each in kept.values())
    run.promised, run.ended = sum(promised.values()), len(ended)
    for call_id, events in promised.items():
        run.lost += len(set(range(events)) - kept.get(call_id, set()))
    run.ends_lost = len(ended - finished)


def late(run: Run) -> str:
    """How far starts were behind their time; what came due while a process was dead is."""
    p50, p95 = np.percentile(run.late_ms, [50, 95])
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"


def report(runs: Sequence[Run], load: str, rate: float) -> str:
    """The tables, as Markdown."""
    lines = ["# Records under load", "", f"{rate:.0f} calls a minute asked for; {load}.", ""]
    lines += [
        "| store | calls | a minute | events | killed -9 | promised, lost | ends lost | late |"
    ]
    for run in runs:
        lines.append(
            f"| {run.store} | {run.calls} | {run.calls / run.seconds * 60:.0f} | {run.events} | "
            f"{', '.join(run.kills) or 'nothing'} | {run.lost} of {run.promised} | "
            f"{run.ends_lost} of {run.ended} | {late(run)} |"
        )
    lines += ["", f"| store, page | n | p50 ms | p95 ms (bound {BOUND_MS}) | max | not answered |"]
    lines += ["|---|---|---|---|---|---|"]
    for run in runs:
        for page in ("", *dict.fromkeys(answer.page for answer in run.answers)):
            asked = [a for a in run.answers if not page or a.page == page]
            ms = run.ms(page)
            if not ms:
                continue
            p50, p95 = np.percentile(ms, [50, 95])
            lines.append(
                f"| {run.store}, {page or 'all'} | {len(ms)} | {p50:.0f} | {p95:.0f} | "
                f"{max(ms):.0f} | {len(asked) - len(ms)} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
