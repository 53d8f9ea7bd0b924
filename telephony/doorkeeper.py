"""The door and admission as a backend runs them: kept in step with its calls and its clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from telephony.admission import Admission
from telephony.config import LineConfig
from telephony.door import Door

SWEEP_S = 0.5


class Doorkeeper:
    """What both backends' entrances have in common; used from the event loop only.

    `is_call` tells whether the stack has a call with a Call-ID.
    """

    def __init__(
        self, config: LineConfig, admission: Admission, is_call: Callable[[str], bool]
    ) -> None:
        self._admission = admission
        self._door = Door(config, admission, is_call)
        self._freed = asyncio.Event()
        self._ticked_s = self._swept_s = time.monotonic()

    def left(self, call_id: str) -> None:
        """A call of either direction has ended. Idempotent."""
        self._door.ended(call_id, time.monotonic())
        self._freed.set()

    def tick(self, period_s: float) -> None:
        """To be called every `period_s`: how late it is, is how late the event loop runs.

        The caller's own work counts: who cannot keep up is late however punctually he wakes.
        """
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
        """The stack has gone, and with it every call."""
        self._door.close()
        self._freed.set()
