"""INVITE transactions: one of the far end until its ACK, one of ours until its final answer."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

from telephony.pyvoip.agent import Agent
from telephony.pyvoip.dialog import ALLOW, Dialog
from telephony.pyvoip.media import Media
from telephony.pyvoip.message import Address, Message, respond
from telephony.pyvoip.registrar import Identity
from telephony.pyvoip.sdp import SdpError
from telephony.pyvoip.transactions import T2_S, Again


class TheirInvite:
    """An INVITE or re-INVITE to us: what we said, said again until it is acknowledged."""

    def __init__(self, agent: Agent, request: Message, tag: str) -> None:
        self.request = request
        self._agent = agent
        self._tag = tag
        self._last = b""
        self._again: Again | None = None
        self.final: int | None = None
        self.confirmed = False

    def say(self, code: int, body: str = "") -> None:
        """Answer; a final answer only once."""
        if self.final is not None:
            return
        contact = f"Contact: {self._agent.contact(self.request.source[0])}"
        headers = (contact, ALLOW) if code < 300 else ()
        self._last = respond(self.request, code, tag=self._tag, headers=headers, body=body)
        if code < 200:
            self.repeat()
            return
        self.final = code
        self._again = Again(self.repeat, longest_s=T2_S, gave_up=lambda: None)

    def repeat(self) -> None:
        """The INVITE came again, or no ACK did."""
        self._agent.client.send(self._last, self.request.reply_to)

    def confirm(self) -> None:
        """The ACK came."""
        self.confirmed = True
        self.close()

    def close(self) -> None:
        if self._again is not None:
            self._again.stop()


class OurInvite:
    """The INVITE that begins a call of ours, with its digest, its ACK and its CANCEL.

    `final` is the final response, or None if nothing ever came or we gave it up.
    """

    def __init__(
        self,
        agent: Agent,
        dialog: Dialog,
        to: Address,
        *,
        headers: tuple[str, ...],
        body: str,
        identity: Identity | None,
        on_late_answer: Callable[[], None],
    ) -> None:
        self._agent = agent
        self._dialog = dialog
        self._asks = dialog  # as it was before an answer gave it another target
        self._to = to
        self._headers = headers
        self._body = body
        self._identity = identity
        self._on_late_answer = on_late_answer
        self._branch = ""
        self._cseq = 0
        self._cancelling = False
        self._answered_once = False
        self.provisional = False
        self.rang = False
        self.final: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

    def send(self, *more: str) -> None:
        """Send it; `more` are further headers."""
        self._branch = self._agent.branch()
        headers = (ALLOW, *self._headers, *more)
        data = self._dialog.request("INVITE", self._via(), headers=headers, body=self._body)
        self._cseq = self._dialog.cseq
        self._asks = dataclasses.replace(self._dialog)
        self._agent.asked.ask(
            "INVITE", self._branch, data, self._to, self._on_response, on_silence=self._silence
        )

    def cancel(self) -> None:
        """Give the call up; the far end is told as soon as it has said anything at all."""
        if not self._cancelling and not self.final.done():
            self._cancelling = True
            self.final.set_result(None)
            if self.provisional:
                self._cancel()

    def _cancel(self) -> None:
        data = self._asks.request("CANCEL", self._via(), cseq=self._cseq)
        self._agent.asked.ask("CANCEL", self._branch, data, self._to, lambda response: None)

    def _via(self) -> str:
        return self._agent.via(self._branch, self._to[0])

    def _silence(self) -> None:
        if not self.final.done():
            self.final.set_result(None)

    def _on_response(self, response: Message) -> None:
        if response.code < 200:
            self.rang = self.rang or response.code > 100
            if not self.provisional:
                self.provisional = True
                if self._cancelling:
                    self._cancel()
        elif response.code < 300:
            self._answered(response)
        else:
            self._refused(response)

    def _answered(self, response: Message) -> None:
        first, self._answered_once = not self._answered_once, True
        if first:
            self._dialog.established(response)
        self._agent.acknowledge(self._dialog, self._cseq, self._to)  # every 2xx that comes
        if first and self._cancelling:  # it crossed our CANCEL
            self._on_late_answer()
        elif not self.final.done():
            self.final.set_result(response)

    def _refused(self, response: Message) -> None:
        asks = dataclasses.replace(self._asks, remote=response.first("to"))
        self._agent.client.send(asks.request("ACK", self._via(), cseq=self._cseq), self._to)
        if self.final.done():
            return
        if login := self._login(response):
            self.send(login)
        else:
            self.final.set_result(response)

    def _login(self, response: Message) -> str:
        """The digest that was asked for; empty if none was, or the second time."""
        identity, self._identity = self._identity, None
        if identity is None or response.code not in (401, 407) or self._cancelling:
            return ""
        return identity.login(response)


async def offer_anew(agent: Agent, dialog: Dialog, wire: Media, peer: Address) -> None:
    """Re-INVITE with our present description. Raises SdpError where it is refused."""
    final: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    cseq = dialog.cseq + 1

    def on_response(response: Message) -> None:
        if response.code >= 200:
            refused = branch if response.code >= 300 else ""
            agent.acknowledge(dialog, cseq, peer, refused)
            if not final.done():
                final.set_result(response)

    branch = agent.request(dialog, "INVITE", peer, on_response, body=wire.offer())
    response = await final
    if response.code != 200:
        raise SdpError(f"{response.code} {response.reason}")
    wire.answered(response.text)
