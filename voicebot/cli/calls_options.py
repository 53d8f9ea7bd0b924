"""Options that the commands of ``voicebot calls`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.records import Records

RecordsOption = Annotated[
    str | None, typer.Option("--records", help="folder of the records, or a database URL")
]
ConfigOption = Annotated[Path | None, typer.Option(help="TOML settings file")]


def open_records(config: Path | None, where: str | None) -> Records:
    """The store that the options name. Raises RecordsError if there is none."""
    from voicebot.records import Records
    from voicebot.settings import load_settings

    return Records.open(where or load_settings(config).records, create=False)
