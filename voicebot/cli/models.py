"""``voicebot models``: list, fetch and verify the weights; put the language model to the test."""

from __future__ import annotations

import math
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
    group = typer.Typer(
        help="Fetch and verify the weights; probe the language model.", no_args_is_help=True
    )
    group.command("list")(list_weights)
    group.command("fetch")(fetch)
    group.command("verify")(verify)
    group.command("probe")(probe)
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


def probe(
    config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
    pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
    engine: Annotated[str | None, typer.Option(help="ctranslate2 or http")] = None,
    model: Annotated[str | None, typer.Option(help="weight, folder, or name at the server")] = None,
    url: Annotated[str | None, typer.Option(help="base of an OpenAI-compatible API")] = None,
    patient: Annotated[bool, typer.Option(help="put every question, however slow")] = False,
    verbose: Annotated[bool, typer.Option(help="show every question and answer")] = False,
) -> None:
    """Put fixed questions to the language model: which uses would it have in calls?

    Exit status 1 if none that the settings want.
    """
    from rich.console import Console
    from rich.table import Table

    from voicebot.cli.screen import announce
    from voicebot.errors import SettingsError
    from voicebot.language.probe import FORMS
    from voicebot.pack_loader import load_pack
    from voicebot.session.language import load_language
    from voicebot.settings import load_settings

    asked = {"engine": engine, "model": model, "http.url": url}
    given = {f"language.{key}": value for key, value in asked.items()}
    settings = load_settings(config, overrides={"pack": pack, **given})
    prompts = load_pack(settings.pack).language
    loaded = load_language(
        settings,
        prompts,
        lambda what, state: announce(f"{what}: {state}"),
        forms=True,
        limit_ms=math.inf if patient else None,
    )
    if loaded is None:
        raise SettingsError(
            "models probe: expected a language model, got language.engine = 'none'; "
            "try --engine ctranslate2"
        )
    report = loaded.report
    loaded.engine.close()
    table = Table(title=report.model)
    for column in ("use", "result"):
        table.add_column(column)
    for use in (*settings.language.uses, FORMS):
        table.add_row(use, report.line(use))
    console = Console()
    console.print(table)
    for trial in report.trials if verbose else ():
        mark = "ok" if trial.right else "WRONG" if trial.wrong else "-"
        console.print(f"{trial.use:9} {mark:5} {trial.elapsed_ms:6.0f} ms  {trial.asked}")
        console.print(f"{'':25}{trial.answered}", markup=False)
    if not any(report.able(use) for use in settings.language.uses):
        raise typer.Exit(1)
