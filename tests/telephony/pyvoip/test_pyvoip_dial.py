"""Calls that the pyVoIP backend places, and far ends that do not make it easy."""

from __future__ import annotations

import asyncio

import pytest
from pyvoip_support import tagged
from raw_phone import RawPhone

from telephony import Hangup, HangupBy, TransferOutcome
from telephony.pyvoip.line import PyVoipEndpoint


async def test_an_answer_that_crosses_our_cancel_is_hung_up(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    dialling = asyncio.create_task(endpoint.dial(f"sip:1@127.0.0.1:{phone.port}", timeout_s=0.3))
    invite = tagged(await phone.until_request("INVITE"))
    phone.reply(invite, "180 Ringing")
    assert (await dialling).outcome is TransferOutcome.NO_ANSWER
    cancel = await phone.until_request("CANCEL")
    assert cancel.headers["via"] == invite.headers["via"]
    phone.reply(invite, "200 OK", phone._sdp("sendrecv"))
    assert (await phone.until_request("ACK")).headers["cseq"] == "1 ACK"
    assert (await phone.until_request("BYE")).headers["to"] == invite.headers["to"]


async def test_a_dial_is_not_cancelled_before_the_far_end_spoke(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    dialling = asyncio.create_task(endpoint.dial(f"sip:1@127.0.0.1:{phone.port}", timeout_s=0.2))
    invite = tagged(await phone.until_request("INVITE"))
    result = await dialling
    assert (result.outcome, result.reason) == (
        TransferOutcome.UNREACHABLE,
        "no answer within 0.2 s, never rang",
    )
    again = await phone.until_request("INVITE")  # half a second later: it may have been lost
    assert again.headers["via"] == invite.headers["via"]
    phone.reply(invite, "100 Trying")
    await phone.until_request("CANCEL")
    phone.reply(invite, "487 Request Terminated")
    assert (await phone.until_request("ACK")).headers["via"] == invite.headers["via"]


async def test_a_cancelled_dial_tells_the_far_end(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    dialling = asyncio.create_task(endpoint.dial(f"sip:1@127.0.0.1:{phone.port}"))
    phone.reply(tagged(await phone.until_request("INVITE")), "180 Ringing")
    assert endpoint._desk is not None
    (call,) = endpoint._desk.calls
    assert call.our_invite is not None
    async with asyncio.timeout(20):
        while not call.our_invite.rang:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    dialling.cancel()
    await phone.until_request("CANCEL")
    with pytest.raises(asyncio.CancelledError):
        await dialling


async def test_an_answer_without_common_media_is_hung_up(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    dialling = asyncio.create_task(endpoint.dial(f"sip:1@127.0.0.1:{phone.port}"))
    invite = tagged(await phone.until_request("INVITE"))
    phone.reply(invite, "200 OK", phone._sdp("sendrecv").replace("AVP 8", "AVP 18"))
    result = await dialling
    assert result.outcome is TransferOutcome.FAILED
    assert "pcma, pcmu is expected" in result.reason
    await phone.until_request("ACK")
    await phone.until_request("BYE")


async def test_a_far_end_that_hangs_up_a_call_of_ours(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    dialling = asyncio.create_task(endpoint.dial(f"sip:1@127.0.0.1:{phone.port}"))
    invite = tagged(await phone.until_request("INVITE"))
    phone.reply(invite, "200 OK", phone._sdp("sendrecv"))
    call = (await dialling).call
    assert call is not None
    phone._from = invite.headers["to"].replace(";tag=far", "")
    phone._to, phone._call_id = invite.headers["from"], invite.headers["call-id"]
    bye = "BYE sip:x SIP/2.0\r\n" + "\r\n".join(
        [
            f"Via: SIP/2.0/UDP 127.0.0.1:{phone.port};branch=z9hG4bKbye",
            f"From: {phone._from};tag=far",
            f"To: {phone._to}",
            f"Call-ID: {phone._call_id}",
            "CSeq: 1 BYE",
            "Content-Length: 0",
        ]
    )
    phone._send(bye + "\r\n\r\n")
    assert await asyncio.wait_for(call.wait_ended(), 20) == Hangup(HangupBy.REMOTE, "BYE")
