"""Scenarios: calls that come in, and what goes on within them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from backend_bench import Bench, ringing, shows
from contract import take
from raw_phone import RawPhone

from telephony import Endpoint, Hangup, HangupBy, LineError
from telephony.backends import Function
from telephony.config import Trunk
from telephony.pacing import SILENCE

JUNK = (
    b"",
    b"\0\0\0\0",
    b"\r\n\r\n",
    b"\0" * 100,
    b"INVITE sip:x SIP/2.0\r\n\r\n",
    b"BYE\r\n",
    b"SIP/2.0 200\r\n\r\n",
    b"SIP/2.0 999 \xff\r\nVia: x\r\nFrom: x\r\nTo: x\r\nCall-ID: x\r\nCSeq: x\r\n\r\n",
    b"OPTIONS sip:a SIP/2.0\r\nVia: \r\nFrom: \r\nTo:\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
    b"\x80",
    b"\x80\x08" + b"\xff" * 10,
    b"\xbf\xff" + b"\xff" * 300,
)


@shows(Function.ANSWER)
async def answered(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    phone.invite()
    call = await ringing(endpoint)
    await phone.until(180)
    answering = asyncio.create_task(call.answer())
    answer = await phone.connect()
    await answering
    assert "PCMA/8000" in answer.body
    assert call.codec == "pcma"
    assert len(await take(call, 5)) == 5


@shows(Function.REFUSE)
async def refused(bench: Bench) -> None:
    endpoint = await bench.start()
    for number, code in enumerate((480, 603, 404)):
        phone = await bench.phone(number)
        phone.invite()
        call = await ringing(endpoint)
        await call.reject(code)
        await phone.until(code)
        phone.request("ACK")
        assert (await asyncio.wait_for(call.wait_ended(), 2)).by is HangupBy.LOCAL


@shows(Function.CANCEL)
async def cancelled(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    phone.invite()
    call = await ringing(endpoint)
    phone.request("CANCEL")
    assert (await phone.until(487)).headers["cseq"] == "1 INVITE"
    assert await asyncio.wait_for(call.wait_ended(), 2) == Hangup(HangupBy.REMOTE, "CANCEL")
    with pytest.raises(LineError, match="ended before it was answered"):
        await call.answer()


@shows(Function.BYE_IN)
async def far_end_hangs_up(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    phone._cseq += 1
    phone.request("BYE")
    assert (await phone.until(200)).headers["cseq"].endswith("BYE")
    assert await asyncio.wait_for(call.wait_ended(), 2) == Hangup(HangupBy.REMOTE, "BYE")


@shows(Function.BYE_OUT)
async def we_hang_up(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, answer = await bench.connected(endpoint, phone)
    await call.hangup()
    bye = await phone.until_request("BYE")
    assert bye.line.split()[1] == f"sip:raw@127.0.0.1:{phone.port}"  # our phone's Contact
    assert (bye.headers["to"], bye.headers["from"]) == (
        "<sip:10086@127.0.0.1>;tag=raw",
        answer.headers["to"],
    )
    phone.reply(bye, "200 OK")
    assert (await asyncio.wait_for(call.wait_ended(), 2)).by is HangupBy.LOCAL


@shows(Function.EARLY_MEDIA)
async def early_media(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    phone.invite()
    call = await ringing(endpoint)
    await call.progress()
    assert "PCMA/8000" in (await phone.until(183)).body
    answering = asyncio.create_task(call.answer())
    await phone.connect()
    await answering


@shows(Function.DELAYED_OFFER)
async def invite_without_sdp(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    phone.request("INVITE")
    call = await ringing(endpoint)
    answering = asyncio.create_task(call.answer())
    offer = await phone.until(200)
    assert "PCMA/8000" in offer.body
    phone._to = offer.headers["to"]
    phone.request("ACK", phone._sdp("sendrecv"))
    await answering
    assert call.codec == "pcma"


@shows(Function.NO_COMMON_CODEC)
async def no_common_codec(bench: Bench) -> None:
    await bench.start()
    phone = await bench.phone()
    phone.request(
        "INVITE", phone._sdp("sendrecv").replace("8 101", "18 101").replace("PCMA", "G729")
    )
    await phone.until(488)


async def _hold_and_resume(endpoint: Endpoint, bench: Bench, method: str) -> None:
    phone = await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    frames = call.frames()
    for direction, facing, held in (
        ("sendonly", "recvonly", True),
        ("inactive", "inactive", True),
        ("sendrecv", "sendrecv", False),
    ):
        if method == "INVITE":
            answer = await phone.reinvite(direction)
        else:
            phone._cseq += 1
            phone.request("UPDATE", phone._sdp(direction))
            answer = await phone.until(200)
        assert f"a={facing}" in answer.body
        for _ in range(10):
            assert await asyncio.wait_for(anext(frames), 1) == SILENCE
        assert call.held is held


@shows(Function.FAR_HOLD)
async def far_end_holds(bench: Bench) -> None:
    await _hold_and_resume(await bench.start(), bench, "INVITE")


@shows(Function.UPDATE)
async def far_end_updates(bench: Bench) -> None:
    await _hold_and_resume(await bench.start(), bench, "UPDATE")


async def _agree(phone: RawPhone, direction: str) -> None:
    """Answer a re-INVITE that offers `direction`."""
    request = await phone.until_request("INVITE")
    assert f"a={direction}" in request.body
    facing = {"sendonly": "recvonly", "inactive": "inactive"}.get(direction, "sendrecv")
    phone.reply(request, "200 OK", phone._sdp(facing))
    await phone.until_request("ACK")


@shows(Function.OUR_HOLD)
async def we_hold(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    for order, direction in ((call.hold, "sendonly"), (call.resume, "sendrecv")):
        ordering = asyncio.create_task(order())
        await _agree(phone, direction)
        await asyncio.wait_for(ordering, 3)
        await order()  # idempotent
    assert len(await take(call, 5)) == 5


@shows(Function.OPTIONS)
async def options(bench: Bench) -> None:
    await bench.start()
    phone = await bench.phone()
    phone.request("OPTIONS")
    assert (await phone.until(200)).headers["cseq"] == "1 OPTIONS"


@shows(Function.DRAIN)
async def draining(bench: Bench) -> None:
    endpoint = await bench.start()
    phone = await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    assert await endpoint.drain(timeout_s=0.1) is False
    late = await bench.phone(2)
    late.invite()
    await late.until(503)
    asking = await bench.phone(3)
    asking.request("OPTIONS")
    await asking.until(503)
    assert call.ended is None
    await call.hangup()
    assert await endpoint.drain(timeout_s=2) is True


@shows(Function.STRANGERS)
async def strangers(bench: Bench) -> None:
    trunks = (Trunk("pbx", allow=("192.0.2.0/24",)),)
    endpoint = await bench.start(trunks=trunks, strangers="forbid")
    phone = await bench.phone()
    phone.invite()
    await phone.until(403)
    await endpoint.stop()
    endpoint = await bench.start(trunks=trunks, strangers="ignore")
    quiet = await bench.phone(2)
    quiet.invite()
    quiet.request("OPTIONS", cseq=9)
    with contextlib.suppress(TimeoutError):
        message = await asyncio.wait_for(quiet._inbox.get(), 0.5)
        raise AssertionError(f"a stranger was answered: {message.line}")


@shows(Function.MALFORMED)
async def malformed(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, answer = await bench.connected(endpoint, phone)
    for junk in JUNK:
        phone._transport.sendto(junk, ("127.0.0.1", bench.port))  # type: ignore[attr-defined]
        phone._transport.sendto(junk, phone.rtp_target(answer))  # type: ignore[attr-defined]
    assert len(await take(call, 10)) == 10
    phone._cseq += 1
    phone.request("BYE")
    await asyncio.wait_for(call.wait_ended(), 2)
    again = await bench.phone(2)
    await bench.connected(endpoint, again)


@shows(Function.HEADERS_IN)
async def headers_in(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    phone.request("INVITE", phone._sdp("sendrecv"), User_to_User="3132;encoding=hex", X_Other="no")
    call = await ringing(endpoint)
    assert (call.info.caller, call.info.callee) == ("10086", "400")
    assert call.info.headers == {"user-to-user": "3132;encoding=hex"}
    await call.reject()
