"""A call's row as people read it: does it go on, was it cut, how long was it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from voicebot.records.views import IN_PROGRESS, INTERRUPTED, CallRow
from voicebot.records.writer import HEARTBEAT_S

DEAD_AFTER_S = 4 * HEARTBEAT_S


def call_row(row: Mapping[str, Any]) -> CallRow:
    """From a row of `CALLS` and, as `last_ms`, the time of its last event, if it has no end."""
    started, ended = _utc(row["started_at"]), row["ended_at"] and _utc(row["ended_at"])
    outcome = row["outcome"]
    if ended is None:
        outcome = IN_PROGRESS if _is_alive(row) else INTERRUPTED
    last_ms = int(row["last_ms"] or 0)
    length_ms = int((ended - started).total_seconds() * 1000) if ended else last_ms
    return CallRow(
        id=row["id"],
        started_at=started,
        ended_at=ended,
        caller=row["caller"],
        callee=row["callee"],
        pack=row["pack"],
        codec=row["codec"],
        outcome=outcome,
        hangup_by=row["hangup_by"],
        recording=row["recording"],
        duration_ms=length_ms,
        quality=row["quality"],
    )


def _is_alive(row: Mapping[str, Any]) -> bool:
    """Whether the process that writes this call still lives.

    On this host its id tells at once; elsewhere, or if the id was given to another program, the
    missing heartbeat tells soon after.
    """
    host, _, pid = str(row["writer"]).rpartition(":")
    if host == socket.gethostname() and not _process_lives(int(pid)):
        return False
    age = datetime.now(UTC) - _utc(row["alive_at"])
    return age < timedelta(seconds=DEAD_AFTER_S)


def _utc(moment: datetime) -> datetime:
    """SQLite forgets the zone; what is stored is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
