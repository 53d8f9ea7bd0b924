"""``voicebot pack publish, versions, rollback``: changes to a pack that callers meet."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.workshop.editing import PackEditor
    from voicebot.workshop.proposal import Proposal

PackArgument = Annotated[Path, typer.Argument(help="the pack's folder")]
WhyOption = Annotated[str, typer.Option("--why", help="the reason; it is kept with the version")]
ByOption = Annotated[str, typer.Option("--by", help="who does it; left out: this system's user")]
_MOST_WARNINGS = 20


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``pack``."""
    group.command("publish")(publish)
    group.command("versions")(versions)
    group.command("rollback")(rollback)


def publish(
    directory: PackArgument,
    source: Annotated[
        Path, typer.Argument(help="an edited copy of the pack, or of one of its files")
    ],
    why: WhyOption,
    to: Annotated[
        str, typer.Option("--as", help="for a file: its place in the pack, scenes/disk.yaml")
    ] = "",
    by: ByOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only check, and show")] = False,
) -> None:
    """Check an edit and make it live as a whole: lint, scene tests, triggers that collide.
    Documents are not part of it. Exit 2, and nothing changed, if something is wrong."""
    from voicebot.workshop.editing import PackEditor

    editor = PackEditor(directory)
    texts = _edited(editor, source, to)
    with steps("checking") as step:
        proposed = editor.propose_all(texts, step=step)
    _show(proposed)
    if dry_run or not proposed.ok:
        typer.echo(f"{directory}: {proposed.wrong or 'nothing is wrong'}; not published")
        raise typer.Exit(0 if proposed.ok else 2)
    with steps("publishing") as step:
        version = editor.publish(proposed, by or me(), why, step)
    typer.echo(
        f"{directory}: version {version.number} is live ({len(version.paths)} files; "
        f"{proposed.tests_run} scene tests pass)"
    )


def versions(
    directory: PackArgument,
    number: Annotated[int, typer.Argument(help="show what this version changed")] = 0,
) -> None:
    """List the versions of a pack, newest first: when, who, why; or one of them as a diff."""
    from voicebot.workshop.editing import PackEditor

    editor = PackEditor(directory)
    if number:
        typer.echo(editor.diff(number), nl=False)
        return
    for each in editor.versions():
        files = ", ".join(each.paths[:3]) + (" …" if len(each.paths) > 3 else "")
        typer.echo(
            f"{each.number:>4}  {each.at:%Y-%m-%d %H:%M:%S}  {each.by or '-'}  {each.why}"
            + (f"  ({files})" if files else "")
        )
    if not editor.versions():
        typer.echo("none yet: the first edit through voicebot makes them")


def rollback(
    directory: PackArgument,
    number: Annotated[int, typer.Argument(help="the version to return to")],
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Make an older version live again, as a new version. Documents stay as they are."""
    from voicebot.workshop.editing import PackEditor

    with steps("checking") as step:
        version = PackEditor(directory).roll_back(number, by or me(), why, step)
    typer.echo(f"{directory}: as in version {number} again; this is version {version.number}")


def me() -> str:
    """Who types."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"


@contextmanager
def steps(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that names what is being done."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from voicebot.cli.screen import console

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(doing, total=None)
        yield lambda what: bars.update(task, description=f"{doing}: {what}")


def _edited(editor: PackEditor, source: Path, to: str) -> dict[str, str | None]:
    """The texts that differ; a file that the edited copy lacks goes."""
    from voicebot.errors import PackError
    from voicebot.workshop.editing import PackEditor

    if source.is_dir():
        edited = PackEditor(source)
        texts: dict[str, str | None] = {path: edited.read(path).text for path in edited.files()}
        texts.update({path: None for path in editor.files() if path not in texts})
        return {path: text for path, text in texts.items() if text != _now(editor, path)}
    path = to or next((each for each in editor.files() if Path(each).name == source.name), "")
    if not path:
        raise PackError(f"{source}: expected --as and its place in the pack (scenes/…, faq/…)")
    try:
        return {path: source.read_text(encoding="utf-8-sig")}
    except UnicodeDecodeError as error:
        raise PackError(
            f"{source}: expected UTF-8, got something else (byte {error.start})"
        ) from None
    except OSError as error:
        raise PackError(f"{source}: cannot be read: {error.strerror}") from None


def _now(editor: PackEditor, path: str) -> str | None:
    found = editor.read(path)
    return found.text if found.stamp else None


def _show(proposed: Proposal) -> None:
    typer.echo(proposed.diff, nl=False)
    warnings = 0
    for problem in proposed.lint:
        warnings += problem.warning
        if not problem.warning or warnings <= _MOST_WARNINGS:
            typer.echo(str(problem))
    for report in proposed.tests:
        for turn in report.turns:
            for wrong in turn.wrong:
                typer.echo(f"{report.scene}: test {report.name!r}: {turn.heard!r}: {wrong}")
