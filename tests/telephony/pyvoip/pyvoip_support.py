"""Calls of the pyVoIP backend with phones of bare messages."""

from __future__ import annotations

import asyncio

from backend_bench import ringing
from raw_phone import Message, RawPhone

from telephony.pyvoip.call import PyVoipCall
from telephony.pyvoip.line import PyVoipEndpoint


async def connected(endpoint: PyVoipEndpoint, phone: RawPhone) -> PyVoipCall:
    phone.invite()
    call = await ringing(endpoint)
    assert isinstance(call, PyVoipCall)
    answering = asyncio.create_task(call.answer())
    phone.answer = await phone.connect()  # type: ignore[attr-defined]
    await answering
    return call


def tamper(phone: RawPhone, old: str, new: str) -> None:
    """From now on the phone writes `new` where it would write `old`."""
    send = phone._send
    phone._send = lambda text: send(text.replace(old, new))  # type: ignore[method-assign]


def tagged(invite: Message) -> Message:
    """The INVITE as the far end answers it: with a tag of its own."""
    headers = {**invite.headers, "to": f"{invite.headers['to']};tag=far"}
    return Message(invite.line, headers, invite.body)
