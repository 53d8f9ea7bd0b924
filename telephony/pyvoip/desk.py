"""What each SIP request means: a call that rings, a call's own business, or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telephony.admission import Admission
from telephony.api import CallInfo
from telephony.door import Guest
from telephony.network_text import plain
from telephony.outcomes import user_part
from telephony.pyvoip import sdp
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.call import PyVoipCall
from telephony.pyvoip.dialog import ALLOW, Dialog
from telephony.pyvoip.entrance import Entrance
from telephony.pyvoip.invites import TheirInvite
from telephony.pyvoip.message import Message, respond, tag_of
from telephony.pyvoip.sdp import SdpError
from telephony.pyvoip.transactions import GIVE_UP_S, Replies

_HEADER_CHARS_MAX = 1024
_InviteKey = tuple[str, str, int]


class Desk:
    """All calls of an endpoint; `request` takes every request. Runs on the event loop."""

    def __init__(
        self, agent: Agent, admission: Admission, on_ring: Callable[[PyVoipCall], None]
    ) -> None:
        self._agent = agent
        self._on_ring = on_ring
        self.entrance = Entrance(agent.config, admission, self._has)
        self._invites: dict[_InviteKey, tuple[PyVoipCall, TheirInvite]] = {}
        self._dialogs: dict[tuple[str, str], PyVoipCall] = {}
        self._replies = Replies()
        self.calls: set[PyVoipCall] = set()

    def _has(self, call_id: str) -> bool:
        """On the client's thread: is there a call with this Call-ID?"""
        return any(key[0] == call_id for key in list(self._dialogs))

    def adopt(self, call: PyVoipCall) -> None:
        """Keep a call until it is over."""
        key = (call.dialog.call_id, tag_of(call.dialog.local))
        self.calls.add(call)
        self._dialogs[key] = call

        def release() -> None:
            self.calls.discard(call)
            self.entrance.left(call.dialog.call_id)
            self._dialogs.pop(key, None)

        call.when_over(release)

    def close(self) -> None:
        """Nothing is said again from now on."""
        for _, invite in self._invites.values():
            invite.close()
        self._invites.clear()
        self.entrance.close()

    def request(self, request: Message) -> None:
        """Act on a request and answer it; an ACK and a stranger's get no answer."""
        if request.method == "ACK":
            self._ack(request)
            return
        if (reply := self._replies.known(request)) is not None:
            self._agent.client.send(reply, request.reply_to)
            return
        call = self._call_of(request)
        if request.method == "INVITE":
            self._invite(request, call)
        elif request.method == "CANCEL":
            self._cancel(request)
        elif request.method == "OPTIONS":
            self._options(request)
        elif request.method in ("BYE", "UPDATE", "REFER", "INFO", "NOTIFY", "PRACK"):
            self._within(request, call)
        else:
            self._reply(request, 405, ALLOW)

    def _call_of(self, request: Message) -> PyVoipCall | None:
        call = self._dialogs.get((request.call_id, request.to_tag))
        return call if call and call.dialog.remote_tag == request.from_tag else None

    def _reply(self, request: Message, code: int, *headers: str) -> None:
        reply = respond(request, code, tag=self._agent.client.gen_tag(), headers=headers)
        if request.method != "INVITE":  # whose refusal is the same when it is asked again
            self._replies.keep(request, reply)
        self._agent.client.send(reply, request.reply_to)

    # -- INVITE, ACK, CANCEL

    def _invite(self, request: Message, call: PyVoipCall | None) -> None:
        known = self._invites.get(_key(request))
        if known is not None:
            known[1].repeat()
        elif call is not None:
            invite = TheirInvite(self._agent, request, "")
            self._keep(call, invite)
            call.on_reinvite(invite)
        elif request.to_tag:
            self._reply(request, 481)
        elif refusal := self._refusal(request):
            self._reply(request, *refusal)
        else:
            self._ring(request)

    def _refusal(self, request: Message) -> tuple[int, *tuple[str, ...]] | None:
        """Why a new call is not let in: the status, and headers that explain it."""
        if required := request.all("require"):
            return 420, f"Unsupported: {', '.join(required)}"
        if not request.first("contact"):
            return (400,)
        try:
            if request.text:
                sdp.agree(sdp.read(request.text), self._agent.config.codecs)
        except SdpError:
            return (488,)
        return None

    def _ring(self, request: Message) -> None:
        agent, source = self._agent, request.source
        guest = self.entrance.guest(request.call_id)
        if guest is None:  # it was let in so long ago that the door has forgotten it
            self._reply(request, 503)
            return
        tag = agent.client.gen_tag()
        dialog = Dialog.of_incoming(request, tag, agent.contact(source[0]))
        call = PyVoipCall(agent, self._info(request, guest), dialog, source)
        call.their_invite = TheirInvite(agent, request, tag)
        self.adopt(call)
        self._keep(call, call.their_invite)
        call.their_invite.say(180)
        self._on_ring(call)

    def _info(self, request: Message, guest: Guest) -> CallInfo:
        exposed = {name.lower() for name in self._agent.config.expose_headers}
        headers: dict[str, str] = {}
        for name, value in request.values:
            if name in exposed:
                headers.setdefault(name, plain(value, _HEADER_CHARS_MAX))
        codec = ""
        if request.text:
            codec, _ = sdp.agree(sdp.read(request.text), self._agent.config.codecs)
        return CallInfo(
            call_id=request.call_id,
            caller=user_part(request.first("from")),
            callee=user_part(request.first("to")),
            headers=headers,
            codec=codec,
            trunk=guest.trunk,
            overflow=guest.overflow,
        )

    def _keep(self, call: PyVoipCall, invite: TheirInvite) -> None:
        """Know the INVITE when it comes again, until half a minute after the call."""
        key = _key(invite.request)
        self._invites[key] = (call, invite)
        loop = asyncio.get_running_loop()

        def forget() -> None:
            invite.close()
            self._invites.pop(key, None)

        call.when_over(lambda: loop.call_later(GIVE_UP_S, forget))

    def _ack(self, request: Message) -> None:
        known = self._invites.get(_key(request))
        if known is not None:
            call, invite = known
            call.on_ack(invite, request)

    def _cancel(self, request: Message) -> None:
        known = self._invites.get(_key(request))
        if known is None or known[1].request.branch != request.branch:
            self._reply(request, 481)
            return
        self._reply(request, 200)
        known[0].on_cancel()

    # -- everything else

    def _options(self, request: Message) -> None:
        self._reply(request, 200, ALLOW, "Accept: application/sdp")  # 503 is the door's

    def _within(self, request: Message, call: PyVoipCall | None) -> None:
        if call is None:
            self._reply(request, 481)
        elif request.method == "BYE":
            self._reply(request, 200)
            call.on_bye()
        elif request.method == "UPDATE":
            reply = self._replies.keep(request, call.on_update(request))
            self._agent.client.send(reply, request.reply_to)
        elif request.method == "REFER":
            self._reply(request, 603)  # a bot must not be steered into dialling
        else:
            self._reply(request, 405, ALLOW)


def _key(request: Message) -> _InviteKey:
    return request.call_id, request.from_tag, request.cseq
