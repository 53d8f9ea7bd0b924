"""Who waits for a human, in which order, and for how long. Pure: the time comes from the roster.

Every caller who is to be handed over is in the queue until a seat has taken the call; who is first
and finds a free seat has waited for no time at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from voicebot.handoff.choose import Want, choose, eligible
from voicebot.handoff.estimate import expected_wait_s
from voicebot.handoff.roster import OCCUPIED, Roster, SeatState, SeatView

URGENT = frozenset({"danger"})
"""Reasons of a hand-off that go before all others."""


@dataclass(frozen=True)
class Waiting:
    """A caller who waits: at `position` (from 1) among those who want the same seats.

    `expected_wait_s` is None where too few calls were measured to say.
    """

    call_id: str
    position: int
    since: datetime
    reason: str
    expected_wait_s: float | None


@dataclass
class _Place:
    call_id: str
    want: Want
    reason: str
    since: datetime
    ringing: bool = False
    passed: dict[str, datetime | None] = field(default_factory=dict)
    """Seats that did not take this call: not before then, None: not again."""

    @property
    def order(self) -> tuple[bool, datetime]:
        return (self.reason not in URGENT, self.since)


class Queue:
    """The callers who wait for the seats of `roster`. Used from one event loop."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._places: list[_Place] = []
        self._watchers: list[Callable[[], None]] = []

    # --- coming and going -------------------------------------------------------------------
    def join(self, call_id: str, want: Want, reason: str = "") -> None:
        """At the end of the queue, or behind the urgent ones; who is in it already stays."""
        if self._find(call_id) is not None:
            return
        self._places.append(_Place(call_id, want, reason, self._roster.now()))
        self._places.sort(key=lambda place: place.order)
        self._tell()

    def leave(self, call_id: str) -> None:
        """Served, gone, or sent on. Idempotent."""
        before = len(self._places)
        self._places = [place for place in self._places if place.call_id != call_id]
        if len(self._places) < before:
            self._tell()

    def widen(self, call_id: str, group: str) -> None:
        """Seats of another group will do as well from now on."""
        if (place := self._find(call_id)) is not None:
            place.want = replace(place.want, groups=(*place.want.groups, group))
            self._tell()

    # --- seats ------------------------------------------------------------------------------
    def offer(self, call_id: str) -> SeatView | None:
        """The seat that may be rung for this caller now: none that one before them gets."""
        seats = list(self._roster.seats())
        for place in self._places:
            if place.ringing:
                continue
            found = choose(seats, place.want, self._not_now(place))
            if place.call_id == call_id:
                return found
            if found is not None:
                seats.remove(found)
        return None

    def ringing(self, call_id: str, *, on: bool) -> None:
        """A seat is rung for this caller; others may be for those behind."""
        place = self._find(call_id)
        if place is not None and place.ringing is not on:
            place.ringing = on
            self._tell()

    def passed(self, call_id: str, seat: str, until: datetime | None = None) -> None:
        """The seat did not take this call: it is not rung for it again before `until`, or ever."""
        if (place := self._find(call_id)) is not None:
            place.passed[seat] = until

    def worth_waiting(self, call_id: str) -> bool:
        """Whether a seat may become free for this caller: somebody is there who has not passed."""
        place = self._find(call_id)
        if place is None:
            return False
        return any(
            seat.state is not SeatState.AWAY and place.passed.get(seat.name, seat.since) is not None
            for seat in eligible(self._roster.seats(), place.want)
        )

    def next_change_s(self, call_id: str) -> float | None:
        """How long until time alone may free a seat: a wrap-up's end, a busy one's next chance."""
        place = self._find(call_id)
        now = self._roster.now()
        times = [] if place is None else [at for at in place.passed.values() if at and at > now]
        left = [(at - now).total_seconds() for at in times]
        ready_s = self._roster.next_ready_s()
        return min([*left, *([ready_s] if ready_s is not None else [])], default=None)

    # --- how it stands ----------------------------------------------------------------------
    def __len__(self) -> int:
        """How many wait, those whose seat rings not counted."""
        return sum(not place.ringing for place in self._places)

    def waiting(self) -> tuple[Waiting, ...]:
        """All who wait, in the order in which they are served."""
        seats = self._roster.seats()
        return tuple(self._view(place, seats) for place in self._places if not place.ringing)

    def of(self, call_id: str) -> Waiting | None:
        """One of them; None if that call does not wait."""
        return next((each for each in self.waiting() if each.call_id == call_id), None)

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell `callback` whenever somebody comes, goes or is rung for."""
        self._watchers.append(callback)

        def cancel() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return cancel

    # --- how --------------------------------------------------------------------------------
    def _find(self, call_id: str) -> _Place | None:
        return next((place for place in self._places if place.call_id == call_id), None)

    def _not_now(self, place: _Place) -> set[str]:
        now = self._roster.now()
        return {seat for seat, until in place.passed.items() if until is None or until > now}

    def _view(self, place: _Place, seats: Sequence[SeatView]) -> Waiting:
        mine = {seat.name for seat in eligible(seats, place.want)}
        ahead = 0
        for other in self._places:
            if other is place:
                break
            if not other.ringing and mine & {s.name for s in eligible(seats, other.want)}:
                ahead += 1
        serving = [seat for seat in seats if seat.name in mine and seat.state is not SeatState.AWAY]
        measured = self._roster.handling_s(seat.name for seat in serving)
        talking = any(seat.state in OCCUPIED or seat.state is SeatState.WRAP_UP for seat in serving)
        wait_s = expected_wait_s(ahead + 1, len(serving), measured) if talking else None
        return Waiting(place.call_id, ahead + 1, place.since, place.reason, wait_s)

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()
