"""``voicebot scenes``: the workshop for a pack's fault scenes (docs/scenes.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.scenes_common import PackOption, counting, load
from voicebot.cli.scenes_coverage import coverage
from voicebot.cli.scenes_graph import graph
from voicebot.cli.scenes_new import new
from voicebot.cli.scenes_try import try_

if TYPE_CHECKING:
    from voicebot.dialog.meaning_collisions import Embed
    from voicebot.dialog.scene_tests import SceneTestReport

MAX_SHOWN = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Fault scenes: write, check, test, draw and try them.")
    group.command("new")(new)
    group.command("lint")(lint)
    group.command("test")(test)
    group.command("coverage")(coverage)
    group.command("graph")(graph)
    group.command("try")(try_)
    app.add_typer(group, name="scenes", no_args_is_help=True)


def lint(
    pack: PackOption = None,
    scene: Annotated[str, typer.Option(help="tell only what concerns this scene id")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="warnings fail, too")] = False,
    meaning: Annotated[
        bool, typer.Option("--meaning", help="compare triggers by meaning, too (needs the weights)")
    ] = False,
) -> None:
    """List what is wrong with the scenes: unknown names, uncovered answers, dead branches, triggers
    that collide. Exit 2 if something is wrong; warnings are worth a look."""
    from voicebot.dialog.scene_lint import scene_findings
    from voicebot.pack_loader import read_pack
    from voicebot.settings import SERVER_PACK

    loaded, problems = read_pack(pack or SERVER_PACK)
    if loaded is not None:
        with counting("triggers") as progress:
            problems += scene_findings(loaded, progress, _embed() if meaning else None)
        wanted = loaded.scene(scene)
        if scene and wanted is not None:
            problems = tuple(each for each in problems if each.file == wanted.file)
    shown = problems[:MAX_SHOWN]
    for problem in shown:
        typer.echo(str(problem))
    if len(problems) > len(shown):
        typer.echo(f"… and {len(problems) - len(shown)} more")
    warnings = sum(problem.warning for problem in problems)
    wrong = len(problems) - warnings
    scenes = len(loaded.scenes) if loaded else 0
    tail = f", {warnings} warnings" if warnings else ""
    typer.echo(f"{scenes} scenes: {f'{wrong} wrong' if wrong else 'nothing wrong'}{tail}")
    if wrong or loaded is None or (strict and warnings):
        raise typer.Exit(2)


def _embed() -> Embed:
    from voicebot.knowledge.ct2_embedder import CT2Embedder
    from voicebot.settings import load_settings
    from voicebot.weights import locate

    settings = load_settings()
    folder = locate(settings.knowledge.embedder, settings.models)
    return CT2Embedder(folder, threads=settings.knowledge.threads).queries


def test(
    pack: PackOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show every turn")] = False,
) -> None:
    """Run the dialogues of the scene files through the real dialog; exit 1 on failure."""
    from rich.console import Console
    from rich.table import Table

    from voicebot.dialog.policy import Dialog
    from voicebot.dialog.scene_tests import run_scene_tests

    loaded = load(pack)
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
