"""Seats' own phones that are rung by name, past the queue: the roster is told all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial

from telephony import Call, DialResult
from voicebot.handoff.roster import OCCUPIED, Roster, SeatState
from voicebot.session.talk import cancel
from voicebot.settings import SeatSettings


class SeatPhones:
    """One call's. While such a phone rings or is in a call, its seat is rung for nobody else.

    Without a roster nothing is told to anybody.
    """

    def __init__(self, call_id: str, seats: Sequence[SeatSettings], roster: Roster | None) -> None:
        self._call_id = call_id
        self._roster = roster
        self._names = {seat.uri: seat.name for seat in seats}
        self._in_call: set[asyncio.Task[object]] = set()

    def occupied(self, uri: str) -> bool:
        """Whether its seat is rung or talks already."""
        name = self._names.get(uri)
        if self._roster is None or name is None:
            return False
        return self._roster.seat(name).state in OCCUPIED

    async def ring(self, uri: str, by: str, dialling: Awaitable[DialResult]) -> DialResult:
        """Dial; a seat that answers is talking until its phone hangs up, or until `close`."""
        roster, name = self._roster, self._names.get(uri)
        if roster is None or name is None:
            return await dialling
        before = roster.seat(name).state
        roster.rings(name, self._call_id)
        if before is not SeatState.READY:  # who was away is away again afterwards
            roster.set_state(name, before, by)
        phone: Call | None = None
        try:
            result = await dialling
            phone = result.call
        finally:
            if phone is None:
                roster.passed(name, self._call_id)
        if phone is not None:
            roster.talks(name, self._call_id)
            task: asyncio.Task[object] = asyncio.create_task(phone.wait_ended())
            self._in_call.add(task)
            task.add_done_callback(partial(self._left, roster, name))
        return result

    def _left(self, roster: Roster, name: str, task: asyncio.Task[object]) -> None:
        self._in_call.discard(task)
        if not task.cancelled():
            task.exception()  # however it ended, it is over
        roster.finished(name, self._call_id)

    async def close(self) -> None:
        """The call is over. Idempotent."""
        await cancel(*self._in_call)
