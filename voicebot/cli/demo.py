"""``voicebot demo``: one complete hotline call on this machine, checked step by step."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from voicebot.cli.screen import announce, build_with_progress, out, print_event

if TYPE_CHECKING:
    from voicebot.demo.run import DemoResult

FIXTURES = Path(__file__).parent.parent.parent / "audio_fixtures"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        records: Annotated[Path, typer.Option(help="folder for the call's record")] = Path(
            "var/demo"
        ),
        fixtures: Annotated[Path, typer.Option(help="caller audio")] = FIXTURES,
    ) -> None:
        """Ring the bot from a second SIP user agent and let it answer, diagnose and hand over.

        Exit status 1 if any step of the call failed or was too slow.
        """
        from voicebot.demo.checks import SCENE
        from voicebot.demo.run import free_port, run_demo
        from voicebot.errors import VoicebotError
        from voicebot.pack_loader import load_pack
        from voicebot.session.prepared import urgent_texts
        from voicebot.session.spoken_texts import scene_texts
        from voicebot.settings import load_settings

        if not (fixtures / "manifest.toml").exists():
            raise VoicebotError(f"demo: no caller audio in {fixtures}; run from a checkout")
        seat_port = free_port()
        settings = load_settings(
            overrides={
                "sip.listen": f"127.0.0.1:{free_port()}",
                # The one call of the demo is to be heard on a busy machine too, and its waits seen.
                "sip.limits": {"max_lag_ms": 10_000, "max_queue_ms": 60_000},
                "speech.prepare_idle": False,  # it ends with this call
                "records.directory": records,
                "handoff.seats": [{"name": "二线01", "uri": f"sip:2001@127.0.0.1:{seat_port}"}],
            }
        )
        scene = load_pack(settings.pack).scene(SCENE)  # what its one call hears is at hand
        told = scene_texts(scene) if scene is not None else []
        parts = build_with_progress(settings, prepare=lambda texts: (*urgent_texts(texts), *told))
        try:
            records.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix="call-", dir=records)).resolve()
            announce(f"the bot listens on {settings.sip.listen}; the caller rings now\n")
            load = os.getloadavg()[0]
            result = asyncio.run(run_demo(parts, fixtures.resolve(), seat_port, work, print_event))
        finally:
            parts.close()
        _report(result, records)
        if not result.passed:
            _tell_if_busy(load)
            raise typer.Exit(1)


def _tell_if_busy(load: float) -> None:
    """A bot that gets no computing time is late, or hands over as its watchdog says."""
    cores = os.cpu_count() or 1
    if load > 1.5 * cores:  # getting ready takes both cores by itself
        out.print(
            f"this machine was busy before the call (load {load:.1f} on {cores} cores): what is "
            "late or missing above may be that; run the demo again when it is quiet"
        )


def _report(result: DemoResult, records: Path) -> None:
    table = Table(title="the call, step by step")
    table.add_column("")
    table.add_column("step")
    table.add_column("found", overflow="fold")
    for check in result.checks:
        mark = "[green]✓[/green]" if check.passed else "[red]✗[/red]"
        table.add_row(mark, check.name, check.detail)
    out.print(table)
    waits = result.latency.waits_ms
    times = Table(title="latency on the caller's tape (last caller sound to first bot sound)")
    for name in ("replies", "p50 ms", "p95 ms", "max ms", "each, ms"):
        times.add_column(name, justify="right")
    if waits:
        times.add_row(
            str(len(waits)),
            f"{result.latency.p50_ms:.0f}",
            f"{result.latency.p95_ms:.0f}",
            str(max(waits)),
            " ".join(map(str, waits)),
        )
    out.print(times)
    out.print(f"recording    {result.recording}", soft_wrap=True)
    out.print(f"caller tape  {result.caller_tape}", soft_wrap=True)
    out.print(f"seat tape    {result.seat_tape}", soft_wrap=True)
    out.print(f"transcript   voicebot calls show {result.call_id} --records {records}")
    verdict = "[green]demo passed[/green]" if result.passed else "[red]demo failed[/red]"
    out.print(f"\n{verdict}; next: voicebot serve, and ring it from any softphone")
