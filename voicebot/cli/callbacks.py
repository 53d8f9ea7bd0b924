"""``voicebot callbacks``: the calls that callers were promised."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records

if TYPE_CHECKING:
    from voicebot.records.callbacks import CallBack

WIDE = 160
IdArgument = Annotated[str, typer.Argument(help="a call-back's id, or its first characters")]
SeatOption = Annotated[str, typer.Option("--seat", help="who makes the call")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Calls that callers were promised: docs/handoff.md.")
    group.command("list")(list_callbacks)
    group.command("take")(take)
    group.command("give-back")(give_back)
    group.command("close")(close)
    app.add_typer(group, name="callbacks", no_args_is_help=True)


def list_callbacks(
    config: ConfigOption = None,
    records: RecordsOption = None,
    state: Annotated[str, typer.Option(help="open, taken or closed; empty: not closed")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """List call-backs, what is due first, first; numbers are masked."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from voicebot.errors import RecordsError
    from voicebot.records.callbacks import STATES

    if state and state not in STATES:
        known = ", ".join(STATES)
        raise RecordsError(f"callbacks: --state: one of {known} is expected, got {state!r}")
    store = open_records(config, records)
    try:
        found = store.callbacks.list(state, limit)
    finally:
        store.close()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("id", "due (UTC)", "number", "wish", "reason", "state", "seat"):
        table.add_column(title, no_wrap=True)
    for each in found:
        table.add_row(
            each.id[:8],
            f"{each.due_from:%m-%d %H:%M}-{each.due_to:%H:%M}",
            escape(each.number),
            escape(each.wish),
            escape(each.reason),
            each.state,
            escape(each.seat),
        )
    width = None if sys.stdout.isatty() else WIDE  # what is piped on is not cut
    Console(highlight=False, width=width).print(table if found else "no call-backs")


def take(
    callback_id: IdArgument,
    seat: SeatOption,
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Take a call-back and show the number to ring; that it was read is noted."""
    store = open_records(config, records)
    try:
        taken = store.callbacks.take(callback_id, seat)
        number = store.callbacks.number(taken.id, who=seat)
    finally:
        store.close()
    _tell(taken, f"ring {number}; its story: voicebot calls show {taken.call_id[:8]}")


def give_back(
    callback_id: IdArgument,
    seat: SeatOption,
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Give a call-back back: the caller could not be reached."""
    store = open_records(config, records)
    try:
        open_again = store.callbacks.give_back(callback_id, seat)
    finally:
        store.close()
    _tell(open_again, "open again")


def close(
    callback_id: IdArgument,
    seat: SeatOption,
    result: Annotated[str, typer.Option(help="what came of it, in a few words")],
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Close a call-back with its result."""
    store = open_records(config, records)
    try:
        closed = store.callbacks.close(callback_id, seat, result)
    finally:
        store.close()
    _tell(closed, f"closed: {closed.result}")


def _tell(callback: CallBack, what: str) -> None:
    typer.echo(f"{callback.id[:8]} ({callback.wish or 'as soon as possible'}): {what}")
