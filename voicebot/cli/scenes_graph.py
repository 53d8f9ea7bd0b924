"""``voicebot scenes graph``: a scene as a picture."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.scenes_common import PackOption, load, scene_of


class Format(enum.StrEnum):
    """How the picture is written."""

    SVG = "svg"
    DOT = "dot"


def graph(
    scene: Annotated[str, typer.Argument(help="the scene's id")],
    pack: PackOption = None,
    form: Annotated[Format, typer.Option("--format", help="svg, or dot for Graphviz")] = Format.SVG,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="the file; left out: standard output")
    ] = None,
) -> None:
    """Draw a scene: its questions, the answers, and what they lead to."""
    from voicebot.errors import PackError
    from voicebot.scenes.draw import dot, svg

    wanted = scene_of(load(pack), scene)
    text = svg(wanted) if form is Format.SVG else dot(wanted)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PackError(f"{out}: cannot write: {error.strerror or error}") from None
    typer.echo(f"{out}: {wanted.name}")
