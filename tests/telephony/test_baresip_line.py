"""The real line, against a second process over SIP and RTP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from contract import LineContract, take
from raw_phone import raw_phone
from sip_line import SipLineUnderTest

from telephony import HangupBy, LineError, PortInUseError
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port


@pytest.fixture
async def line(
    endpoint: BaresipEndpoint, sip_port: int, tmp_path: Path
) -> AsyncIterator[SipLineUnderTest]:
    line = SipLineUnderTest(endpoint, sip_port, tmp_path)
    yield line
    await line.close()


class TestBaresipLine(LineContract):
    """The same promises as a recorded call."""


async def test_digits_arrive_in_order_both_ways(line: SipLineUnderTest) -> None:
    call = await line.call([{"digits": "12#"}, {"wait_hangup": 8000}])
    await call.answer()
    digits = call.digits()
    assert [await asyncio.wait_for(anext(digits), 20) for _ in range(3)] == ["1", "2", "#"]
    await call.hangup()


async def test_what_the_invite_said(line: SipLineUnderTest) -> None:
    call = await line.ring(b"", 500)
    assert (call.info.caller, call.info.callee) == ("13800138000", "4008001234")
    assert call.info.call_id
    await call.reject()
    assert line.caller is not None
    failed = await line.caller.event("failed")
    assert (failed["outcome"], failed["code"]) == ("busy", 486)


async def test_a_second_endpoint_in_the_process_is_refused(endpoint: BaresipEndpoint) -> None:
    second = BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{free_port()}"))
    with pytest.raises(LineError, match="only one endpoint can run in a process"):
        await second.start()
    await second.stop()


async def test_port_in_use_is_told_before_the_stack_starts(sip_port: int) -> None:
    loop = asyncio.get_running_loop()
    taken, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", sip_port)
    )
    with pytest.raises(PortInUseError, match=f"127.0.0.1:{sip_port}/UDP is in use"):
        await BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}")).start()
    taken.close()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", sip_port)
    with pytest.raises(PortInUseError, match=f"127.0.0.1:{sip_port}/TCP is in use"):
        await BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}")).start()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("5060", "ADDRESS:PORT is expected"),
        ("127.0.0.1:sip", "ADDRESS:PORT is expected"),
        ("127.0.0.1:70000", "ADDRESS:PORT is expected"),
        ("203.0.113.9:5060", "an address of this machine"),
    ],
)
async def test_a_wrong_listen_address_is_told(listen: str, says: str) -> None:
    with pytest.raises(LineError, match=says):
        await BaresipEndpoint(LineConfig(listen)).start()


async def test_an_endpoint_can_start_again_after_stop(sip_port: int) -> None:
    endpoint = BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}"))
    for _ in range(2):
        await endpoint.start()
        async with raw_phone(sip_port) as phone:
            phone.invite()
            await (await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)).reject()
            await phone.until(486)
        await endpoint.stop()
        await endpoint.stop()


@pytest.mark.parametrize("ports", ["40000", "40000-80000", "41000-40000", "a-b", "80-90"])
async def test_a_wrong_rtp_range_is_told(ports: str, sip_port: int) -> None:
    with pytest.raises(LineError, match="LOW-HIGH within 1024-65535 is expected"):
        await BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports=ports)).start()


async def test_audio_trouble_of_one_call_ends_that_call_only(
    endpoint: BaresipEndpoint, sip_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_phone(sip_port, number=1) as first, raw_phone(sip_port, number=2) as second:
        calls = []
        for phone in (first, second):
            phone.invite()
            calls.append(await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20))
            answering = asyncio.create_task(calls[-1].answer())
            await phone.connect()
            await answering
        calls[0].media.queue._ring.read = lambda: 1 // 0  # type: ignore[attr-defined]
        assert (await asyncio.wait_for(calls[0].wait_ended(), 20)).by is HangupBy.LOCAL
        assert len(await take(calls[1], 10)) == 10
    assert "its audio failed; hanging up" in caplog.text


async def test_calls_end_when_the_stack_dies(
    endpoint: BaresipEndpoint, sip_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        incoming = aiter(endpoint.incoming())
        call = await asyncio.wait_for(anext(incoming), 20)
        endpoint._die()  # what the binding calls; its thread cannot be killed from here
        assert (await call.wait_ended()).by is HangupBy.ERROR
        assert [one async for one in incoming] == []
    assert "the SIP stack died" in caplog.text


async def test_stop_hangs_up_what_is_left(line: SipLineUnderTest) -> None:
    call = await line.ring(b"", 8000)
    await call.answer()
    await take(call, 5)
    await line.endpoint.stop()
    assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL
    assert line.caller is not None
    assert (await line.caller.event("ended", 5))["by"] == "remote"
    assert [one async for one in line.endpoint.incoming()] == []
