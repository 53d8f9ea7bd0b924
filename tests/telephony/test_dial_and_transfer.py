"""Outbound legs and REFER: every way they can go has its own outcome."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from baresip import Call as StackCall
from baresip import CallState, UserAgent
from contract import take
from line_support import child
from raw_phone import RawPhone, raw_phone

from telephony import Call, HangupBy, TransferOutcome, TransferResult
from telephony.baresip.line import BaresipEndpoint
from telephony.loopback.refusal import RefusingAgent, RefusingProtocol, Request
from tests.ports import free_port


class Seat:
    """A refusing seat in this process, and what happens to it."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.port = free_port()

    def on_event(self, event: str, request: Request) -> None:
        self.events.put_nowait((event, request.first("X-Summary-Id")))

    async def next_event(self) -> tuple[str, str]:
        return await asyncio.wait_for(self.events.get(), 20)


@contextlib.asynccontextmanager
async def seat_that(code: int | None) -> AsyncIterator[Seat]:
    """Rings, then says `code`; None: rings on."""
    seat = Seat()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RefusingProtocol(RefusingAgent(code, seat.on_event), ring_ms=50),
        local_addr=("127.0.0.1", seat.port),
    )
    try:
        yield seat
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (486, TransferOutcome.BUSY),
        (600, TransferOutcome.BUSY),
        (603, TransferOutcome.DECLINED),
        (480, TransferOutcome.NO_ANSWER),
        (408, TransferOutcome.NO_ANSWER),
        (404, TransferOutcome.FAILED),
        (503, TransferOutcome.FAILED),
    ],
)
async def test_a_refused_dial_says_why(
    endpoint: BaresipEndpoint, code: int, outcome: TransferOutcome
) -> None:
    async with seat_that(code) as seat:
        result = await endpoint.dial(
            f"sip:2001@127.0.0.1:{seat.port}", headers={"X-Summary-Id": "7f"}, timeout_s=5
        )
        assert (result.outcome, result.sip_code, result.call) == (outcome, code, None)
        assert result.reason
        assert await seat.next_event() == ("ringing", "7f")


async def test_a_seat_that_rings_out_is_cancelled(endpoint: BaresipEndpoint) -> None:
    async with seat_that(None) as seat:
        result = await endpoint.dial(f"sip:2001@127.0.0.1:{seat.port}", timeout_s=0.5)
        assert result.outcome is TransferOutcome.NO_ANSWER
        assert "0.5 s" in result.reason
        assert [(await seat.next_event())[0] for _ in range(2)] == ["ringing", "cancelled"]


@pytest.mark.parametrize("when", ["ringing", "at once"])
async def test_a_dial_that_is_given_up_is_cancelled(endpoint: BaresipEndpoint, when: str) -> None:
    async with seat_that(None) as seat:
        dialling = asyncio.create_task(endpoint.dial(f"sip:2001@127.0.0.1:{seat.port}"))
        await asyncio.sleep(0)  # the command is given
        if when == "ringing":
            assert (await seat.next_event())[0] == "ringing"
        dialling.cancel()
        while (await seat.next_event())[0] != "cancelled":
            pass


async def test_a_failure_during_a_stalled_loop_is_not_missed(endpoint: BaresipEndpoint) -> None:
    """The refusal of the TCP connection passes while the event loop is busy elsewhere."""
    loop = asyncio.get_running_loop()
    dialling = asyncio.create_task(
        endpoint.dial(f"sip:1@127.0.0.1:{free_port()};transport=tcp", timeout_s=5)
    )
    await asyncio.sleep(0)  # the command is given …
    until = loop.time() + 0.2
    while loop.time() < until:  # … and everything that follows waits for us
        pass
    result = await dialling
    assert result.outcome is TransferOutcome.UNREACHABLE, result
    assert "refused" in result.reason, result


