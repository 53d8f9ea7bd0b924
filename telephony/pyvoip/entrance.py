"""The way in: door and admission in front of the desk."""

from __future__ import annotations

import time

from telephony.door import Guest
from telephony.doorkeeper import Doorkeeper
from telephony.pyvoip.message import Message
from telephony.sip_request import RawRequest, Reply


class Entrance(Doorkeeper):
    """`judge` is for the client's thread, the rest for the event loop's."""

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
