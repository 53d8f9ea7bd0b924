"""Bring a human to a caller: the story first, then the seat that fits, in turn, however long.

Whose turn, which seat, how long: roster and queue decide that; here is the waiting and the ringing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from telephony import Call, Endpoint, TransferOutcome
from voicebot.handoff.office_hours import OfficeHours
from voicebot.handoff.outcomes import (
    Delivered,
    HandoffEnd,
    HandoffEvent,
    NobodyThere,
    OnEvent,
    Outcome,
    Overflowed,
    Request,
    Ringing,
    Store,
    Waits,
)
from voicebot.handoff.package import SummaryPackage
from voicebot.handoff.queue import URGENT, Queue
from voicebot.handoff.roster import Roster, SeatView
from voicebot.handoff.transfer import Attempt, Target, ring
from voicebot.settings import HandoffSettings, OverflowSettings

STORE_TIMEOUT_S = 1.0
FEWEST_S_BETWEEN = 10.0
"""A caller who moves up is told so, but not oftener than this."""
_log = structlog.get_logger("voicebot.handoff")


class Distributor:
    """Gives callers to the seats of one bot. Used from one event loop.

    Args:
        settings: mode, waiting, overflow.
        roster: the seats.
        queue: of those who wait for them.
        hours: when they are there.
    """

    def __init__(
        self, settings: HandoffSettings, roster: Roster, queue: Queue, hours: OfficeHours
    ) -> None:
        self.settings = settings
        self.roster = roster
        self.queue = queue
        self.hours = hours
        # Awaited with the seat and the call before its telephone rings (a console that shows the
        # story first); must end by itself within a moment.
        self.before_ring: Callable[[str, str], Awaitable[object]] | None = None

    async def hand_off(
        self,
        caller: Call,
        endpoint: Endpoint,
        request: Request,
        package: SummaryPackage,
        on_event: OnEvent = lambda _event: None,
        *,
        store: Store | None = None,
        call_back: asyncio.Event | None = None,
    ) -> HandoffEnd:
        """Bring a human to `caller`.

        First `store` is awaited with the summary; if that fails or takes longer than
        `STORE_TIMEOUT_S` the call goes on all the same. Then seats are rung, and waited for, until
        one accepts (it is talking until `finished` is called), none is left, the wait is over,
        `call_back` is set (the caller prefers that), or the caller hangs up. Never raises for what
        the line or a seat does.
        """
        run = _HandOff(self, caller, endpoint, request, package, on_event, call_back)
        return await run.to_its_end(store)

    def finished(self, seat: str, call_id: str) -> None:
        """The talk with this seat is over."""
        self.roster.finished(seat, call_id)


class _HandOff:
    """One caller's way to a seat."""

    def __init__(
        self,
        desk: Distributor,
        caller: Call,
        endpoint: Endpoint,
        request: Request,
        package: SummaryPackage,
        on_event: OnEvent,
        call_back: asyncio.Event | None,
    ) -> None:
        self._settings = desk.settings
        self._roster, self._queue, self._hours = desk.roster, desk.queue, desk.hours
        self._before_ring = desk.before_ring
        self._caller = caller
        self._endpoint = endpoint
        self._call_id = request.call_id
        self._request = request
        self._package = package
        self._observer = on_event
        self._call_back = call_back or asyncio.Event()
        self._attempts: list[Attempt] = []
        self._rules = sorted(desk.settings.overflow, key=lambda rule: rule.after_s)
        self._changed = asyncio.Event()
        self._began = self._roster.now()
        self._told_s: float | None = None
        self._told_position = 0
        self._stored = False

    async def to_its_end(self, store: Store | None) -> HandoffEnd:
        """Keep and tell the story, then queue and ring until there is an end."""
        self._stored = await _stored(store, self._package)
        self._tell(Delivered(self._package, self._stored))
        if self._caller.ended is not None:
            return self._gone()
        urgent = self._request.reason in URGENT
        if not (urgent or self._hours.open_at(self._roster.now())):
            return self._end(NobodyThere.CLOSED, "outside office hours")
        want = self._request.want
        only_skilled = want.only_skilled or self._settings.only_skilled
        self._queue.join(
            self._call_id, replace(want, only_skilled=only_skilled), self._request.reason
        )
        stop = [
            self._roster.watch(lambda _seat: self._changed.set()),
            self._queue.watch(self._changed.set),
        ]
        try:
            return await self._until_served()
        finally:
            for each in stop:
                each()
            self._queue.leave(self._call_id)

    async def _until_served(self) -> HandoffEnd:
        while self._caller.ended is None:
            self._changed.clear()
            if self._call_back.is_set():
                return self._end(NobodyThere.CALL_BACK, "asked for by the caller")
            end: HandoffEnd | None
            if (seat := self._queue.offer(self._call_id)) is not None:
                end = await self._ring_seat(seat)
            elif (rule := self._due_rule()) is not None:
                self._rules.remove(rule)
                end = await self._overflow(rule)
            elif (end := self._given_up()) is None:
                self._tell_wait()
                await self._wait()
            if end is not None:
                return end
        return self._gone()

    # --- ringing ----------------------------------------------------------------------------
    async def _ring_seat(self, seat: SeatView) -> HandoffEnd | None:
        self._queue.ringing(self._call_id, on=True)
        self._roster.rings(seat.name, self._call_id)
        accepted = away = False
        try:
            attempt, leg = await self._ring(Target(seat.name, seat.uri))
            accepted = attempt.outcome is TransferOutcome.ACCEPTED
            no_answer = attempt.outcome is TransferOutcome.NO_ANSWER
            away = no_answer and self._settings.away_after_no_answer
        finally:
            if accepted:
                self._roster.talks(seat.name, self._call_id)
            else:
                self._roster.passed(seat.name, self._call_id, away=away)
        if accepted and leg is None:  # the PBX has both, and will not say when they are done
            self._roster.finished(seat.name, self._call_id)
        if attempt.outcome in (TransferOutcome.ACCEPTED, TransferOutcome.CALLER_GONE):
            return self._end(attempt.outcome, attempt.reason, attempt.seat, leg)
        self._queue.passed(self._call_id, seat.name, self._again_at(attempt.outcome))
        self._queue.ringing(self._call_id, on=False)
        return None

    async def _ring(self, target: Target) -> tuple[Attempt, Call | None]:
        self._tell(Ringing(target.name, target.uri))
        if self._before_ring is not None:
            await self._before_ring(target.name, self._call_id)
        attempt, leg = await ring(
            self._caller, self._endpoint, target, self._package, self._settings
        )
        self._attempts.append(attempt)
        self._tell(attempt)
        return attempt, leg

    def _again_at(self, outcome: TransferOutcome) -> datetime | None:
        """When the seat may be rung for this caller again; None: not any more."""
        if outcome is TransferOutcome.BUSY and self._settings.max_wait_s:
            return self._roster.now() + timedelta(seconds=self._settings.retry_busy_s)
        return None

    # --- overflow ---------------------------------------------------------------------------
    def _due_rule(self) -> OverflowSettings | None:
        """The next rule whose time has come; the next of all where there is nobody to wait for."""
        if not self._rules:
            return None
        rule = self._rules[0]
        alone = not self._queue.worth_waiting(self._call_id)
        return rule if alone or self._waited_s() >= rule.after_s else None

    async def _overflow(self, rule: OverflowSettings) -> HandoffEnd | None:
        self._tell(Overflowed(rule.to, rule.group or rule.uri, self._waited_s()))
        if rule.to == "group":
            self._queue.widen(self._call_id, rule.group)
            return None
        if rule.to == "call_back":
            return self._end(NobodyThere.WAITED_OUT, f"overflow after {rule.after_s:g} s")
        self._queue.ringing(self._call_id, on=True)
        attempt, leg = await self._ring(Target(rule.uri, rule.uri))
        if attempt.outcome in (TransferOutcome.ACCEPTED, TransferOutcome.CALLER_GONE):
            return self._end(attempt.outcome, attempt.reason, attempt.seat, leg)
        self._queue.ringing(self._call_id, on=False)
        return None

    # --- waiting ----------------------------------------------------------------------------
    def _given_up(self) -> HandoffEnd | None:
        """The end where there is nobody to wait for, or no more time."""
        last = self._attempts[-1] if self._attempts else None
        if not self._queue.worth_waiting(self._call_id):
            if last is not None:
                return self._end(last.outcome, last.reason, last.seat)
            away = "every seat that may take it is away" if self._roster.seats() else ""
            return self._end(NobodyThere.NO_SEAT, away or "no seat is set; add [[handoff.seats]]")
        if last is not None and not self._settings.max_wait_s:
            return self._end(last.outcome, last.reason, last.seat)
        waiting = self._queue.of(self._call_id)
        if self._told_s is None and waiting and waiting.position > self._settings.max_waiting:
            return self._end(NobodyThere.QUEUE_FULL, f"{waiting.position - 1} wait already")
        if self._waited_s() >= self._settings.max_wait_s:
            return self._end(NobodyThere.WAITED_OUT, f"waited {self._waited_s():.0f} s")
        return None

    def _tell_wait(self) -> None:
        """Tell how it stands: at first, at intervals, and (not too often) at each step forward."""
        waiting = self._queue.of(self._call_id)
        if waiting is None:
            return
        now_s = self._waited_s()
        if self._told_s is not None:
            since_s = now_s - self._told_s
            moved = waiting.position < self._told_position and since_s >= FEWEST_S_BETWEEN
            if not moved and since_s < self._settings.announce_every_s:
                return
        self._told_s, self._told_position = now_s, waiting.position
        self._tell(Waits(waiting.position, waiting.expected_wait_s, now_s))

    async def _wait(self) -> None:
        """Until something has changed, or it is time for something."""
        waited_s = self._waited_s()
        times = [self._settings.max_wait_s - waited_s]
        times += [rule.after_s - waited_s for rule in self._rules[:1]]
        if self._told_s is not None:
            times.append(self._told_s + self._settings.announce_every_s - waited_s)
            behind = self._told_s + FEWEST_S_BETWEEN - waited_s
            times += [behind] if behind > 0 else []
        if (change_s := self._queue.next_change_s(self._call_id)) is not None:
            times.append(change_s)
        events = (self._changed.wait(), self._call_back.wait(), self._caller.wait_ended())
        tasks = [asyncio.ensure_future(each) for each in events]
        try:
            # Not 0: the clock of the seats and that of the loop may differ by a little.
            await asyncio.wait(
                tasks, timeout=max(0.02, min(times)), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _waited_s(self) -> float:
        return (self._roster.now() - self._began).total_seconds()

    # --- telling ----------------------------------------------------------------------------
    def _tell(self, event: HandoffEvent) -> None:
        try:
            self._observer(event)
        except Exception:  # a page that is closed, a full disk: the caller gets their human
            _log.exception("hand-off event not told", call=self._call_id)

    def _gone(self) -> HandoffEnd:
        ended = self._caller.ended
        return self._end(TransferOutcome.CALLER_GONE, ended.reason if ended else "")

    def _end(
        self, outcome: Outcome, reason: str, seat: str = "", leg: Call | None = None
    ) -> HandoffEnd:
        attempts = tuple(self._attempts)
        return HandoffEnd(outcome, seat, leg, attempts, self._stored, reason, self._waited_s())


async def _stored(store: Store | None, package: SummaryPackage) -> bool:
    if store is None:
        return False
    try:
        return await asyncio.wait_for(store(package), STORE_TIMEOUT_S)
    except Exception as error:  # whatever the store does, the caller gets their human
        _log.error("summary_not_stored", id=package.id, error=f"{type(error).__name__}: {error}")
        return False
