"""How the program logs what goes wrong while it runs."""

from __future__ import annotations

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
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )
