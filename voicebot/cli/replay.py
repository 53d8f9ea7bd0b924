"""``voicebot replay``: a bank of calls through the whole bot, judged, reported, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from voicebot.cli.replay_pull import pull
from voicebot.cli.screen import announce, out

if TYPE_CHECKING:
    from voicebot.replay.diff import Diff
    from voicebot.replay.results import CallResult, Run
    from voicebot.replay.script import Script

PLAY = "play"


class _PlayUnlessTold(TyperGroup):
    """``voicebot replay BANK`` is ``voicebot replay play BANK``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [PLAY, *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        cls=_PlayUnlessTold,
        no_args_is_help=True,
        help="Play recorded and scripted calls: voicebot replay BANK [OPTIONS] (see play --help).",
    )
    group.command(PLAY)(play)
    group.command("pull")(pull)
    app.add_typer(group, name="replay")


def play(
    banks: Annotated[
        list[Path], typer.Argument(help="folders of calls, .yaml files, or recordings")
    ],
    wire: Annotated[
        bool, typer.Option("--wire/--fast", help="real SIP in real time, or virtual time")
    ] = False,
    at_once: Annotated[
        int, typer.Option(min=1, max=50, help="so many calls ring together (--wire)")
    ] = 1,
    folder: Annotated[Path, typer.Option("--out", help="keep results and tapes here")] = Path(
        "build/replay"
    ),
    report: Annotated[Path | None, typer.Option(help="write an HTML report here")] = None,
    audio: Annotated[bool, typer.Option("--audio", help="put the tapes into the report")] = False,
    baseline: Annotated[
        Path | None, typer.Option(help="an earlier run's folder: compare, and fail if worse")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="write JUnit XML here, for CI")] = None,
    only: Annotated[str, typer.Option(help="only calls whose name or kind holds this")] = "",
    ci: Annotated[bool, typer.Option("--ci", help="only the calls marked ci")] = False,
    costs: Annotated[
        Path | None, typer.Option(help="another table of what computing costs (--fast)")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="one JSON object a call")] = False,
    config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
    pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
) -> None:
    """Play calls; print what held and what did not. Exit status: 0 all held, or no worse than the
    baseline; 1 not so; 2 nothing could be played.

    Of a stereo recording the left channel is the caller, fitted to what the bot says now: a turn
    waits for the bot's to end, or interrupts it where it did then.
    """
    from voicebot.replay.costs import load_costs
    from voicebot.replay.results import read_run
    from voicebot.replay.script import BankError
    from voicebot.settings import load_settings

    # What is wrong with the bank is told before the models load.
    if at_once > 1 and not wire:
        raise BankError("--at-once needs --wire: virtual time has one call after the other")
    scripts = _picked(banks, only, ci=ci)
    before = read_run(baseline) if baseline else None
    table = load_costs(costs)
    settings = load_settings(config, overrides={"pack": pack})

    from voicebot.cli.replay_ways import run_bench

    run, timing = run_bench(
        scripts,
        settings,
        table,
        folder,
        wire=wire,
        at_once=at_once,
        told=_print_json if json_ else _print_call,
        arguments=_serve_arguments(config, pack),
    )
    diff = _compared(before, run)
    if not json_:
        _print_summary(run, diff)
        speed = f", {timing.cpu_s:.0f} s of CPU ({timing.times_real_time:.1f} times real time)"
        speed = f" ({timing.times_real_time:.1f} times real time)" if wire else speed
        announce(f"{timing.audio_s:.0f} s of calls in {timing.wall_s:.0f} s{speed}; in {folder}")
    _write_files(run, before, diff, report, folder / "calls" if audio else None, junit)
    failed = bool(diff.regressions) if diff else not all(call.ok for call in run.calls)
    raise typer.Exit(1 if failed else 0)


def _picked(banks: list[Path], only: str, *, ci: bool) -> list[Script]:
    """The calls that are asked for. Raises BankError if there is none."""
    from voicebot.replay.bank import load_bank
    from voicebot.replay.script import BankError

    scripts = [s for s in load_bank(banks) if (only in s.name or only in s.kind)]
    scripts = [s for s in scripts if s.ci or not ci]
    if not scripts:
        raise BankError("no call of the bank is left: --only or --ci leaves none")
    return scripts


def _compared(before: Run | None, run: Run) -> Diff | None:
    from voicebot.replay.diff import compare

    return compare(before, run) if before else None


def _write_files(
    run: Run,
    before: Run | None,
    diff: Diff | None,
    report: Path | None,
    tapes: Path | None,
    junit: Path | None,
) -> None:
    """The report and the JUnit XML, where they are asked for."""
    from voicebot.replay.junit import write_junit
    from voicebot.replay.report import write_report

    if report is not None:
        write_report(run, report, baseline=before, diff=diff, tapes=tapes)
        announce(f"report: {report}")
    if junit is not None:
        write_junit(run, junit, diff.regressions if diff else ())


def _serve_arguments(config: Path | None, pack: Path | None) -> tuple[str, ...]:
    given = {"--config": config, "--pack": pack}
    return tuple(each for k, v in given.items() if v is not None for each in (k, str(v)))


def _print_call(call: CallResult) -> None:
    mark = "[green]held[/green]" if call.ok else "[red]not [/red]"
    waits = sorted(t.latency_ms for t in call.turns if t.latency_ms is not None)
    median = f"{waits[len(waits) // 2]} ms" if waits else "–"
    out.print(f"{mark}  {call.length_ms / 1000:6.1f} s  {median:>8}  ", end="")
    out.print(call.name, markup=False)
    if call.error:
        out.print(f"      {call.error}", markup=False)
    for check in call.checks:
        if not check.ok:
            where = f"turn {check.turn}: " if check.turn else ""
            out.print(f"      {where}{check.what}: {check.found}", markup=False)


def _print_json(call: CallResult) -> None:
    import json
    from dataclasses import asdict

    tree: dict[str, Any] = {"file": call.name, "ok": call.ok, **asdict(call)}
    del tree["peaks"]
    print(json.dumps(tree, ensure_ascii=False), flush=True)


def _print_summary(run: Run, diff: Diff | None) -> None:
    from voicebot.replay.on_tape import pooled
    from voicebot.replay.summary import figures

    for figure in figures(run):
        out.print(f"{figure.name:26} {figure!s:>12}  of {figure.n}", markup=False)
    for name, value in pooled(call.tape for call in run.calls).items():
        out.print(f"tape: {name:30} {value}", markup=False)
    if diff is None:
        return
    verdicts = [change.verdict for change in diff.changes]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in ("better", "worse", "changed"))
    out.print(f"against the baseline: {counts}", markup=False)
    for line in diff.regressions:
        out.print(f"regression: {line}", markup=False, style="red")