async def test_a_refusal_that_comes_before_we_listen_is_not_missed(
    endpoint: BaresipEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack's own call has heard of its end, and we not of the call."""
    dial = UserAgent.dial

    async def slow_dial(*args: Any, **more: Any) -> StackCall:
        native = await dial(*args, **more)
        async with asyncio.timeout(10):
            while native.state is not CallState.CLOSED:  # noqa: ASYNC110 (it tells by a flag)
                await asyncio.sleep(0.01)
        return native

    monkeypatch.setattr(UserAgent, "dial", slow_dial)
    async with seat_that(486) as seat:
        result = await endpoint.dial(f"sip:2001@127.0.0.1:{seat.port}", timeout_s=5)
    assert (result.outcome, result.sip_code) == (TransferOutcome.BUSY, 486), result


@pytest.mark.parametrize(
    "uri",
    [
        *("sip:1@127.0.0.1:9", "sip:1@192.0.2.1", "sip:1@127.0.0.1:9;transport=tcp"),
        *(
            "not a uri",
            "",
            "tel:400",
            "sips:1@127.0.0.1",
            "sip:1@x\r\nEvil: 1",
            "sip:@",
            "sip:1@h:0",
        ),
    ],
)
async def test_nobody_there_is_unreachable(endpoint: BaresipEndpoint, uri: str) -> None:
    result = await endpoint.dial(uri, timeout_s=0.5)
    assert result.outcome is TransferOutcome.UNREACHABLE
    assert result.reason


async def test_a_seat_answers_with_the_story_in_hand(endpoint: BaresipEndpoint) -> None:
    port = free_port()
    async with child(
        "telephony.loopback.seat",
        *("--listen", f"127.0.0.1:{port}", "--ring-ms", 100, "--expose", "X-Summary-Id"),
    ) as seat:
        await seat.event("listening")
        result = await endpoint.dial(
            f"sip:2001@127.0.0.1:{port}", headers={"X-Summary-Id": "单号 42"}, timeout_s=5
        )
        assert result.outcome is TransferOutcome.ACCEPTED
        assert result.call is not None
        assert (result.call.info.callee, bool(result.call.info.call_id)) == ("2001", True)
        assert (await seat.event("ringing"))["headers"] == {"x-summary-id": "单号 42"}
        assert len(await take(result.call, 10)) == 10
        await result.call.hangup()
        assert (await seat.event("ended"))["by"] == "remote"
        assert await seat.finish() == 0


@pytest.fixture
async def connected(
    endpoint: BaresipEndpoint, sip_port: int
) -> AsyncIterator[tuple[Call, RawPhone]]:
    """An answered call, and the phone that made it."""
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        yield call, phone


@pytest.mark.parametrize(
    ("sipfrag", "outcome", "code"),
    [
        ("SIP/2.0 486 Busy Here", TransferOutcome.BUSY, 486),
        ("SIP/2.0 603 Decline", TransferOutcome.DECLINED, 603),
        ("SIP/2.0 408 Request Timeout", TransferOutcome.NO_ANSWER, 408),
        ("SIP/2.0 404 Not Found", TransferOutcome.FAILED, 404),
    ],
)
async def test_a_failed_refer_says_why_and_the_call_goes_on(
    connected: tuple[Call, RawPhone], sipfrag: str, outcome: TransferOutcome, code: int
) -> None:
    call, phone = connected
    transfer = asyncio.create_task(call.transfer("sip:2001@127.0.0.1:5999", timeout_s=5))
    phone.reply(await phone.until_request("REFER"), "202 Accepted")
    phone.notify("SIP/2.0 100 Trying", final=False)
    phone.notify(sipfrag, final=True)
    result = await asyncio.wait_for(transfer, 20)
    assert (result.outcome, result.sip_code) == (outcome, code)
    assert call.ended is None
    assert len(await take(call, 5)) == 5


async def test_an_accepted_refer_carries_the_headers_and_ends_our_call(
    connected: tuple[Call, RawPhone],
) -> None:
    call, phone = connected
    transfer = asyncio.create_task(
        call.transfer("sip:2001@127.0.0.1:5999", headers={"X-Summary-Id": "a b&c=张"})
    )
    refer = await phone.until_request("REFER")
    assert refer.headers["refer-to"] == (
        "<sip:2001@127.0.0.1:5999?X-Summary-Id=a%20b%26c%3D%E5%BC%A0>"
    )
    phone.reply(refer, "202 Accepted")
    phone.notify("SIP/2.0 200 OK", final=True)
    assert await asyncio.wait_for(transfer, 20) == TransferResult(TransferOutcome.ACCEPTED)
    ended = await asyncio.wait_for(call.wait_ended(), 20)
    assert (ended.by, ended.reason) == (HangupBy.LOCAL, "transferred")


async def test_a_refused_refer_is_a_failure(connected: tuple[Call, RawPhone]) -> None:
    call, phone = connected
    transfer = asyncio.create_task(call.transfer("sip:2001@127.0.0.1:5999", timeout_s=5))
    phone.reply(await phone.until_request("REFER"), "405 Method Not Allowed")
    result = await asyncio.wait_for(transfer, 20)
    assert (result.outcome, result.sip_code) == (TransferOutcome.FAILED, 405)
    assert call.ended is None


async def test_a_refer_without_an_end_is_no_answer(connected: tuple[Call, RawPhone]) -> None:
    call, phone = connected
    transfer = asyncio.create_task(call.transfer("sip:2001@127.0.0.1:5999", timeout_s=0.4))
    phone.reply(await phone.until_request("REFER"), "202 Accepted")
    assert (await asyncio.wait_for(transfer, 20)).outcome is TransferOutcome.NO_ANSWER


async def test_a_caller_who_leaves_during_the_transfer_is_gone(
    connected: tuple[Call, RawPhone],
) -> None:
    call, phone = connected
    transfer = asyncio.create_task(call.transfer("sip:2001@127.0.0.1:5999", timeout_s=5))
    phone.reply(await phone.until_request("REFER"), "202 Accepted")
    phone._cseq += 1
    phone.request("BYE")
    assert (await asyncio.wait_for(transfer, 20)).outcome is TransferOutcome.CALLER_GONE


async def test_a_uri_that_would_break_the_header_is_refused(
    connected: tuple[Call, RawPhone],
) -> None:
    call, _ = connected
    result = await call.transfer("sip:2001@x>\r\nX-Evil: 1")
    assert result.outcome is TransferOutcome.FAILED
    assert call.ended is None
