"""The pyVoIP backend on the wire: what a careless or a dying far end does."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time

import pytest
from backend_bench import ringing
from contract import take
from functions_of_media import Rtp
from line_support import calm
from pyvoip_support import connected
from raw_phone import RawPhone, raw_phone

import telephony.pyvoip.call as call_module
from telephony import Hangup, HangupBy, LineError, PortInUseError
from telephony.config import LineConfig
from telephony.pyvoip.line import PyVoipEndpoint
from tests.ports import free_port


async def test_an_invite_that_comes_again_is_one_call(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    phone.invite()
    first = await phone.until(180)
    phone.invite()
    assert (await phone.until(180)).headers["to"] == first.headers["to"]
    await (await ringing(endpoint)).reject(404)
    await phone.until(404)
    phone.invite()
    await phone.until(404)
    phone.request("ACK")
    assert endpoint._incoming.empty()


async def test_an_answer_is_sent_again_until_its_ack(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    phone.invite()
    call = await ringing(endpoint)
    answering = asyncio.create_task(call.answer())
    first = await phone.until(200)
    assert await phone.until(200) == first  # half a second later
    phone._to = first.headers["to"]
    phone.request("ACK")
    await answering
    phone.request("ACK")
    assert len(await take(call, 3)) == 3


async def test_an_answer_that_nobody_confirms_is_an_error(
    endpoint: PyVoipEndpoint, phone: RawPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "ANSWER_TIMEOUT_S", 0.4)
    phone.invite()
    call = await ringing(endpoint)
    with pytest.raises(LineError, match=r"no ACK within 0\.4 s"):
        await call.answer()
    assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL
    await phone.until_request("BYE")


async def test_offers_that_cross_are_refused_and_the_call_goes_on(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    holding = asyncio.create_task(call.hold())
    ours = await phone.until_request("INVITE")
    phone._cseq += 1
    phone.invite()
    await phone.until(491)
    phone.request("ACK")
    phone.reply(ours, "488 Not Acceptable Here")
    acknowledged = await phone.until_request("ACK")
    assert acknowledged.headers["via"] == ours.headers["via"]
    with pytest.raises(LineError, match="cannot be held: 488 Not Acceptable Here"):
        await holding
    assert not call.wire.holding
    assert len(await take(call, 5)) == 5


async def test_a_reinvite_without_an_offer_gets_ours_and_keeps_the_codec(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    phone._cseq += 1
    phone.request("INVITE")
    offer = await phone.until(200)
    assert "RTP/AVP 8 101" in offer.body
    phone.request("ACK", phone._sdp("sendonly"))
    async with asyncio.timeout(20):
        while not call.held:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_an_unusable_reinvite_is_refused_and_nothing_changes(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    phone._cseq += 1
    phone.request("INVITE", phone._sdp("sendrecv").replace("RTP/AVP 8", "RTP/AVP 18"))
    await phone.until(488)
    phone.request("ACK")
    assert (call.codec, call.held, call.ended) == ("pcma", False, None)


async def test_a_dead_far_end_does_not_keep_the_call(
    endpoint: PyVoipEndpoint, phone: RawPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "RTP_LOSS_S", 0.4)
    call = await connected(endpoint, phone)
    assert await asyncio.wait_for(call.wait_ended(), 20) == Hangup(
        HangupBy.ERROR, "no RTP for 0.4 s"
    )
    await phone.until_request("BYE")


async def test_a_held_call_without_rtp_is_not_dead(
    endpoint: PyVoipEndpoint, phone: RawPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await connected(endpoint, phone)
    await phone.reinvite("inactive")
    monkeypatch.setattr(call_module, "RTP_LOSS_S", 0.2)
    assert len(await take(call, 30)) == 30
    assert call.ended is None


async def test_a_port_in_use_is_told(endpoint: PyVoipEndpoint, sip_port: int) -> None:
    with pytest.raises(PortInUseError, match=f"127.0.0.1:{sip_port}/UDP is in use"):
        await PyVoipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}")).start()
    with pytest.raises(LineError, match="an address of this machine"):
        await PyVoipEndpoint(LineConfig(listen="203.0.113.9:5060")).start()


async def test_endpoints_call_each_other_and_leave_no_thread(sip_port: int) -> None:
    before = set(threading.enumerate())
    other = free_port()
    first = PyVoipEndpoint(
        LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="24450-24470"), calm()
    )
    second = PyVoipEndpoint(
        LineConfig(listen=f"127.0.0.1:{other}", rtp_ports="24472-24494"), calm()
    )
    await first.start()
    await second.start()
    dialling = asyncio.create_task(first.dial(f"sip:1@127.0.0.1:{other}"))
    answered = await ringing(second)
    await answered.answer()
    result = await dialling
    assert result.call is not None
    await result.call.send_digits("7")
    digits = answered.digits()
    assert await asyncio.wait_for(anext(digits), 20) == "7"
    await first.stop()
    assert await asyncio.wait_for(answered.wait_ended(), 20) == Hangup(HangupBy.REMOTE, "BYE")
    await second.stop()
    await first.stop()  # idempotent
    left = {t.name for t in set(threading.enumerate()) - before if not t.name.startswith("asyncio")}
    assert left == set()


async def test_digits_that_are_none_are_refused(endpoint: PyVoipEndpoint, phone: RawPhone) -> None:
    call = await connected(endpoint, phone)
    for digits in ("", "1x", "١"):
        with pytest.raises(LineError, match="cannot be sent"):
            await call.send_digits(digits)
    await call.hangup()
    with pytest.raises(LineError, match="the call is not up"):
        await call.send_digits("1")


async def test_a_sender_that_stood_still_sends_no_burst_and_leaves_a_gap(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    transport, rtp = await asyncio.get_running_loop().create_datagram_endpoint(
        Rtp, local_addr=("127.0.0.1", 0)
    )
    phone.rtp_port = rtp.port
    call = await connected(endpoint, phone)
    await take(call, 10)
    assert call.wire._rtp is not None
    lock = call.wire._rtp._lock  # its thread waits for it as for a machine that does not run it

    def stand_still() -> None:
        with lock:
            time.sleep(0.5)

    await asyncio.to_thread(stand_still)
    await take(call, 40)
    transport.close()
    stamps = [stamp for _, _, stamp, _ in rtp.packets]
    steps = [(after - before) % 2**32 // 160 for before, after in itertools.pairwise(stamps)]
    assert 15 <= max(steps) <= 40  # of the 25 that were missed
    assert steps.count(1) >= len(steps) - 3


async def test_an_invite_without_an_offer_has_no_early_media(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    phone.request("INVITE")
    call = await ringing(endpoint)
    with pytest.raises(LineError, match="its INVITE brought no offer"):
        await call.progress()
    assert call.ended is None


async def test_a_call_that_was_answered_is_not_refused_but_hung_up(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    await call.reject(404)
    await phone.until_request("BYE")
    assert await call.wait_ended() == Hangup(HangupBy.LOCAL, "hung up")


async def test_an_endpoint_can_start_again_after_stop(
    endpoint: PyVoipEndpoint, sip_port: int
) -> None:
    for number in range(2):
        async with raw_phone(sip_port, number=number) as phone:
            call = await connected(endpoint, phone)
            await endpoint.stop()
            assert (await phone.until_request("BYE")).headers["call-id"] == call.info.call_id
        assert [one async for one in endpoint.incoming()] == []
        await endpoint.start()
