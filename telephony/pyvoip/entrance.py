"""The way in: door and admission in front of the desk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from telephony.admission import Admission
from telephony.config import LineConfig
from telephony.door import Door, Guest
from telephony.pyvoip.message import Message
from telephony.sip_request import RawRequest, Reply

SWEEP_S = 0.5


class Entrance:
    """`judge` is for the client's thread, the rest for the event loop's."""

    def __init__(
        self, config: LineConfig, admission: Admission, is_call: Callable[[str], bool]
    ) -> None:
        self._admission = admission
        self._door = Door(config, admission, is_call)
        self._freed = asyncio.Event()
        self._ticked_s = self._swept_s = time.monotonic()

    def judge(self, request: Message) -> bool | Reply:
        """True lets it through, False drops it without a word, a `Reply` answers it."""
        sizes = [len(name) + len(value.encode()) for name, value in request.values]
        raw = RawRequest(
            request.method,
            request.uri,
            *request.source,
            headers=request.values,
            size=sum(sizes),
            longest=max(len(value.encode()) for _, value in request.values),
        )
        return self._door.judge(raw, time.monotonic())

    def guest(self, call_id: str) -> Guest | None:
        """What the door knows of a call that rings; None if it was not let in."""
        return self._door.guest(call_id)

    def left(self, call_id: str) -> None:
        """A call of either direction has ended. Idempotent."""
        self._door.ended(call_id, time.monotonic())
        self._freed.set()

    def tick(self, period_s: float) -> None:
        """To be called every `period_s`: how late it is, is how late the event loop runs."""
        now_s = time.monotonic()
        self._admission.observe_lag((now_s - self._ticked_s - period_s) * 1000)
        self._ticked_s = now_s
        if now_s - self._swept_s > SWEEP_S:
            self._swept_s = now_s
            self._door.sweep(now_s)
            self._freed.set()

    async def empty(self) -> None:
        """Wait until every call that was let in has ended."""
        while self._admission.in_calls:
            self._freed.clear()
            await self._freed.wait()

    def close(self) -> None:
        """Every call has ended."""
        self._door.close()
        self._freed.set()
