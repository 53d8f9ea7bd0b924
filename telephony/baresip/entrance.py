"""The way in: door and admission on the running stack."""

from __future__ import annotations

import time

from baresip import Call as StackCall

from telephony.admission import Admission
from telephony.api import CallInfo
from telephony.baresip.native import NativeStack
from telephony.config import LineConfig
from telephony.doorkeeper import Doorkeeper
from telephony.errors import LineError
from telephony.network_text import plain
from telephony.outcomes import user_part

HEADER_CHARS = 1024


class Entrance(Doorkeeper):
    """Screens the stack's requests from now on. Raises LineError if the stack does not let it.

    Belongs to the event loop; the door's judgement alone runs on the stack's thread.
    """

    def __init__(self, config: LineConfig, admission: Admission, stack: NativeStack) -> None:
        super().__init__(config, admission, self._is_call)
        self._config = config
        self._stack = stack
        door = self._door
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
