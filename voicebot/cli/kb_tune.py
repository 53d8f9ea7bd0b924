"""``voicebot kb tune``: an embedder fine-tuned on a company's own questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def tune(
    pairs: Annotated[
        list[Path],
        typer.Argument(help='FAQ .yaml (approved items), or .jsonl of {"question", "passage"}'),
    ],
    model: Annotated[Path, typer.Option("--model", help="a sentence-transformers folder")],
    out: Annotated[Path, typer.Option("--out", help="a new folder for the tuned model")],
    epochs: Annotated[int, typer.Option(min=1, help="times that each pair is seen")] = 3,
    steps: Annotated[int, typer.Option(min=0, help="stop after so many batches (0: epochs)")] = 0,
    batch: Annotated[int, typer.Option(min=2, help="pairs a batch")] = 32,
    rate: Annotated[float, typer.Option(min=0.0, help="learning rate")] = 2e-5,
    held_out: Annotated[
        float, typer.Option("--held-out", min=0.05, max=0.8, help="share kept to measure with")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="of the split and of the batches")] = 20261122,
    ct2: Annotated[
        bool, typer.Option("--ct2", help="also write OUT/ct2: int8 for CTranslate2")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="write it even if it is no better")
    ] = False,
) -> None:
    """Fine-tune an embedder on approved question pairs and say what it gained.

    Recall is measured on questions whose passages were not trained on. A model that is no better
    is not written (exit status 1).
    """
    from voicebot.cli.kb import progress_bars
    from voicebot.knowledge.tuning.pairs import read_pairs
    from voicebot.knowledge.tuning.train import Plan
    from voicebot.knowledge.tuning.tune import tune as run

    found = read_pairs(pairs)
    plan = Plan(epochs, steps, batch, rate, seed)
    with progress_bars() as progress:
        result = run(
            found, model, out, plan, held_out=held_out, ct2=ct2, force=force, progress=progress
        )
    typer.echo(f"trained on {result.trained_on} pairs, {result.after.n} questions held out")
    typer.echo(f"before: {result.before}")
    typer.echo(f"after:  {result.after}")
    if result.better:
        typer.echo(f"better: {out}" + (f" and {out}/ct2" if ct2 else ""))
    elif result.kept:
        typer.echo(f"not better: {out} written all the same")
    else:
        typer.echo(f"not better: {out} not written (--force writes it)")
        raise typer.Exit(1)
