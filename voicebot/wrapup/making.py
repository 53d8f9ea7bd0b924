"""Drafts the form of a call as soon as the call is over and kept."""

from __future__ import annotations

import asyncio

import structlog

from voicebot.records.store import Records
from voicebot.wrapup.form import build_form
from voicebot.wrapup.labels import LabelTree

SETTLE_S = 2.0  # of the three seconds in which a form is promised
_log = structlog.get_logger("voicebot.wrapup")


class FormMaker:
    """Makes and keeps forms; one for all calls.

    A call in which the caller said nothing gets none. What goes wrong is logged: no call ends
    otherwise for its form's sake.
    """

    def __init__(self, records: Records, labels: LabelTree) -> None:
        self._records = records
        self._labels = labels

    async def make(self, call_id: str) -> None:
        """Draft and keep the form of a call that is over; never raises."""
        try:
            if not await self._records.settled(SETTLE_S):
                _log.error("form_late", call=call_id, do="the database was busy; see its log lines")
                await self._records.settled(SETTLE_S)
            await asyncio.to_thread(self.make_now, call_id)
        except Exception as error:  # whatever it is, the call was served
            _log.error("form_not_made", call=call_id, error=f"{type(error).__name__}: {error}")

    def make_now(self, call_id: str) -> None:
        """The same at once, from what is on disk. Raises RecordsError."""
        view = self._records.get_call(call_id)
        if any(turn.who != "bot" and turn.text.strip() for turn in view.turns):
            self._records.forms.save_draft(view.call.id, build_form(view, self._labels))
