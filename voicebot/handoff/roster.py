"""Who sits there, and what each of them is doing now.

Pure but for its watchers: the clock and what keeps the changes are handed in.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from voicebot.errors import SeatError
from voicebot.records.seat_log import SeatChange
from voicebot.settings import SeatSettings

HANDLED_KEPT = 50
"""Handling times remembered of each seat: long ago, calls were others."""
BOT, LIMIT = "bot", "limit"
Clock = Callable[[], datetime]
log = structlog.get_logger("voicebot.handoff")


class SeatState(enum.StrEnum):
    """What a seat is doing."""

    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    AWAY = "away"


OCCUPIED = (SeatState.RINGING, SeatState.TALKING)
SETTABLE = (SeatState.READY, SeatState.WRAP_UP, SeatState.AWAY)
"""What a person may set; the others follow from calls."""


@dataclass(frozen=True)
class SeatView:
    """A seat as of now: its `state` since `since` (UTC), for `call_id` if one is rung or talked to.

    `then` is the state that it wished for while it talks: it goes there after the talk.
    """

    name: str
    uri: str
    skills: tuple[str, ...]
    product_lines: tuple[str, ...]
    state: SeatState
    since: datetime
    call_id: str = ""
    then: SeatState | None = None


Watcher = Callable[[SeatView], None]


def utc_now() -> datetime:
    """The clock of a running bot."""
    return datetime.now(UTC)


class Roster:
    """The seats of the settings. Used from one event loop.

    Args:
        seats: who there is.
        wrap_up_s: the time after a talk before the next call.
        start_away: whether a seat that was never heard of is away.
        clock: the time, UTC.
        keep: told each change, to store it.
    """

    def __init__(
        self,
        seats: Sequence[SeatSettings],
        *,
        wrap_up_s: float = 0.0,
        start_away: bool = False,
        clock: Clock = utc_now,
        keep: Callable[[SeatChange], None] = lambda change: None,
    ) -> None:
        first = SeatState.AWAY if start_away else SeatState.READY
        self._clock = clock
        self._keep = keep
        self._wrap_up = timedelta(seconds=wrap_up_s)
        now = clock()
        self._seats = {
            seat.name: SeatView(seat.name, seat.uri, seat.skills, seat.product_lines, first, now)
            for seat in seats
        }
        self._talk_began: dict[str, datetime] = {}
        self._handled: dict[str, deque[float]] = {
            seat.name: deque(maxlen=HANDLED_KEPT) for seat in seats
        }
        self._watchers: list[Watcher] = []

    # --- looking ----------------------------------------------------------------------------
    def now(self) -> datetime:
        """The clock's time."""
        return self._clock()

    def seats(self) -> tuple[SeatView, ...]:
        """All seats, in the settings' order; a wrap-up over its limit has ended."""
        self.tend()
        return tuple(self._seats.values())

    def seat(self, name: str) -> SeatView:
        """One seat. Raises SeatError."""
        self.tend()
        return self._found(name)

    def handling_s(self, names: Iterable[str]) -> tuple[float, ...]:
        """How long these seats' last calls took, from the talk's begin to ready again."""
        return tuple(each for name in names for each in self._handled.get(name, ()))

    def next_ready_s(self) -> float | None:
        """How long until a wrap-up is over; None if none runs."""
        ends = [self._ends(seat) for seat in self._seats.values()]
        left = [(end - self._clock()).total_seconds() for end in ends if end is not None]
        return max(0.0, min(left)) if left else None

    def watch(self, callback: Watcher) -> Callable[[], None]:
        """Tell `callback` each seat that has changed; the returned function ends that."""
        self._watchers.append(callback)

        def cancel() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return cancel

    # --- what people set --------------------------------------------------------------------
    def set_state(self, name: str, state: SeatState | str, by: str) -> SeatView:
        """A person's wish: ready, wrap-up or away. In a call it comes true after the call.

        Raises SeatError for a seat that there is not, and for a state that only calls make.
        """
        seat = self.seat(name)
        wanted = settable(state)
        if seat.state in OCCUPIED:
            return self._change(replace(seat, then=wanted), by)
        return self._change(self._in_state(seat, wanted), by)

    # --- what calls do ----------------------------------------------------------------------
    def rings(self, name: str, call_id: str) -> None:
        """Its telephone rings for a call."""
        self._occupy(name, SeatState.RINGING, call_id)

    def talks(self, name: str, call_id: str) -> None:
        """It has taken the call."""
        self._occupy(name, SeatState.TALKING, call_id)
        self._talk_began[name] = self._clock()

    def passed(self, name: str, call_id: str, *, away: bool = False) -> None:
        """It has not taken the call; `away`: nobody seems to sit there."""
        seat = self._seats.get(name)
        if seat is None or seat.state is not SeatState.RINGING or seat.call_id != call_id:
            return
        after = seat.then or (SeatState.AWAY if away else SeatState.READY)
        self._change(self._in_state(seat, after), BOT)

    def finished(self, name: str, call_id: str) -> None:
        """The talk is over: wrap-up, or what the seat had wished for."""
        seat = self._seats.get(name)
        if seat is None or seat.state is not SeatState.TALKING or seat.call_id != call_id:
            return
        after = seat.then or (SeatState.WRAP_UP if self._wrap_up else SeatState.READY)
        self._change(self._in_state(seat, after, call_id), BOT)

    # --- time and other processes -----------------------------------------------------------
    def tend(self) -> None:
        """End the wrap-ups that have lasted long enough."""
        now = self._clock()
        for seat in tuple(self._seats.values()):
            end = self._ends(seat)
            if end is not None and end <= now:
                self._change(self._in_state(seat, SeatState.READY), LIMIT, at=end)

    def adopt(self, change: SeatChange) -> None:
        """Another process has written this: a person's wish, or another bot's call.

        Nothing older than what is known here, and no wish against a call of ours.
        """
        seat = self._seats.get(change.seat)
        if seat is None or change.at <= seat.since:
            return
        if seat.state in OCCUPIED:
            if change.state in SETTABLE and seat.then != change.state:
                self._tell(replace(seat, then=SeatState(change.state)))
            return
        self._tell(_restored(seat, change))

    def restore(
        self, history: Iterable[SeatChange], alive: Callable[[str], bool] = lambda writer: False
    ) -> None:
        """Take up where the last run stopped; `history` oldest first.

        A call that a dead process had is over: its seat is in wrap-up from now on, one that only
        rang is ready again. `alive` says whether the process of that name still runs.
        """
        last: dict[str, SeatChange] = {}
        for change in history:
            self._learn(change.seat, change.state, change.at)
            last[change.seat] = change
        for name, change in last.items():
            if name not in self._seats:
                continue
            seat = _restored(self._seats[name], change)
            self._seats[name] = seat
            if seat.state in OCCUPIED and not alive(change.writer):
                lost = SeatState.WRAP_UP if seat.state is SeatState.TALKING else SeatState.READY
                wrap_up = lost is SeatState.READY or self._wrap_up
                after = seat.then or (lost if wrap_up else SeatState.READY)
                self._talk_began.pop(name, None)  # nobody knows when it ended
                self._change(self._in_state(seat, after, seat.call_id), BOT)
        self.tend()

    # --- how --------------------------------------------------------------------------------
    def _found(self, name: str) -> SeatView:
        seat = self._seats.get(name)
        if seat is None:
            known = ", ".join(self._seats) or "none; add [[handoff.seats]]"
            raise SeatError(f"seats: there is no seat {name!r}; there are: {known}")
        return seat

    def _occupy(self, name: str, state: SeatState, call_id: str) -> None:
        self.tend()
        seat = self._seats.get(name)
        if seat is not None:
            now = self._clock()
            self._change(replace(seat, state=state, since=now, call_id=call_id), BOT)

    def _in_state(self, seat: SeatView, state: SeatState, call_id: str = "") -> SeatView:
        since = seat.since if state is seat.state else self._clock()
        kept = call_id if state is SeatState.WRAP_UP else ""
        return replace(seat, state=state, since=since, call_id=kept, then=None)

    def _ends(self, seat: SeatView) -> datetime | None:
        return seat.since + self._wrap_up if seat.state is SeatState.WRAP_UP else None

    def _change(self, seat: SeatView, by: str, at: datetime | None = None) -> SeatView:
        if at is not None and self._seats[seat.name].state is not seat.state:
            seat = replace(seat, since=at)
        if self._seats[seat.name] == seat:
            return seat
        self._learn(seat.name, seat.state, seat.since)
        self._keep(
            SeatChange(seat.name, seat.state, self._clock(), by, seat.call_id, seat.then or "")
        )
        self._tell(seat)
        return seat

    def _learn(self, name: str, state: str, at: datetime) -> None:
        """A call was handled from the talk's begin to the seat's being free again."""
        if state == SeatState.TALKING:
            self._talk_began.setdefault(name, at)
        elif state in (SeatState.READY, SeatState.AWAY) and name in self._handled:
            began = self._talk_began.pop(name, None)
            if began is not None and at > began:
                self._handled[name].append((at - began).total_seconds())

    def _tell(self, seat: SeatView) -> None:
        self._seats[seat.name] = seat
        for watcher in tuple(self._watchers):
            try:
                watcher(seat)
            except Exception:  # a page that fails to draw is no reason to lose a seat's state
                log.exception("a watcher of the seats failed", seat=seat.name)


def settable(state: SeatState | str) -> SeatState:
    """A state that a person may set. Raises SeatError."""
    if state not in SETTABLE:
        known = ", ".join(SETTABLE)
        raise SeatError(f"seats: a state of {known} is expected, got {str(state)[:32]!r}")
    return SeatState(state)


def _restored(seat: SeatView, change: SeatChange) -> SeatView:
    try:
        state = SeatState(change.state)
        then = SeatState(change.then) if change.then else None
    except ValueError:  # of a later version
        return seat
    return replace(seat, state=state, since=change.at, call_id=change.call_id, then=then)
