"""What the pages are made from."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from voicebot.console.live import LiveCalls
from voicebot.console.ports import Adviser, Controls
from voicebot.console.screens import Screens
from voicebot.console.workers import Workers, for_checks, for_pages
from voicebot.errors import RecordsError
from voicebot.handoff.queue import Queue
from voicebot.handoff.roster import Roster, SeatView
from voicebot.records.forms import StoredForm
from voicebot.records.store import Records
from voicebot.records.views import CallRow, CallView
from voicebot.settings import Settings
from voicebot.workshop.editing import PackEditor
from voicebot.wrapup.form import build_form
from voicebot.wrapup.labels import LabelTree

LATEST = 30
SETTLE_TRIES = 15
SETTLE_S = 0.2
_MOST_REMEMBERED = 500

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Remembered:
    """What each session last asked for (a search), so that it need not stand in an address."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()

    def put(self, token: str, what: str, values: dict[str, str]) -> None:
        """Remember; the oldest is forgotten when there are too many."""
        self._kept[token, what] = values
        self._kept.move_to_end((token, what))
        while len(self._kept) > _MOST_REMEMBERED:
            self._kept.popitem(last=False)

    def get(self, token: str, what: str) -> dict[str, str]:
        """What was remembered; empty if nothing was."""
        return self._kept.get((token, what), {})


class Settling:
    """The wait for one call's end to be kept, shared by all pages that wait for it."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()  # who has it asks; when they leave, the next one goes on
        self.tries_left = SETTLE_TRIES
        self.waiting = 0


@dataclass(frozen=True)
class House:
    """The calls in memory, the calls that were kept, and the parts of the bot that are steered.

    What is None is not there (a test, a bot without seats), and its pages say so.
    """

    records: Records
    live: LiveCalls
    settings: Settings
    roster: Roster | None = None
    queue: Queue | None = None
    controls: Controls | None = None
    label_tree: Callable[[], LabelTree] | None = None  # of the pack that is in use then
    adviser: Callable[[], Adviser] | None = None  # makes one for a call
    editor: PackEditor | None = None
    phones: tuple[tuple[str, str], ...] = ()  # (URI, name) that a supervisor may have rung
    solved: Callable[[], tuple[str, ...]] = tuple  # said once a caller says that it works again
    screens: Screens = field(default_factory=Screens)
    remembered: Remembered = field(default_factory=Remembered)
    workers: Workers = field(default_factory=for_pages)
    checks: Workers = field(default_factory=for_checks)
    settling: dict[str, Settling] = field(default_factory=dict)  # by call

    @property
    def labels(self) -> LabelTree | None:
        """The label tree as it is now: a published version may have brought another."""
        return self.label_tree() if self.label_tree else None

    @property
    def solved_texts(self) -> tuple[str, ...]:
        """What the bot says now once a caller says that it works again."""
        return self.solved()

    async def ask(self, read: Callable[..., T], *args: Any, **options: Any) -> T:
        """Read or write the records without holding up calls. Raises RecordsError."""
        return await self.workers(read, *args, **options)

    async def latest(self) -> list[CallRow] | None:
        """The kept calls, newest first, without those in progress here; None: unreadable now."""
        try:
            rows = await self.ask(self.records.list_calls, LATEST)
        except RecordsError as error:  # what happens now must be seen all the same
            log.error("console: records cannot be read", error=str(error))
            return None
        return [row for row in rows if self.live.get(row.id) is None]

    async def kept(self, call_id: str) -> CallView:
        """A call from the records. Raises RecordsError."""
        return await self.ask(self.records.get_call, call_id)

    async def current(self, call_id: str) -> CallView | None:
        """A call in progress, with its summary if a human is being called."""
        view = self.live.get(call_id)
        if view is None or view.handoff is None:
            return view
        told = [event.data for event in view.events if event.kind == "summary_delivered"]
        if told and told[-1].get("summary"):  # no need to read what was just told
            return replace(view, summary=told[-1]["summary"])
        try:
            return replace(view, summary=(await self.kept(call_id)).summary)
        except RecordsError as error:
            log.warning("console: no summary shown", call=call_id, error=str(error))
            return view

    async def call(self, call_id: str) -> CallView:
        """A call, in progress or kept. Raises RecordsError."""
        return await self.current(call_id) or await self.kept(call_id)

    async def settled(self, call_id: str) -> None:
        """Wait a little until the records know that a call has ended; one asks for all."""
        shared = self.settling.setdefault(call_id, Settling())
        shared.waiting += 1
        try:
            async with shared.turn:
                await self._settle(call_id, shared)
        finally:
            shared.waiting -= 1
            if not shared.waiting:
                self.settling.pop(call_id, None)

    async def _settle(self, call_id: str, shared: Settling) -> None:
        while shared.tries_left:
            shared.tries_left -= 1
            try:
                if await self.ask(self.records.has_ended, call_id):
                    shared.tries_left = 0
                    return
            except RecordsError:
                pass
            await asyncio.sleep(SETTLE_S)

    def seat(self, name: str) -> SeatView | None:
        """What a seat is doing; None if there is none of this name."""
        seats = self.roster.seats() if self.roster and name else ()
        return next((each for each in seats if each.name == name), None)

    async def form(self, call_id: str) -> StoredForm | None:
        """The wrap-up form of a kept call, drafted now if it was not yet; None without labels."""
        stored = await self.ask(self.records.forms.get, call_id)
        if stored is not None or (labels := self.labels) is None:
            return stored
        view = await self.kept(call_id)
        if view.call.ended_at is None:
            return None
        drafted = await self.ask(build_form, view, labels)
        await self.ask(self.records.forms.save_draft, call_id, drafted)
        return await self.ask(self.records.forms.get, call_id)
