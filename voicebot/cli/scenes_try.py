"""``voicebot scenes try``: be the caller, and see why the scene does what it does."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.scenes_common import PackOption, load, scene_of

if TYPE_CHECKING:
    from voicebot.dialog.scene_trial import TrialTurn

_DECISIONS = {True: "true", False: "false", None: "undecided"}


def try_(
    pack: PackOption = None,
    scene: Annotated[str, typer.Option(help="start in the scene of this id")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="one JSON object a turn")] = False,
) -> None:
    """Type as the caller, one turn a line; #138 presses keys. After each turn: the scenes that
    match, the slots filled and the words they came from, and which conditions hold.

    Nothing is looked up in documents here; `voicebot chat` does that.
    """
    from voicebot.cli.screen import announce
    from voicebot.dialog.scene_trial import Trial

    loaded = load(pack)
    trial = Trial(loaded, scene_of(loaded, scene).id if scene else "")
    if not jsonl:
        typer.echo(f"bot         {trial.greeting}")
        announce("type as the caller (Ctrl-D ends)")
    while not trial.ended:
        line = sys.stdin.readline()
        if not line:
            return
        if not line.strip():
            continue
        turn = trial.turn(line.strip())
        if jsonl:
            typer.echo(json.dumps(asdict(turn), ensure_ascii=False))
        else:
            _show(turn)


def _show(turn: TrialTurn) -> None:
    typer.echo(f"\ncaller      {turn.heard}")
    for each in turn.candidates:
        vetoed = ", a not_trigger is nearer" if each.vetoed else ""
        typer.echo(
            f"  candidate {each.scene} {each.probability:.2f} "
            f"({each.share:.2f} of {each.trigger!r}{vetoed})"
        )
    if turn.scene:
        typer.echo(f"  scene     {turn.scene}")
    for slot in turn.filled:
        replaced = f", was {slot.before}" if slot.before else ""
        typer.echo(
            f"  filled    {slot.slot} {slot.label} = {slot.value} ← {slot.words!r}{replaced}"
        )
    for each_holds in turn.holds:
        decision = _DECISIONS[each_holds.decision]
        typer.echo(f"  {decision:<9} {each_holds.kind} {each_holds.id}: {each_holds.condition}")
    for name in turn.raised:
        typer.echo(f"  raised    {name}")
    if turn.branch:
        typer.echo(f"  branch    {turn.branch}")
    if turn.asking:
        typer.echo(f"  asks      {turn.asking}: {turn.why}")
    for text in turn.said:
        typer.echo(f"bot         {text}")
    if turn.ended:
        typer.echo(f"  [{turn.ended}]")
