"""``voicebot scenes coverage``: what the test dialogues of the scene files reach."""

from __future__ import annotations

from typing import Annotated

import typer

from voicebot.cli.scenes_common import PackOption, load, scene_of

MAX_MISSING_SHOWN = 8


def coverage(
    pack: PackOption = None,
    scene: Annotated[str, typer.Option(help="only the scene of this id")] = "",
    minimum: Annotated[
        float, typer.Option("--min", min=0, max=100, help="exit 1 below this per cent")
    ] = 0.0,
) -> None:
    """Show which branches, contradictions and slot values the test dialogues reach, in per cent."""
    from rich.console import Console
    from rich.table import Table

    from voicebot.dialog.policy import Dialog
    from voicebot.dialog.scene_coverage import KINDS, coverage_of, percent
    from voicebot.dialog.scene_tests import run_scene_tests

    loaded = load(pack)
    scenes = [scene_of(loaded, scene)] if scene else list(loaded.scenes)
    tests = run_scene_tests(Dialog(loaded, answer_risk=0.5), loaded)
    reports = [coverage_of(each, tests) for each in scenes]
    table = Table("scene", "branches", "contradictions", "values", "%", "not reached")
    for report in reports:
        shown = list(report.missing[:MAX_MISSING_SHOWN])
        if len(report.missing) > len(shown):
            shown.append(f"and {len(report.missing) - len(shown)} more")
        counts = ["/".join(map(str, report.count(kind))) for kind in KINDS]
        table.add_row(report.scene, *counts, f"{percent([report]):.0f}", "\n".join(shown))
    Console().print(table)
    total = percent(reports)
    typer.echo(f"{len(reports)} scenes: {total:.1f} % reached")
    failed = sum(not test.passed for test in tests)
    if failed:
        typer.echo(f"{failed} tests fail, and count for what they reached: voicebot scenes test")
    if total < minimum:
        typer.echo(f"expected at least {minimum:g} %; write tests for what is not reached")
        raise typer.Exit(1)
