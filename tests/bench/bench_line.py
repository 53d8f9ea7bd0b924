"""How many calls does the line carry, and does it grow? The endpoint has a process of its own.

::

    python -m tests.bench.bench_line --out FOLDER                 # ramp 1, 10, 50, 100, 200
    python -m tests.bench.bench_line --out FOLDER --soak 30 --calls 30

Callers and endpoint share this machine. Gaps are taken from the kernel's receive timestamps, so
a caller that is late does not count against the line. Writes line.json and gaps.svg (soak.json
for a soak) into FOLDER. Exits with 1 if the target (see TARGET_MS) or the soak is missed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench.line_load import Crowd, EndpointProcess
from tests.bench.line_numbers import machine
from tests.bench.line_report import as_json, drawing, name_of, table
from tests.bench.line_soak import Soak
from tests.bench.line_steps import Ramp, Step, Tell
from tests.ports import free_port

TARGET_CALLS = 100
TARGET_MS = 40.0
"""p99 of the gaps at `TARGET_CALLS` calls while a Python thread computes without pause."""


@contextmanager
def progress() -> Iterator[tuple[Progress, Tell]]:
    """A bar on stderr; `Tell` moves it."""
    columns = (TextColumn("{task.description:40}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task("starting", total=1.0)

        def tell(what: str, done: float) -> bool:
            bar.update(task, description=what, completed=done)
            return True

        yield bar, tell


def ramp(args: argparse.Namespace) -> int:
    plan = [(calls, False) for calls in args.steps]
    if TARGET_CALLS in args.steps:
        plan.insert(args.steps.index(TARGET_CALLS) + 1, (TARGET_CALLS, True))
    facts = machine()
    steps: list[Step] = []
    with start(args) as endpoint, progress() as (_, tell):
        crowd = Crowd(endpoint.port)
        try:
            ramp = Ramp(endpoint, crowd, args.seconds)
            for calls, busy in plan:

                def tell_step(what: str, done: float, calls: int = calls) -> bool:
                    return tell(f"{calls} calls: {what}", done)

                steps.append(ramp.step(calls, busy, tell_step))
            crowd.end_all()
        finally:
            crowd.close()
    Console(width=None if sys.stdout.isatty() else 180).print(table(steps))
    report = {"machine": facts, "at": now(), "window_s": args.seconds, "echo": args.echo}
    write(args.out / "line.json", {**report, "steps": [as_json(step) for step in steps]})
    (args.out / "gaps.svg").write_text(drawing(steps))
    return verdict(steps)


def verdict(steps: list[Step]) -> int:
    """Print whether the target is met; 0 if it is, or was not measured."""
    missed = False
    for step in steps:
        if step.busy:
            p99_ms = step.gaps.at(99)
            missed = p99_ms > TARGET_MS or step.up < step.calls
            word = "missed" if missed else "met"
            print(f"{name_of(step)}: p99 {p99_ms:.1f} ms, target {TARGET_MS:g} ms: {word}")
    return int(missed)


def soak(args: argparse.Namespace) -> int:
    facts = machine()
    with start(args) as endpoint, progress() as (_, tell):
        crowd = Crowd(endpoint.port)
        try:
            run = Soak(endpoint, crowd, args.calls)
            run.run(args.soak, tell)
            crowd.end_all()
        finally:
            crowd.close()
    steady, lines, details = run.verdict()
    print(f"{run.made} calls in {args.soak:g} minutes, {len(crowd.failures)} failed")
    print("\n".join(lines))
    write(args.out / "soak.json", {"machine": facts, "at": now(), "steady": steady, **details})
    return int(not steady or bool(crowd.failures))


def start(args: argparse.Namespace) -> EndpointProcess:
    more = ["--echo"] if args.echo else []
    return EndpointProcess(free_port(), "--rtp-ports", args.rtp_ports, *more)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.bench_line", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 10, 50, 100, 200])
    parser.add_argument("--seconds", type=float, default=15.0, help="measured time a step")
    parser.add_argument("--echo", action="store_true", help="the endpoint echoes; it talks else")
    parser.add_argument("--rtp-ports", default="44500-45998", help="the endpoint's; 4 a call")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="soak instead of a ramp")
    parser.add_argument("--calls", type=int, default=30, help="calls at a time in the soak")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    return soak(args) if args.soak else ramp(args)


if __name__ == "__main__":
    sys.exit(main())
