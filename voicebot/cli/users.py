"""``voicebot users``: who may sit before the console."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption

if TYPE_CHECKING:
    from voicebot.records import Records

NameArgument = Annotated[str, typer.Argument(help="the user's name")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Accounts of the web console: docs/console.md.")
    group.command("list")(list_users)
    group.command("add")(add)
    group.command("passwd")(passwd)
    group.command("disable")(disable)
    group.command("enable")(enable)
    app.add_typer(group, name="users", no_args_is_help=True)


def list_users(config: ConfigOption = None, records: RecordsOption = None) -> None:
    """Show all accounts."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    store = _open(config, records)
    try:
        everyone = store.people.everyone()
    finally:
        store.close()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("name", "role", "seat", "state", "last sign-in (UTC)"):
        table.add_column(title, no_wrap=True)
    for each in everyone:
        state = "disabled" if each.disabled else "one-time password" if each.must_change else "open"
        seen = f"{each.seen_at:%Y-%m-%d %H:%M}" if each.seen_at else "never"
        table.add_row(escape(each.name), each.role, escape(each.seat), state, seen)
    Console(highlight=False).print(table if everyone else "no accounts yet")


def add(
    name: NameArgument,
    role: Annotated[str, typer.Option(help="seat, supervisor, tester or admin")],
    seat: Annotated[str, typer.Option(help="the seat they sit at (handoff.seats)")] = "",
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Make an account and print its one-time password."""
    from voicebot.console.passwords import hash_password, one_time_password
    from voicebot.console.rights import Role
    from voicebot.errors import RecordsError

    if role not in list(Role):
        raise RecordsError(f"users: --role: expected one of {', '.join(Role)}, got {role!r}")
    password, store = one_time_password(), _open(config, records)
    try:
        hashed = hash_password(password)
        store.people.add(name, role, hashed, seat=seat, must_change=True, at=datetime.now(UTC))
        store.custody.note(_me(), "user_added", why=f"{name} {role} {seat}")
    finally:
        store.close()
    _tell(name, password)


def passwd(
    name: NameArgument,
    config: ConfigOption = None,
    records: RecordsOption = None,
    read: Annotated[
        bool, typer.Option("--stdin", help="read the password from standard input instead")
    ] = False,
) -> None:
    """Give an account a new one-time password and print it; signs the person out."""
    from voicebot.console.passwords import hash_password, one_time_password, weakness
    from voicebot.errors import RecordsError

    password = sys.stdin.readline().rstrip("\n") if read else one_time_password()
    if read and weakness(password, name):
        raise RecordsError("users: this password is too short or too easily guessed")
    store = _open(config, records)
    try:
        store.people.set_password(name, hash_password(password), must_change=not read)
        store.custody.note(_me(), "password_reset", why=name)
    finally:
        store.close()
    if not read:
        _tell(name, password)


def disable(name: NameArgument, config: ConfigOption = None, records: RecordsOption = None) -> None:
    """Shut an account; the person is signed out at once."""
    _set_disabled(name, True, config, records)


def enable(name: NameArgument, config: ConfigOption = None, records: RecordsOption = None) -> None:
    """Open a shut account again."""
    _set_disabled(name, False, config, records)


def _set_disabled(name: str, disabled: bool, config: ConfigOption, records: RecordsOption) -> None:
    store = _open(config, records)
    try:
        store.people.set_disabled(name, disabled)
        state = "disabled" if disabled else "open"
        store.custody.note(_me(), "user_changed", why=f"{name} {state}")
    finally:
        store.close()
    typer.echo(f"{name} is {state}")


def _tell(name: str, password: str) -> None:
    typer.echo(f"{name}: one-time password {password}", err=True)
    typer.echo("it is shown only now; the first sign-in asks for one of their own", err=True)


def _open(config: ConfigOption, records: RecordsOption) -> Records:
    """The store, made if there is none yet: accounts may come before calls."""
    from voicebot.records import Records
    from voicebot.settings import load_settings

    return Records.open(records or load_settings(config).records)


def _me() -> str:
    try:
        return f"{getpass.getuser()} (shell)"
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()} (shell)"
