"""``voicebot serve``: answer calls until stopped."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.screen import announce, build_with_progress, print_event

if TYPE_CHECKING:
    from voicebot.app import App


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
        sip: Annotated[str | None, typer.Option(help="SIP listen address, ADDR:PORT")] = None,
        pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
        records: Annotated[Path | None, typer.Option(help="folder for calls and audio")] = None,
    ) -> None:
        """Answer calls until Ctrl-C or SIGTERM; calls in progress are hung up then."""
        from voicebot.settings import load_settings

        settings = load_settings(
            config,
            overrides={"sip.listen": sip, "pack": pack, "records.directory": records},
        )
        parts = build_with_progress(settings)
        try:
            asyncio.run(_serve(parts))
        finally:
            parts.close()


async def _serve(parts: App) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listen = parts.settings.sip.listen

    def ready() -> None:
        announce(f"listening on {listen}; ring sip:400@{listen}, stop with Ctrl-C")

    await parts.serve(stop, on_ready=ready, observer=print_event)
