"""``voicebot webhooks``: what other systems are told, and what has not reached them yet."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.records import Records
    from voicebot.settings import Settings, WebhookSettings

ConfigOption = Annotated[Path | None, typer.Option(help="TOML settings file")]
_SECRET_BYTES = 32


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Tell other systems (CRM, tickets) of calls: docs/webhooks.md.")
    group.command("list")(list_messages)
    group.command("retry")(retry)
    group.command("ping")(ping)
    group.command("secret")(secret)
    group.command("openapi")(describe)
    app.add_typer(group, name="webhooks", no_args_is_help=True)


def list_messages(
    config: ConfigOption = None,
    state: Annotated[str, typer.Option(help="waiting, delivered or given_up; empty: all")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many, newest first")] = 20,
) -> None:
    """Show what was sent, what waits and what was given up."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    _, records = _open(config)
    try:
        counts = records.outbox.counts()
        found = records.outbox.messages(_known_state(state), limit)
    finally:
        records.close()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("created (UTC)", "endpoint", "what", "call", "state", "attempts", "last error"):
        table.add_column(title, no_wrap=True)
    for each in found:
        table.add_row(
            f"{each.created_at:%Y-%m-%d %H:%M:%S}",
            each.endpoint,
            each.kind,
            each.call_id[:8],
            each.state,
            str(each.attempts),
            escape(each.error),
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(table if found else "nothing")
    for (endpoint, of_state), count in sorted(counts.items()):
        console.print(f"{endpoint}: {count} {of_state}")


def retry(
    config: ConfigOption = None,
    endpoint: Annotated[str, typer.Option(help="only of this endpoint")] = "",
) -> None:
    """Let what was given up be tried again, and what waits be tried now, by the running bot."""
    _, records = _open(config)
    try:
        count = records.outbox.retry(datetime.now(UTC), endpoint)
    finally:
        records.close()
    typer.echo(f"{count} messages will be sent by the running bot within seconds")


def ping(
    name: Annotated[str, typer.Argument(help="the endpoint's name in the settings")],
    config: ConfigOption = None,
) -> None:
    """Send one signed test message now; exit 1 if it does not arrive."""
    from voicebot.records.outbox import new_message
    from voicebot.settings import load_settings
    from voicebot.webhooks.deliver import attempt, new_client
    from voicebot.webhooks.messages import Ping, body_of

    endpoint = _endpoint(load_settings(config), name)
    now = datetime.now(UTC)
    message = new_message(name, "ping", "", body_of(Ping(timestamp=now)), now)

    async def send() -> str:
        async with new_client() as client:
            failure, _ = await attempt(client, endpoint, message)
            return failure

    failure = asyncio.run(send())
    if failure:
        typer.echo(f"{name}: not delivered to {endpoint.url}: {failure}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name}: {endpoint.url} took the message")


def secret() -> None:
    """Print a new secret for an endpoint; give the same to the receiver."""
    typer.echo("whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def describe() -> None:
    """Print the OpenAPI description of all messages, as JSON."""
    from voicebot import __version__
    from voicebot.webhooks.openapi import openapi

    typer.echo(json.dumps(openapi(__version__), ensure_ascii=False, indent=2))


def _open(config: Path | None) -> tuple[Settings, Records]:
    from voicebot.records import Records
    from voicebot.settings import load_settings

    settings = load_settings(config)
    return settings, Records.open(settings.records, create=False)


def _known_state(state: str) -> str:
    from voicebot.errors import SettingsError
    from voicebot.records.outbox import DELIVERED, GIVEN_UP, WAITING

    if state and state not in (WAITING, DELIVERED, GIVEN_UP):
        raise SettingsError(
            f"webhooks: --state: expected {WAITING}, {DELIVERED} or {GIVEN_UP}, got {state!r}"
        )
    return state


def _endpoint(settings: Settings, name: str) -> WebhookSettings:
    from voicebot.errors import SettingsError

    for each in settings.webhooks:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in settings.webhooks) or "none is set"
    raise SettingsError(f"webhooks: no endpoint is called {name!r}; known: {known}")
