"""The ``voicebot`` command. Each module here adds its commands to the one Typer app.

Heavy imports (models, SIP) happen inside the commands, so that ``voicebot --help`` is quick.
"""

from __future__ import annotations

import importlib
import sys

import typer

from asr_models.errors import AsrError
from telephony.errors import LineError
from voicebot.cli.logs import plain_logs
from voicebot.errors import VoicebotError

app = typer.Typer(
    name="voicebot",
    help="A Mandarin hotline bot: answers, diagnoses, hands over with the story told.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

COMMAND_MODULES: tuple[str, ...] = (
    "demo",
    "serve",
    "replay",
    "transcribe",
    "say",
    "chat",
    "kb",
    "calls",
    "users",
    "drafts",
    "seats",
    "callbacks",
    "webhooks",
    "models",
    "pack",
    "scenes",
)

for _module in COMMAND_MODULES:
    importlib.import_module(f"voicebot.cli.{_module}").register(app)


def main() -> None:
    """Run the command line; an error the user can act upon is one line on stderr, exit status 2."""
    plain_logs()
    try:
        app()
    except (VoicebotError, LineError, AsrError) as error:
        print(f"voicebot: {error}", file=sys.stderr)
        sys.exit(2)
