"""``voicebot models``: list, fetch and verify the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelsOption = Annotated[
    Path | None,
    typer.Option(
        "--models", help="Weights folder (default: VOICEBOT_MODELS, else the user cache)."
    ),
]
NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="Weights by name; see: voicebot models list.")
]


def register(app: typer.Typer) -> None:
    """Add the ``models`` group to the command line."""
    group = typer.Typer(help="Fetch and verify the weights.", no_args_is_help=True)
    group.command("list")(list_weights)
    group.command("fetch")(fetch)
    group.command("verify")(verify)
    app.add_typer(group, name="models")


def _store(models: Path | None) -> Path:
    from voicebot.settings import load_settings

    return models or load_settings().models


def list_weights(models: ModelsOption = None) -> None:
    """Show every known weight, its set, size, licence and state."""
    from rich.console import Console
    from rich.table import Table

    from voicebot.errors import WeightsError
    from voicebot.weights import load_manifest
    from voicebot.weights import verify as verify_weight

    store, manifest = _store(models), load_manifest()
    table = Table(title=str(store))
    for column in ("name", "set", "size", "licence", "state"):
        table.add_column(column)
    for weight in manifest.weights.values():
        sets = [key for key in manifest.sets if weight in manifest.expand([key])]
        try:
            verify_weight(weight.name, store, quick=True)
            state = "present"
        except WeightsError:
            state = "incomplete" if (store / weight.name).exists() else "-"
        size = f"{weight.size / 1e6:,.0f} MB"
        table.add_row(weight.name, " ".join(sets), size, weight.licence, state)
    Console().print(table)


def fetch(
    names: NamesArgument = None,
    set_: Annotated[str, typer.Option("--set", help="core, llm, funasr or all.")] = "",
    models: ModelsOption = None,
) -> None:
    """Fetch (and convert) weights: those named, or a set; `core` when nothing is named."""
    from voicebot.cli.progress import weights_progress
    from voicebot.errors import WeightsError
    from voicebot.weights import load_manifest
    from voicebot.weights.fetch import Fetcher
    from voicebot.weights.sources import ClientRegistry, Hubs

    store, manifest = _store(models), load_manifest()
    if set_ and set_ not in (*manifest.sets, "all"):
        raise WeightsError(f"models fetch: --set {set_}: known: {', '.join(manifest.sets)}, all")
    wanted = manifest.expand([*(names or ()), *([set_] if set_ else ())] or ["core"])
    try:
        store.mkdir(parents=True, exist_ok=True)
        with weights_progress() as tell:
            hubs = Hubs()
            try:
                Fetcher(store, manifest, hubs, ClientRegistry(), tell).fetch(wanted)
            finally:
                hubs.close()
    except OSError as error:
        raise WeightsError(
            f"models fetch: {error.filename or store}: {error.strerror or error}"
        ) from None


def verify(
    names: NamesArgument = None,
    full: Annotated[bool, typer.Option("--full", help="Hash every byte again.")] = False,
    models: ModelsOption = None,
) -> None:
    """Check weights: those named, else all that are present. Exit status 2 when one is wrong."""
    from voicebot.errors import WeightsError
    from voicebot.weights import check, load_manifest
    from voicebot.weights import verify as verify_weight

    store, manifest = _store(models), load_manifest()
    present = [name for name in manifest.weights if (store / name).exists()]
    if not names and not present:
        raise WeightsError(f"models verify: no weights in {store}; run: voicebot models fetch")
    failed = False
    for name in names or present:
        try:
            if full:
                verify_weight(name, store, quick=False)
            else:
                check(name, store)
            typer.echo(f"{name}: ok")
        except WeightsError as error:
            failed = True
            typer.echo(f"voicebot: {error}", err=True)
    if failed:
        raise typer.Exit(2)
