"""``voicebot bench``: the project's benches, in one page with the machine's description."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def bench(
        names: Annotated[
            list[str] | None, typer.Argument(help="e.g. turns dialogues; none: all, for hours")
        ] = None,
        list_: Annotated[bool, typer.Option("--list", help="show what there is, and stop")] = False,
        page: Annotated[Path, typer.Option("--out", help="the page to write")] = Path(
            "build/benches.html"
        ),
        timeout_min: Annotated[int, typer.Option(min=1, help="of one bench, minutes")] = 240,
    ) -> None:
        """Run ``make bench-*`` one after the other. Exit status 1 if one of them failed."""
        from rich.progress import track

        from voicebot.cli.screen import announce, console
        from voicebot.replay.bench_page import benches, machine, run_bench, write_page
        from voicebot.replay.script import BankError

        folder = Path()
        known = {each.name.removeprefix("bench-"): each for each in benches(folder)}
        if list_:
            for name, each in known.items():
                typer.echo(f"{name:14} {each.about}")
            return
        wanted = [name.removeprefix("bench-") for name in names or known]
        if unknown := [name for name in wanted if name not in known]:
            raise BankError(f"no such bench: {', '.join(unknown)}; there are {', '.join(known)}")
        described = machine()
        ran = []
        for name in track(wanted, "benches", console=console):
            announce(f"bench-{name}: {known[name].about}")
            ran.append(run_bench(known[name], folder, timeout_min * 60))
            write_page(ran, described, page)  # what was measured stays, whatever comes next
        announce(f"page: {page}")
        raise typer.Exit(1 if any(each.code for each in ran) else 0)
