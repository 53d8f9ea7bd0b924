"""The way in: door and admission on the running stack."""

from __future__ import annotations

import asyncio
import time

from baresip import Call as StackCall

from telephony.admission import Admission
from telephony.api import CallInfo
from telephony.baresip.native import NativeStack
from telephony.config import LineConfig
from telephony.door import Door
from telephony.errors import LineError
from telephony.network_text import plain
from telephony.outcomes import user_part

SWEEP_S = 0.5
HEADER_CHARS = 1024


class Entrance:
    """Screens the stack's requests from now on. Raises LineError if the stack does not let it.

    Belongs to the event loop; the door's judgement alone runs on the stack's thread.
    """

    def __init__(self, config: LineConfig, admission: Admission, stack: NativeStack) -> None:
        self._config = config
        self._admission = admission
        self._stack = stack
        self._door = door = Door(config, admission, self._is_call)
        self._freed = asyncio.Event()
        self._ticked_s = self._swept_s = time.monotonic()
        stack.screen(lambda request: door.judge(request, time.monotonic()))

    def welcome(self, native: StackCall) -> tuple[CallInfo, bool]:
        """What is known of a call that rings, and whether it was let in."""
        call_id = native.call_id or ""
        guest = self._door.guest(call_id)
        headers = {
            plain(name.lower(), HEADER_CHARS): plain(value, HEADER_CHARS)
            for name, value in native.headers.items()
        }
        caller, callee = headers.pop("from", native.peer or ""), headers.pop("to", "")
        info = CallInfo(
            call_id=call_id,
            caller=user_part(caller),
            callee=user_part(callee),
            headers=headers,
            codec=self._config.codecs[0] if len(self._config.codecs) == 1 else "",
            trunk=guest.trunk if guest else "",
            overflow=guest is not None and guest.overflow,
        )
        return info, guest is not None

    def _is_call(self, call_id: str) -> bool:
        try:
            return self._stack.has_call(call_id)
        except LineError:
            return True  # the stack is closing, or stuck: no reason to give its place away

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
