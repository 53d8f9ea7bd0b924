"""``voicebot scenes new``: a scene to start from."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer


def new(
    scene_id: Annotated[str, typer.Argument(metavar="ID", help="like storage.disk_slow")],
    name: Annotated[str, typer.Option(help="what people call it; it is also said")],
    label: Annotated[str, typer.Option(help="a problem label of labels.yaml")],
    pack: Annotated[Path, typer.Option(help="the pack that it goes into")],
) -> None:
    """Write a small working scene, with every key explained, to be rewritten."""
    from voicebot.errors import PackError
    from voicebot.pack_loader import load_pack
    from voicebot.scenes.read import SCENE_ID
    from voicebot.scenes.skeleton import skeleton

    loaded = load_pack(pack)
    if not SCENE_ID.match(scene_id):
        raise PackError(f"expected an id like storage.disk_slow, got {scene_id!r}")
    if not any(map(str.isalnum, name)) or len(name) > 60 or not name.isprintable():
        raise PackError(f"expected a name of 1 to 60 characters on one line, got {name!r}")
    if loaded.scene(scene_id) is not None:
        raise PackError(f"the scene {scene_id} exists; choose another id or edit it")
    if label not in loaded.labels.problem:
        like = difflib.get_close_matches(label, loaded.labels.problem, 3, 0.3)
        known = "、".join(like or loaded.labels.problem[:5])
        raise PackError(f"expected a problem label of labels.yaml, like {known}; got {label!r}")
    solutions = [path for path in loaded.labels.solution if "/" in path] or loaded.labels.solution
    text = skeleton(
        scene_id,
        name.strip(),
        label,
        solution=solutions[0] if solutions else "",
        skill=loaded.info.handoff_skill or "人工",
    )
    path = pack / "scenes" / f"{scene_id.replace('.', '_')}.yaml"
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise PackError(f"{path} exists; choose another id or edit it") from None
    except OSError as error:
        raise PackError(f"{path}: cannot write: {error.strerror or error}") from None
    typer.echo(f"{path}: a scene to start from; then: voicebot scenes lint --pack {pack}")
