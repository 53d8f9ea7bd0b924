"""``voicebot replay pull``: kept calls into a bank, masked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records


def pull(
    bank: Annotated[Path, typer.Argument(help="the bank's folder; made if missing")],
    calls: Annotated[str, typer.Option(help="ids, or their first characters, with commas")],
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="the caller's own voice, cut turn by turn")
    ] = True,
    config: ConfigOption = None,
    records: RecordsOption = None,
) -> None:
    """Write kept calls into a bank: masked texts, what the bot did as what is expected.

    A turn in which something was masked (a telephone or serial number) is said by a voice instead.
    """
    from voicebot.replay.pull import pull_call
    from voicebot.replay.script import BankError

    wanted = [each.strip() for each in calls.split(",") if each.strip()]
    if not wanted:
        raise BankError("--calls: ids of calls are expected; `voicebot calls list` tells them")
    store = open_records(config, records)
    try:
        for each in wanted:
            view = store.get_call(each)
            kept = Path(view.call.recording) if view.call.recording else None
            usable = audio and kept is not None and kept.is_file()
            path = pull_call(view, kept if usable else None, bank)
            typer.echo(f"{path}{'' if usable else '  (no recording: texts only)'}")
    finally:
        store.close()
