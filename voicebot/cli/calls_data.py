"""``voicebot calls purge, forget, reveal, audit, export``: duties towards callers."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records

WhyOption = Annotated[str, typer.Option("--why", help="the reason; it goes into the audit log")]


def register(calls: typer.Typer) -> None:
    """Add the commands to the group ``calls``."""
    for command in (purge, forget, reveal, audit, export):
        calls.command(command.__name__)(command)


def purge(
    config: ConfigOption = None,
    records: RecordsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Delete what is older than records.retention says. A running bot does this once a day."""
    from voicebot.settings import load_settings

    keep = load_settings(config).records.retention
    store = open_records(config, records)
    try:
        gone = store.custody.purge(keep, datetime.now(UTC), dry_run=dry_run)
    finally:
        store.close()
    does = "would lose" if dry_run else "lost"
    typer.echo(
        f"{gone.recordings} calls {does} their recording (after {_days(keep.audio_days)}), "
        f"{gone.texts} their texts (after {_days(keep.texts_days)}), "
        f"{gone.calls} everything (after {_days(keep.calls_days)})"
    )


def forget(
    number: Annotated[str, typer.Argument(help="the caller's number, however it is written")],
    why: WhyOption,
    config: ConfigOption = None,
    records: RecordsOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Delete all calls of one caller: records, texts, recordings, messages not yet sent."""
    store = open_records(config, records)
    try:
        ids = store.custody.calls_of(number)
        elsewhere = store.custody.recordings_elsewhere(ids)
        strange = store.custody.sealed_by_others()
        for _, host, recording in elsewhere:
            typer.echo(f"not within reach, delete it there: {host}: {recording}", err=True)
        if strange:
            typer.echo(
                f"{strange} calls were kept with another key file and cannot be searched; do the "
                "same with that one (records.key_file)",
                err=True,
            )
        if ids and not yes:
            typer.confirm(f"delete {len(ids)} calls for good?", abort=True)
        count = store.custody.forget(number, who=_me(), why=why)
    finally:
        store.close()
    typer.echo(f"{count} calls deleted")


def reveal(
    call_id: Annotated[str, typer.Argument(help="a call's id, or its first characters")],
    why: WhyOption,
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Print the whole number of a call's caller. Who asked, and why, is kept."""
    store = open_records(config, records)
    try:
        whole_id = store.get_call(call_id).call.id
        number = store.custody.reveal(whole_id, who=_me(), why=why)
    finally:
        store.close()
    typer.echo(number)


def audit(
    config: ConfigOption = None,
    records: RecordsOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="how many, newest first")] = 50,
) -> None:
    """List who read numbers and deleted calls, and why."""
    store = open_records(config, records)
    try:
        rows = store.custody.audit(limit)
    finally:
        store.close()
    for row in rows:
        typer.echo(
            f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['who']}  {row['what']}  {row['call_id'][:8]}  "
            f"{row['why']}"
        )
    if not rows:
        typer.echo("nothing")


def export(
    out: Annotated[Path, typer.Argument(help="the file to write, one call a line (JSON)")],
    config: ConfigOption = None,
    records: RecordsOption = None,
    since: Annotated[datetime | None, typer.Option(help="from this day on (UTC)")] = None,
    until: Annotated[datetime | None, typer.Option(help="up to this day, not with it")] = None,
    caller: Annotated[str, typer.Option(help="only of this number")] = "",
) -> None:
    """Write calls as they are kept (masked): turns, events, summary."""
    from rich.progress import track

    from voicebot.errors import RecordsError

    store = open_records(config, records)
    try:
        ids = store.ids_between(_utc(since), _utc(until))
        if caller:
            of_caller = set(store.custody.calls_of(caller))
            ids = tuple(each for each in ids if each in of_caller)
        try:
            with out.open("x", encoding="utf-8") as file:
                for call_id in track(ids, "exporting"):
                    view = store.get_call(call_id).to_dict()
                    file.write(json.dumps(view, ensure_ascii=False, default=str) + "\n")
        except OSError as error:
            raise RecordsError(f"calls: cannot write {out}: {error.strerror}") from None
    finally:
        store.close()
    typer.echo(f"{len(ids)} calls written to {out}")


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"


def _days(days: int) -> str:
    return f"{days} days" if days else "never"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
