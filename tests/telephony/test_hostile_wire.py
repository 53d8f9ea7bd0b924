"""What a network may send: silence, holds, cancels, odd headers, too many calls."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from contract import take
from raw_phone import raw_phone

import telephony.baresip.call as call_module
from telephony import Call, Hangup, HangupBy, LineError
from telephony.baresip.line import BaresipEndpoint
from telephony.pacing import SILENCE


async def ringing(endpoint: BaresipEndpoint) -> Call:
    return await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)


async def test_a_peer_that_sends_nothing_is_heard_as_silence_in_real_time(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await ringing(endpoint)
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        loop = asyncio.get_running_loop()
        start = loop.time()
        got = await asyncio.wait_for(take(call, 50), 20)
        assert set(got) == {SILENCE}
        assert 900 <= (loop.time() - start) * 1000 <= 1450
        phone._cseq += 1
        phone.request("BYE")
        assert await call.wait_ended() == Hangup(HangupBy.REMOTE, "BYE")


async def test_hold_and_resume_do_not_stop_the_frames(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await ringing(endpoint)
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        frames = call.frames()
        for direction, answered in (
            ("sendonly", "recvonly"),
            ("inactive", "inactive"),
            ("sendrecv", "sendrecv"),
        ):
            assert f"a={answered}" in (await phone.reinvite(direction)).body
            for _ in range(15):
                assert await asyncio.wait_for(anext(frames), 20) == SILENCE
        await call.hangup()
        await phone.until_request("BYE")


async def test_a_cancelled_call_is_over_and_cannot_be_answered(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await ringing(endpoint)
        phone.request("CANCEL")
        assert (await phone.until(487)).headers["cseq"] == "1 INVITE"
        assert await asyncio.wait_for(call.wait_ended(), 20) == Hangup(HangupBy.REMOTE, "CANCEL")
        with pytest.raises(LineError, match="ended before it was answered"):
            await call.answer()


async def test_an_answer_that_nobody_confirms_is_an_error(
    endpoint: BaresipEndpoint, sip_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "ANSWER_TIMEOUT_S", 0.4)
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await ringing(endpoint)
        with pytest.raises(LineError, match=r"no ACK within 0\.4 s"):
            await call.answer()
        assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL


async def test_one_call_too_many_gets_503_and_a_free_place_is_used_again(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with (
        raw_phone(sip_port, number=1) as first,
        raw_phone(sip_port, number=2) as second,
        raw_phone(sip_port, number=3) as third,
    ):
        for phone in (first, second):
            phone.invite()
            await phone.until(180)
        third.invite()
        await third.until(503)
        await (await ringing(endpoint)).reject()
        await first.until(486)
        async with asyncio.timeout(20):
            for attempt in itertools.count():  # the place is free a moment after the 486
                third.request("ACK")
                third._cseq, third._call_id = 1, f"again-{attempt}"
                third.invite()
                if (await third.until(180, 503)).status == 180:
                    break
                await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("from_", "caller"),
    [
        ("<sip:+8613800138000@127.0.0.1;user=phone>", "+8613800138000"),
        ('"张三 \\"O\'Brien\\"" <sip:1%2e%2e@127.0.0.1>', "1%2e%2e"),
        ("<sip:127.0.0.1>", ""),
        ("<sip:../../etc/passwd@127.0.0.1>", "../../etc/passwd"),
        (f"<sip:{'9' * 1500}@127.0.0.1>", "9" * 128),
        (f'"{"x" * 2000}" <sip:10010@127.0.0.1>', ""),
    ],
)
async def test_an_odd_from_is_data_and_nothing_more(
    endpoint: BaresipEndpoint, sip_port: int, from_: str, caller: str
) -> None:
    async with raw_phone(sip_port, from_=from_) as phone:
        phone.invite()
        call = await ringing(endpoint)
        assert call.info.caller == caller
        await call.reject()
        await phone.until(486)


async def test_garbage_does_not_stop_the_line(endpoint: BaresipEndpoint, sip_port: int) -> None:
    async with raw_phone(sip_port) as phone:
        for junk in (
            "",
            "\0" * 100,
            "INVITE sip:x SIP/2.0\r\n\r\n",
            "BYE\r\n",
            "SIP/2.0 200\r\n\r\n",
        ):
            phone._send(junk)
        phone.invite()
        call = await ringing(endpoint)
        await call.reject()
        await phone.until(486)
