"""Sending again until the far end has it (RFC 3261 section 17): pyVoIP sends everything once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from telephony.pyvoip.message import Address, Message

T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 64 * T1_S
_REPLIES_KEPT = 1024


class Again:
    """Calls `send` now, after 0.5 s, 1 s … until `stop`; then, if nothing came, `gave_up`."""

    def __init__(
        self, send: Callable[[], None], *, longest_s: float, gave_up: Callable[[], None]
    ) -> None:
        self._send = send
        self._longest_s = longest_s
        self._gave_up = gave_up
        self._loop = asyncio.get_running_loop()
        self._until_s = self._loop.time() + GIVE_UP_S
        self._wait_s = T1_S
        self._timer = self._loop.call_later(T1_S, self._on_timer)
        send()

    def stop(self) -> None:
        self._timer.cancel()

    def _on_timer(self) -> None:
        if self._loop.time() >= self._until_s:
            self._gave_up()
            return
        self._send()
        self._wait_s = min(self._wait_s * 2, self._longest_s)
        self._timer = self._loop.call_later(self._wait_s, self._on_timer)


class Asked:
    """Requests of ours that wait for an answer, by method and the branch of their Via."""

    def __init__(self, send: Callable[[bytes, Address], None]) -> None:
        self._send = send
        self._waiting: dict[tuple[str, str], tuple[Again, Callable[[Message], None]]] = {}

    def ask(
        self,
        method: str,
        branch: str,
        data: bytes,
        to: Address,
        on_response: Callable[[Message], None],
        *,
        on_silence: Callable[[], None] = lambda: None,
    ) -> None:
        """Send, again and again, until a response comes (RFC 3261 section 17.1)."""

        def gave_up() -> None:
            self.forget(method, branch)
            on_silence()

        longest_s = GIVE_UP_S if method == "INVITE" else T2_S
        again = Again(lambda: self._send(data, to), longest_s=longest_s, gave_up=gave_up)
        self._waiting[method, branch] = (again, on_response)

    def respond(self, response: Message) -> None:
        """A response came: to whoever asked, or to nobody."""
        key = (response.cseq_method, response.branch)
        again, on_response = self._waiting.get(key, (None, None))
        if again is None or on_response is None:
            return
        if response.code >= 200 and response.cseq_method != "INVITE":
            self.forget(*key)
        elif response.code >= 200:  # its answer may come again, and wants its ACK again
            asyncio.get_running_loop().call_later(GIVE_UP_S, self.forget, *key)
        if response.cseq_method == "INVITE":
            again.stop()
        on_response(response)

    def forget(self, method: str, branch: str) -> None:
        """Nothing more is expected for this request."""
        again, _ = self._waiting.pop((method, branch), (None, None))
        if again is not None:
            again.stop()

    async def quiet(self, within_s: float) -> None:
        """Wait until every BYE and CANCEL has been answered, but not longer than this."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        while any(method in ("BYE", "CANCEL") for method, _ in self._waiting):
            if loop.time() >= until_s:
                return
            await asyncio.sleep(0.01)

    def close(self) -> None:
        for method, branch in list(self._waiting):
            self.forget(method, branch)


class Replies:
    """Answers already given, for requests that come again (not INVITE, whose calls keep theirs)."""

    def __init__(self) -> None:
        self._replies: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()

    def known(self, request: Message) -> bytes | None:
        return self._replies.get(_key(request))

    def keep(self, request: Message, reply: bytes) -> bytes:
        self._replies[_key(request)] = reply
        if len(self._replies) > _REPLIES_KEPT:
            self._replies.popitem(last=False)
        return reply


def _key(request: Message) -> tuple[str, str, str]:
    return request.branch, request.method, request.call_id
