"""What the commands of ``voicebot scenes`` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.errors import PackError

if TYPE_CHECKING:
    from voicebot.pack import Pack
    from voicebot.scenes.model import Scene

PackOption = Annotated[Path | None, typer.Option("--pack", help="the pack; left out: the demo's")]


def load(pack: Path | None) -> Pack:
    """The pack of this folder, or the demo's. Raises PackError."""
    from voicebot.pack_loader import load_pack
    from voicebot.settings import SERVER_PACK

    return load_pack(pack or SERVER_PACK)


def scene_of(pack: Pack, scene_id: str) -> Scene:
    """The scene of this id. Raises PackError, with the ids that are like it."""
    found = pack.scene(scene_id)
    if found is None:
        import difflib

        ids = [scene.id for scene in pack.scenes]
        like = difflib.get_close_matches(scene_id, ids, 3, 0.3) or ids[:5]
        raise PackError(f"expected a scene of the pack, like {', '.join(like)}; got {scene_id!r}")
    return found


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for work that is counted; gone when it is done."""
    from rich.progress import Progress

    from voicebot.cli.screen import console

    with Progress(console=console, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
