"""``voicebot seats``: who sits there and what they are doing; set one ready, or away."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records

WIDE = 160

if TYPE_CHECKING:
    from voicebot.handoff import SeatView
    from voicebot.records import Records
    from voicebot.settings import HandoffSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The human seats of this hotline: docs/handoff.md.")
    group.command("list")(list_seats)
    group.command("set")(set_seat)
    app.add_typer(group, name="seats", no_args_is_help=True)


def list_seats(config: ConfigOption = None, records: RecordsOption = None) -> None:
    """Show each seat and its state, as the bot last wrote it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    settings, store = _open(config, records)
    try:
        seats = _seats(settings, store)
    finally:
        store.close()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("seat", "state", "for", "call", "skills", "product lines", "rings at"):
        table.add_column(title, no_wrap=True)
    now = datetime.now(UTC)
    for seat in seats:
        minutes = (now - seat.since).total_seconds() / 60
        wish = f", then {seat.then}" if seat.then else ""
        table.add_row(
            escape(seat.name),
            f"{seat.state}{wish}",
            f"{minutes:.0f} min",
            seat.call_id[:8],
            escape(" ".join(seat.skills)),
            escape(" ".join(seat.product_lines)) or "all",
            escape(seat.uri),
        )
    none = "no seat is set; add [[handoff.seats]] to the settings"
    width = None if sys.stdout.isatty() else WIDE  # what is piped on is not cut
    Console(highlight=False, width=width).print(table if seats else none)


def set_seat(
    name: Annotated[str, typer.Argument(help="the seat's name in the settings")],
    state: Annotated[str, typer.Argument(help="ready, wrap_up or away")],
    config: ConfigOption = None,
    records: RecordsOption = None,
    by: Annotated[str, typer.Option(help="who sets it; default: the user of this machine")] = "",
) -> None:
    """Set a seat's state; a running bot hears of it within two seconds.

    In a call it comes true after the call.
    """
    from voicebot.handoff.roster import settable
    from voicebot.records.seat_log import SeatChange

    settings, store = _open(config, records)
    try:
        wanted = settable(state)
        seat = _found(_seats(settings, store), name)
        change = SeatChange(seat.name, wanted, datetime.now(UTC), by or getpass.getuser())
        store.seats.note_now(change)
    finally:
        store.close()
    typer.echo(f"{seat.name}: {wanted}")


def _open(config: ConfigOption, records: RecordsOption) -> tuple[HandoffSettings, Records]:
    from voicebot.settings import load_settings

    return load_settings(config).handoff, open_records(config, records)


def _seats(settings: HandoffSettings, store: Records) -> tuple[SeatView, ...]:
    """As they were written last; a call that somebody else has is left as it is."""
    from voicebot.handoff.roster import Roster

    roster = Roster(settings.seats, wrap_up_s=settings.wrap_up_s, start_away=settings.start_away)
    roster.restore(store.seats.latest(), lambda writer: True)
    return roster.seats()


def _found(seats: tuple[SeatView, ...], name: str) -> SeatView:
    from voicebot.errors import SeatError

    for seat in seats:
        if seat.name == name:
            return seat
    known = ", ".join(seat.name for seat in seats) or "none; add [[handoff.seats]]"
    raise SeatError(f"seats: there is no seat {name!r}; there are: {known}")
