"""Placing a call: from the URI to its typed outcome."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping

from telephony.api import CallInfo, DialResult, Hangup, HangupBy, TransferOutcome
from telephony.outcomes import REASONS, check_sip_uri, outcome_of, user_part
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.call import PyVoipCall
from telephony.pyvoip.dialog import Dialog
from telephony.pyvoip.invites import OurInvite
from telephony.pyvoip.message import Address, Message
from telephony.pyvoip.registrar import Identity
from telephony.pyvoip.sdp import SdpError

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_HEADER_CHARS_MAX = 4096


def check_headers(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Whole header lines. Raises ValueError for what would break out of its line."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or len(value) > _HEADER_CHARS_MAX:
            raise ValueError(f"a header name and at most {_HEADER_CHARS_MAX} characters: {name!r}")
        if any(ord(char) < 32 or ord(char) == 127 for char in value):
            raise ValueError(f"header {name}: one line without control characters is expected")
    return tuple(f"{name}: {value}" for name, value in headers.items())


def check_target(uri: str) -> str:
    """`uri` itself if it can be dialled over UDP. Raises ValueError."""
    parameters = check_sip_uri(uri).lower().partition(";")[2].split(";")
    for parameter in parameters:
        if parameter.startswith("transport=") and parameter != "transport=udp":
            raise ValueError(f"pyvoip has UDP only, got {parameter}; choose the baresip backend")
    return uri


class Dialling:
    """One call of ours until it is answered or has failed."""

    def __init__(
        self,
        agent: Agent,
        adopt: Callable[[PyVoipCall], None],
        uri: str,
        headers: tuple[str, ...],
        identity: Identity | None,
    ) -> None:
        self._agent = agent
        self._adopt = adopt
        self._uri = uri
        self._headers = headers
        self._identity = identity

    async def run(self, to: Address, timeout_s: float) -> DialResult:
        """Ring `to` and wait. Raises LineError where no RTP port is free."""
        call = self._call(to)
        invite = call.our_invite
        assert invite is not None  # noqa: S101  # set one line above
        self._adopt(call)
        invite.send()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await asyncio.shield(invite.final)
        except asyncio.CancelledError:
            await call.hangup()
            raise
        if not invite.final.done() or call.ended is not None:
            return await _given_up(call, invite, timeout_s)
        return self._finished(call, invite.final.result(), timeout_s)

    def _call(self, to: Address) -> PyVoipCall:
        host = self._agent.host_towards(to[0])
        client, user = self._agent.client, self._agent.config.user
        dialog = Dialog(
            call_id=client.gen_call_id(),
            local=f"<sip:{user}@{host}>;tag={client.gen_tag()}",
            remote=f"<{self._uri}>",
            target=self._uri,
            contact=self._agent.contact(to[0]),
        )
        info = CallInfo(dialog.call_id, user, user_part(self._uri))
        call = PyVoipCall(self._agent, info, dialog, to)
        call.our_invite = OurInvite(
            self._agent,
            dialog,
            to,
            headers=self._headers,
            body=call.wire.offer(),
            identity=self._identity,
            on_late_answer=call.bye,
        )
        return call

    def _finished(self, call: PyVoipCall, response: Message | None, timeout_s: float) -> DialResult:
        if response is None:
            call.finish(Hangup(HangupBy.ERROR, "no answer to our INVITE"))
            return DialResult(TransferOutcome.UNREACHABLE, reason="nothing came back")
        reason = response.reason or REASONS.get(response.code, "Refused")
        if response.code >= 300:
            call.finish(Hangup(HangupBy.REMOTE, f"{response.code} {reason}"))
            return DialResult(outcome_of(response.code), sip_code=response.code, reason=reason)
        try:
            call.wire.answered(response.text)
        except SdpError as error:
            call.bye()
            call.finish(Hangup(HangupBy.ERROR, str(error)))
            return DialResult(TransferOutcome.FAILED, sip_code=response.code, reason=str(error))
        call.establish()
        return DialResult(TransferOutcome.ACCEPTED, call)


async def _given_up(call: PyVoipCall, invite: OurInvite, timeout_s: float) -> DialResult:
    """Not answered in time: the far end is told, and what it did says how it ends."""
    await call.hangup()
    waited = f"no answer within {timeout_s:g} s"
    if invite.rang:
        return DialResult(TransferOutcome.NO_ANSWER, reason=waited)
    return DialResult(TransferOutcome.UNREACHABLE, reason=f"{waited}, never rang")
