"""The assistants of the calls that seats talk in: each hears its call's turns once, in order."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from voicebot.assist.assistant import HeardTurn, Suggestion
from voicebot.console.ports import Adviser
from voicebot.console.workers import Workers
from voicebot.records.store import Records
from voicebot.records.suggestions import SHOWN, StoredSuggestion
from voicebot.records.views import CallView

_MOST_CALLS = 200
log = structlog.get_logger(__name__)


@dataclass
class _Call:
    adviser: Adviser
    heard: int = 0  # turns
    unstored: list[Suggestion] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Advice:
    """What to show to the seats. `make` gives an assistant for a call; `ask` runs what takes
    long."""

    def __init__(self, records: Records, make: Callable[[], Adviser] | None, ask: Workers) -> None:
        self._records = records
        self._ask = ask
        self._make = make
        self._calls: OrderedDict[str, _Call] = OrderedDict()

    async def of(self, view: CallView) -> Sequence[StoredSuggestion]:
        """What was suggested in this call so far; hears what is new. Never raises for it."""
        if self._make is None:
            return ()
        try:
            call = self._calls.get(view.call.id) or await self._begin(view.call.id, self._make)
            async with call.turn:
                await self._ask(self._hear, call, view)
                return await self._ask(self._records.suggestions.of_call, view.call.id)
        except Exception as error:  # whatever it is, the talk goes on without
            log.error("console: no suggestions", call=view.call.id, exc_info=error)
            return ()

    async def _begin(self, call_id: str, make: Callable[[], Adviser]) -> _Call:
        made = _Call(await self._ask(make))  # the first takes a second
        call = self._calls.setdefault(call_id, made)  # another page may have been quicker
        while len(self._calls) > _MOST_CALLS:
            self._calls.popitem(last=False)
        return call

    async def judge(self, call_id: str, suggestion_id: str, verdict: str) -> bool:
        """What the seat did with one; False if there is no such suggestion. Raises RecordsError."""
        stored = await self._ask(self._records.suggestions.of_call, call_id)
        found = next((each for each in stored if each.id == suggestion_id), None)
        if found is not None:
            await self._ask(self._records.suggestions.record, call_id, found, verdict)
        return found is not None

    def _hear(self, call: _Call, view: CallView) -> None:
        turns = heard_turns(view)
        if not call.heard and turns:
            call.unstored += call.adviser.catch_up(turns)
            call.heard = len(turns)
        while call.heard < len(turns):
            call.unstored += call.adviser.hear(turns[call.heard])
            call.heard += 1
        while call.unstored:  # an assistant says a thing once: what was not stored waits here
            self._records.suggestions.record(view.call.id, call.unstored[0], SHOWN)
            del call.unstored[0]


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
