"""``voicebot pack prepare``: render beforehand what a pack says word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    directory: Annotated[
        Path | None, typer.Argument(help="the pack's folder; default: the settings'")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="render nothing; exit 2 if any is left")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
) -> None:
    """Render all that the pack says word for word, and tell what of it is at hand.

    A bot does the same while nobody is on the line. May be interrupted and run again. Exits with 2
    if the voice could not speak.
    """
    from voicebot.cli.screen import announce, console
    from voicebot.cli.speech_progress import print_coverage, render_with_progress
    from voicebot.knowledge.build import build_knowledge
    from voicebot.pack_loader import load_pack
    from voicebot.session.prepared import coverage, wanted
    from voicebot.session.spoken_texts import all_texts
    from voicebot.settings import load_settings
    from voicebot.speech.build import build_speaker

    settings = load_settings(config, overrides={"pack": directory})
    pack = load_pack(settings.pack)
    with console.status("reading the pack"):
        texts = all_texts(settings, pack, build_knowledge(settings, pack, lambda what, state: None))
        speaker = build_speaker(settings, pack, known=texts.all)
    failed = ""
    if not check:
        speaker.needs(pack.info.name, texts.all, texts.first)
        failed = render_with_progress(speaker, wanted(speaker, texts), console)
    groups = coverage(speaker, texts)
    print_coverage(groups, speaker.cache_bytes(), settings.speech.cache_mb)
    if failed:
        announce(failed)
    if failed or (check and any(group.at_hand < group.clauses for group in groups)):
        raise typer.Exit(2)
