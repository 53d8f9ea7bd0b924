"""``voicebot pack``: start a company's pack, and check one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli import pack_versions
from voicebot.cli.pack_prepare import prepare

TEMPLATE = Path(__file__).parent.parent / "packs" / "template"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A company's pack: scenes, FAQ, documents, voice.")
    group.command("new")(new)
    group.command("check")(check)
    group.command("prepare")(prepare)
    pack_versions.register(group)
    app.add_typer(group, name="pack", no_args_is_help=True)


def new(
    directory: Annotated[Path, typer.Argument(help="a folder that does not exist yet")],
) -> None:
    """Write a small working pack with every file commented, to be edited."""
    from voicebot.errors import PackError

    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise PackError(f"{directory}: expected a new or empty folder, got one with content")
    try:
        shutil.copytree(TEMPLATE, directory, dirs_exist_ok=True)
    except OSError as error:
        raise PackError(f"{directory}: cannot write: {error.strerror or error}") from None
    typer.echo(f"{directory}: a pack to start from; edit it, then: voicebot pack check {directory}")


def check(directory: Annotated[Path, typer.Argument(help="the pack's folder")]) -> None:
    """List everything that is wrong with a pack, failing examples included; exit 2 if any."""
    from voicebot.dialog.policy import Dialog
    from voicebot.dialog.scene_tests import run_scene_tests
    from voicebot.pack_loader import read_pack
    from voicebot.workshop.checks import misread

    pack, problems = read_pack(directory)
    for problem in problems:
        typer.echo(str(problem))
    failures = 0
    if pack is not None and not problems:
        for report in run_scene_tests(Dialog(pack, answer_risk=0.5), pack):
            for turn in report.turns:
                for wrong in turn.wrong:
                    typer.echo(f"{report.scene}: test {report.name!r}: {turn.heard!r}: {wrong}")
                    failures += 1
        for problem in misread(pack):
            typer.echo(str(problem))
            failures += 1
    if problems or failures or pack is None:
        typer.echo(f"{directory}: {len(problems) + failures} problems")
        raise typer.Exit(2)
    tests = sum(len(scene.tests) for scene in pack.scenes)
    typer.echo(
        f"{directory}: OK: {len(pack.scenes)} scenes ({tests} tests pass), {len(pack.faq)} FAQ, "
        f"{len(pack.documents)} documents, {len(pack.lexicon)} terms, "
        f"{len(pack.reading)} reading rules, "
        f"{len(pack.labels.problem) + len(pack.labels.solution)} labels"
    )
