"""How the program logs what goes wrong while it runs."""

from __future__ import annotations

import os
import sys

import structlog


def plain_logs() -> None:
    """Failures with plain tracebacks.

    The default of structlog draws every local variable of every frame: seconds of work on the
    event loop, in which all calls of the process are silent.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=_on_a_terminal(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )


def _on_a_terminal() -> bool:
    """Whether colours are of use: a log file is not to be full of their codes."""
    return not os.environ.get("NO_COLOR") and sys.stdout is not None and sys.stdout.isatty()
