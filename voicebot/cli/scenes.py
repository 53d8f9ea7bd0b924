"""``voicebot scenes``: lint the fault scenes of a pack, and run the dialogues written in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.dialog.scene_tests import SceneTestReport

PackOption = Annotated[Path | None, typer.Option("--pack", help="the pack; left out: the demo's")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Fault scenes: lint them, run their test dialogues.")
    group.command("lint")(lint)
    group.command("test")(test)
    app.add_typer(group, name="scenes", no_args_is_help=True)


def lint(pack: PackOption = None) -> None:
    """List what is wrong with the scenes: unknown names, uncovered answers, dead branches."""
    from voicebot.pack_loader import read_pack
    from voicebot.settings import SERVER_PACK

    loaded, problems = read_pack(pack or SERVER_PACK)
    for problem in problems:
        typer.echo(str(problem))
    if problems or loaded is None:
        raise typer.Exit(2)
    typer.echo(f"{len(loaded.scenes)} scenes: nothing wrong")


def test(
    pack: PackOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show every turn")] = False,
) -> None:
    """Run the dialogues of the scene files through the real dialog; exit 1 on failure."""
    from rich.console import Console
    from rich.table import Table

    from voicebot.dialog.policy import Dialog
    from voicebot.dialog.scene_tests import run_scene_tests
    from voicebot.pack_loader import load_pack
    from voicebot.settings import SERVER_PACK

    loaded = load_pack(pack or SERVER_PACK)
    reports = run_scene_tests(Dialog(loaded, answer_risk=0.5), loaded)
    table = Table("scene", "test", "turns", "result")
    for report in reports:
        result = "pass" if report.passed else "FAIL"
        table.add_row(report.scene, report.name, str(len(report.turns)), result)
    Console().print(table)
    for report in reports:
        if verbose or not report.passed:
            _show(report)
    failed = sum(not report.passed for report in reports)
    typer.echo(f"{len(reports) - failed} of {len(reports)} pass")
    if failed:
        raise typer.Exit(1)


def _show(report: SceneTestReport) -> None:
    typer.echo(f"\n{report.scene}: {report.name}")
    for turn in report.turns:
        typer.echo(f"  caller  {turn.heard}")
        typer.echo(f"  bot     {turn.said}")
        for wrong in turn.wrong:
            typer.echo(f"  wrong   {wrong}")
