"""The assistants of the calls that seats talk in: each hears its call's turns once, in order."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from voicebot.assist.assistant import HeardTurn, Suggestion
from voicebot.console.ports import Adviser
from voicebot.errors import VoicebotError
from voicebot.records.store import Records
from voicebot.records.suggestions import SHOWN, StoredSuggestion
from voicebot.records.views import CallView

_MOST_CALLS = 200
log = structlog.get_logger(__name__)


@dataclass
class _Call:
    adviser: Adviser
    heard: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Advice:
    """What to show to the seats. `make` gives an assistant for a call."""

    def __init__(self, records: Records, make: Callable[[], Adviser] | None) -> None:
        self._records = records
        self._make = make
        self._calls: OrderedDict[str, _Call] = OrderedDict()

    async def of(self, view: CallView) -> Sequence[StoredSuggestion]:
        """What was suggested in this call so far; hears what is new. Never raises for it."""
        if self._make is None:
            return ()
        call = self._calls.get(view.call.id)
        if call is None:
            made = _Call(await asyncio.to_thread(self._make))  # the first takes a second
            call = self._calls.setdefault(view.call.id, made)  # another page may have been quicker
            while len(self._calls) > _MOST_CALLS:
                self._calls.popitem(last=False)
        async with call.turn:
            try:
                await asyncio.to_thread(self._hear, call, view)
                return await asyncio.to_thread(self._records.suggestions.of_call, view.call.id)
            except VoicebotError as error:  # the talk goes on without
                log.error("console: no suggestions", call=view.call.id, error=str(error))
                return ()

    async def judge(self, call_id: str, suggestion_id: str, verdict: str) -> bool:
        """What the seat did with one; False if there is no such suggestion. Raises RecordsError."""
        stored = await asyncio.to_thread(self._records.suggestions.of_call, call_id)
        found = next((each for each in stored if each.id == suggestion_id), None)
        if found is not None:
            await asyncio.to_thread(self._records.suggestions.record, call_id, found, verdict)
        return found is not None

    def _hear(self, call: _Call, view: CallView) -> None:
        turns = heard_turns(view)
        new = turns[call.heard :]
        if not new:
            return
        made: list[Suggestion] = []
        if not call.heard:
            made += call.adviser.catch_up(new)
        else:
            for turn in new:
                made += call.adviser.hear(turn)
        call.heard = len(turns)
        for each in made:
            self._records.suggestions.record(view.call.id, each, SHOWN)


def heard_turns(view: CallView) -> list[HeardTurn]:
    """A call's turns as an assistant hears them."""
    data = {event.seq: event.data for event in view.events}
    return [
        HeardTurn(
            nth,
            turn.who,
            turn.text,
            str(data.get(turn.seq, {}).get("scene") or ""),
            str(data.get(turn.seq, {}).get("slot") or ""),
        )
        for nth, turn in enumerate(view.turns)
    ]
