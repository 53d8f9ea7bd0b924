"""``voicebot drafts similar``: other ways to ask what the pack answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption
from voicebot.cli.scenes_common import counting


def similar(
    config: ConfigOption = None,
    records: RecordsOption = None,
    pack: Annotated[
        Path | None, typer.Option("--pack", help="the pack; left out: the settings' one")
    ] = None,
    faq: Annotated[list[str] | None, typer.Option(help="only for the FAQ of this id")] = None,
    most: Annotated[int, typer.Option(min=1, max=20, help="drafts for each FAQ")] = 3,
    model: Annotated[
        bool, typer.Option("--model", help="let the settings' language model word them")
    ] = False,
) -> None:
    """Draft similar questions as callers would put them: in spoken words, fragments, a dialect's
    words, misheard. Only what leads to its own FAQ is kept."""
    from voicebot.errors import LanguageError
    from voicebot.knowledge.build import build_knowledge
    from voicebot.language.build import build_engine
    from voicebot.pack_loader import load_pack
    from voicebot.records import Records
    from voicebot.settings import load_settings
    from voicebot.workshop.similar import make_similar

    settings = load_settings(config)
    loaded = load_pack(pack or settings.pack)
    if model and settings.language.engine == "none":
        raise LanguageError(
            "drafts: expected a language model in the settings (language.engine), got none"
        )
    engine = build_engine(settings.language, settings.models) if model else None
    store = Records.open(records or settings.records)
    try:
        with counting("looking up") as step:
            knowledge = build_knowledge(settings, loaded, lambda what, state: None)
            made = make_similar(
                loaded,
                knowledge,
                store.drafts,
                only=faq or (),
                per_entry=most,
                engine=engine,
                step=step,
            )
    finally:
        store.close()
        if engine is not None:
            engine.close()
    typer.echo(
        f"{made.entries} FAQ, {made.tried} wordings tried, {len(made.new)} new drafts "
        f"({sum(each.answer == '' for each in made.new)} to review: voicebot drafts list)"
    )
    for why, count in sorted(made.dropped.items(), key=lambda pair: -pair[1]):
        if count:
            typer.echo(f"  {count} dropped: {why}")
