"""Callers who were on their way to a seat when the bot died: somebody calls them back."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from voicebot.errors import RecordsError
from voicebot.handoff.office_hours import OfficeHours
from voicebot.records import Records
from voicebot.records.views import INTERRUPTED, CallView

REASON = "interrupted"
WITHIN = timedelta(days=1)
_LATEST = 500
log = structlog.get_logger("voicebot.handoff")


def book_interrupted(records: Records, hours: OfficeHours, now: datetime) -> int:
    """Promise a call to each caller whose hand-off had no end when its process died; how many.

    Only those of the last day, and each once. A number that was withheld cannot be rung: its call
    is left as it is. Raises RecordsError.
    """
    opens = hours.next_open(now) or now
    booked = 0
    for row in records.list_calls(_LATEST):
        if row.outcome != INTERRUPTED or row.started_at < now - WITHIN:
            continue
        view = records.get_call(row.id)
        if not _was_on_the_way(view) or records.callbacks.of_call(row.id):
            continue
        try:
            records.callbacks.book_for(row.id, opens, opens + WITHIN, REASON, now)
            booked += 1
        except RecordsError as error:
            log.warning("not_called_back", call=row.id, why=str(error))
    return booked


def _was_on_the_way(view: CallView) -> bool:
    return view.handoff is not None and view.handoff.outcome == INTERRUPTED
