"""The calls of this moment, in memory, and the readers who watch them.

Fed by the call sessions, read by the pages. A reader never holds up a call: it has a bounded
list of changes, and one that does not keep up is dropped (a browser then connects again and is
given the whole state). All of this lives on the bot's event loop; it is not thread-safe.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from telephony.admission import Snapshot
from voicebot.records.kinds import HANDOFF_STARTED
from voicebot.records.masking import mask_data, mask_number
from voicebot.records.turn_labels import SPOKEN
from voicebot.records.views import IN_PROGRESS, CallRow, CallView, EventView, build_view
from voicebot.session import events as facts

MAX_READERS = 128
MAX_WAITING = 256  # changes a reader may leave unread
MAX_EVENTS = 2000  # kept of one call; an hour of talk has some hundreds

log = structlog.get_logger(__name__)


class TooManyReadersError(Exception):
    """`MAX_READERS` pages are being updated already."""


@dataclass(frozen=True)
class Change:
    """Something happened in a call."""

    call_id: str
    ended: bool = False


class Reader:
    """One page that is kept up to date; made by `LiveCalls.reader`."""

    def __init__(self, wants: Callable[[str], bool] = lambda call_id: True) -> None:
        self._wants = wants
        self._waiting: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._open = True

    @property
    def open(self) -> bool:
        """False once the reader was too slow or the console is closing."""
        return self._open

    def offer(self, change: Change) -> None:
        """Note a change; closes the reader if it has left too many unread."""
        if not self._open or not self._wants(change.call_id):
            return
        if len(self._waiting) >= MAX_WAITING:
            self.close()
            return
        self._waiting.append(change)
        self._wake.set()

    def close(self) -> None:
        """Wake whoever waits; nothing more will come."""
        self._open = False
        self._waiting.clear()
        self._wake.set()

    async def changes(self, timeout_s: float) -> tuple[Change, ...]:
        """What changed since the last time; waits for it, empty after `timeout_s` or if closed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return ()
        found = tuple(self._waiting)
        self._waiting.clear()
        if self._open:
            self._wake.clear()
        return found


@dataclass
class _Call:
    row: CallRow
    started_s: float
    seen: int = 0
    events: deque[EventView] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    last: EventView | None = None  # that was spoken
    handoff: deque[EventView] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))

    def add(self, event: EventView) -> None:
        """Something happened."""
        self.events.append(event)
        if event.kind in SPOKEN:
            self.last = event
        if event.kind == HANDOFF_STARTED:
            self.handoff.clear()
        if self.handoff or event.kind == HANDOFF_STARTED:
            self.handoff.append(event)

    def view(self) -> CallView:
        """The call so far, as the page of a kept call shows one; the caller is masked."""
        return build_view(self._row(), None, self.events)

    def line(self) -> CallView:
        """Of the call's turns only the last (and those since a hand-off began): for a list of many
        calls, that is shown anew many times a second."""
        events = list(self.handoff)
        if self.last is not None and (not events or self.last.seq < events[0].seq):
            events.insert(0, self.last)
        return build_view(self._row(), None, events)

    def _row(self) -> CallRow:
        return replace(self.row, duration_ms=int((time.monotonic() - self.started_s) * 1000))


class LiveCalls:
    """An observer of all sessions: call it with a call's record id and each of its events.

    `admission` tells the state of what lets calls in.
    """

    def __init__(self, admission: Callable[[], Snapshot] | None = None) -> None:
        self._calls: dict[str, _Call] = {}
        self._readers: set[Reader] = set()
        self._admission = admission
        self.version = 0  # another one after each event

    def load(self) -> Snapshot | None:
        """How full the bot is, and whether one more call would be let in; None if not known."""
        return self._admission() if self._admission else None

    def __call__(self, call_id: str, event: facts.SessionEvent) -> None:
        """Take one event in; never raises, for a call must not suffer from who watches it."""
        try:
            self._take(call_id, event)
        except Exception:
            log.exception("console: an event was not shown", call=call_id)

    def __len__(self) -> int:
        return len(self._calls)

    def calls(self) -> list[CallView]:
        """The calls in progress, the longest first, each with its last turn and its hand-off."""
        return [call.line() for call in self._calls.values()]

    def get(self, call_id: str) -> CallView | None:
        """One call in progress, without its summary (that is in the records)."""
        call = self._calls.get(call_id)
        return call.view() if call else None

    @contextmanager
    def reader(
        self, call_id: str = "", wants: Callable[[str], bool] | None = None
    ) -> Iterator[Reader]:
        """A reader of one call, of those that it `wants`, or of all. Raises TooManyReadersError."""
        if len(self._readers) >= MAX_READERS:
            raise TooManyReadersError
        reader = Reader(wants or (lambda changed: call_id in ("", changed)))
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    @property
    def full(self) -> bool:
        """Whether one more reader would be refused."""
        return len(self._readers) >= MAX_READERS

    def close(self) -> None:
        """Let all readers go."""
        for reader in self._readers:
            reader.close()

    def _take(self, call_id: str, event: facts.SessionEvent) -> None:
        if isinstance(event, facts.CallAnswered):
            self._calls[call_id] = _Call(_row(call_id, event), time.monotonic())
        ended = isinstance(event, facts.CallEnded)
        if ended:
            self._calls.pop(call_id, None)
        elif call := self._calls.get(call_id):
            data = mask_data(dataclasses.asdict(event))
            call.add(EventView(call.seen, event.at_ms, facts.kind_of(event), data))
            call.seen += 1
        self.version += 1
        for reader in self._readers:
            reader.offer(Change(call_id, ended))


def _row(call_id: str, info: facts.CallAnswered) -> CallRow:
    return CallRow(
        id=call_id,
        started_at=datetime.now(UTC),
        ended_at=None,
        caller=mask_number(_printable(info.caller)),
        callee=_printable(info.callee),
        pack=info.pack,
        codec=info.codec,
        outcome=IN_PROGRESS,
        hangup_by="",
        recording="",
        duration_ms=0,
    )


def _printable(header: str) -> str:
    """What a SIP header said, without what could turn the text around it."""
    return "".join(char for char in header if char.isprintable())[:128]
