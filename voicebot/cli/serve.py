"""``voicebot serve``: answer calls until stopped."""

from __future__ import annotations

import asyncio
import functools
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.screen import announce, build_with_progress, print_event

if TYPE_CHECKING:
    from voicebot.app import App
    from voicebot.console import House, LiveCalls
    from voicebot.metrics import Watching
    from voicebot.records.store import Records
    from voicebot.session.events import SessionEvent


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
        sip: Annotated[str | None, typer.Option(help="SIP listen address, ADDR:PORT")] = None,
        pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
        records: Annotated[Path | None, typer.Option(help="folder for calls and audio")] = None,
        console: Annotated[
            str | None, typer.Option(help="web console, e.g. 127.0.0.1:8080")
        ] = None,
    ) -> None:
        """Answer calls until Ctrl-C or SIGTERM; calls in progress end by themselves then.

        A second one hangs them up.
        """
        from telephony.ports import check_free
        from voicebot.line import check_backend, line_config
        from voicebot.metrics import Watching
        from voicebot.settings import load_settings

        settings = load_settings(
            config,
            overrides={
                "sip.listen": sip,
                "pack": pack,
                "records.directory": records,
                "console.listen": console,
            },
        )
        # The line first: what is wrong with it is told before the models are loaded.
        check_backend(settings.sip)
        check_free(line_config(settings.sip).listen)
        listener = None
        if settings.console.listen:
            from voicebot.console import open_listener

            listener = open_listener(settings.console)
        with Watching(settings.metrics) as watching:
            parts = build_with_progress(settings)
            try:
                asyncio.run(_serve(parts, listener, watching))
            finally:
                parts.close()


async def _serve(parts: App, listener: socket.socket | None, watching: Watching) -> None:
    from voicebot.app_serving import serve

    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop)
    listen, console = parts.settings.sip.listen, parts.settings.console.listen

    def ready() -> None:
        if listener is not None:
            scheme = "https" if parts.settings.console.certificate else "http"
            announce(f"console on {scheme}://{console}/")
        trunks = ", ".join(trunk.name for trunk in parts.settings.sip.trunks)
        announce(f"who may ring: {trunks or 'this machine; add [[sip.trunks]] for others'}")
        announce(f"listening on {listen}; ring sip:400@{listen}, stop with Ctrl-C")

    def draining(left: int) -> None:
        calls = "1 call" if left == 1 else f"{left} calls"
        announce(f"stopping: {calls} left, no new ones are taken; Ctrl-C again hangs up")

    serving = functools.partial(
        serve,
        parts,
        stop,
        hurry=hurry,
        on_ready=ready,
        on_draining=draining,
        observer=print_event,
    )
    if watching.meters:
        watching.meters.watch(
            "inference_wait_seconds",
            "How long a caller's job asked for now would wait for a worker",
            lambda: parts.scheduler.expected_wait_ms() / 1000,
        )
    if listener is None or parts.records is None:
        await serving(on_event=watching)
        return
    from voicebot.console import LiveCalls, first_admin, running

    if password := await asyncio.to_thread(first_admin, parts.records):
        announce(
            f"the console's first account: name admin, one-time password {password} "
            "(shown only now; the first sign-in asks for one of your own)"
        )
    live = LiveCalls(parts.admission.snapshot)

    def on_event(call_id: str, event: SessionEvent) -> None:
        watching(call_id, event)
        live(call_id, event)

    house = _house(parts, parts.records, live)
    parts.distributor.before_ring = house.screens.shown
    async with running(listener, house):
        await serving(on_event=on_event)


def _house(parts: App, records: Records, live: LiveCalls) -> House:
    """What the console shows and steers of this bot."""
    from voicebot.console import House
    from voicebot.workshop.editing import PackEditor

    settings = parts.settings
    return House(
        records,
        live,
        settings,
        roster=parts.roster,
        queue=parts.queue,
        label_tree=lambda: parts.labels,  # as below: of the pack that is in use then
        controls=parts.controls,
        adviser=lambda: parts.assistants.new(),
        editor=PackEditor(settings.pack),
        phones=(
            *((seat.uri, seat.name) for seat in settings.handoff.seats),
            *((uri, uri) for uri in settings.handoff.supervisors),
        ),
        solved=lambda: tuple(parts.pack.prompts.all("scene_solved")),
    )
