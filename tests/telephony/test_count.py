"""The count of calls comes back to nought, in whatever way they end."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from raw_phone import RawPhone, raw_phone

import telephony.baresip.call as call_module
from telephony import Call, HangupBy, LineError
from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port

FOREIGN = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 3\r\na=rtpmap:3 GSM/8000\r\n"
)


async def cancels(phone: RawPhone) -> None:
    phone.invite()
    await phone.until(180)
    phone.request("CANCEL")
    await phone.until(487)
    phone.request("ACK")


async def cancels_at_once(phone: RawPhone) -> None:
    phone.invite()
    phone.request("CANCEL")
    await phone.until(487)
    phone.request("ACK")


async def is_rejected(phone: RawPhone) -> None:
    phone.invite()
    await phone.until(486)
    phone.request("ACK")


async def says_bye(phone: RawPhone) -> None:
    phone.invite()
    await phone.connect()
    phone._cseq += 1
    phone.request("BYE")


async def is_hung_up(phone: RawPhone) -> None:
    phone.invite()
    await phone.connect()
    phone.reply(await phone.until_request("BYE"), "200 OK")


async def confirms_nothing(phone: RawPhone) -> None:
    phone.invite()
    await phone.until(200)


async def has_no_codec_of_ours(phone: RawPhone) -> None:
    phone.request("INVITE", FOREIGN)
    await phone.until(488)
    phone.request("ACK")


async def sends_no_sdp_but_words(phone: RawPhone) -> None:
    phone.request("INVITE", "hello")
    phone.request("CANCEL")


async def repeats_itself_and_vanishes(phone: RawPhone) -> None:
    for _ in range(3):
        phone.invite()


PHONES: dict[str, Callable[[RawPhone], Awaitable[None]]] = {
    "cancel": cancels,
    "cancel-now": cancels_at_once,
    "reject": is_rejected,
    "bye": says_bye,
    "hangup": is_hung_up,
    "no-ack": confirms_nothing,
    "no-codec": has_no_codec_of_ours,
    "no-sdp": sends_no_sdp_but_words,
    "vanish": repeats_itself_and_vanishes,
}


async def treat(call: Call) -> None:
    """What the application does depends on who rings."""
    with contextlib.suppress(LineError):
        if call.info.caller in ("bye", "hangup", "no-ack"):
            await call.answer()
        if call.info.caller == "hangup":
            await call.hangup()
        if call.info.caller in ("reject", "vanish", "no-sdp"):
            await call.reject()
    await call.wait_ended()


@contextlib.asynccontextmanager
async def app(limits: Limits) -> AsyncIterator[tuple[BaresipEndpoint, Admission, int, list[Call]]]:
    port, admission, calls = (
        free_port(),
        Admission(replace(limits, max_lag_ms=math.inf)),
        list[Call](),
    )
    config = LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="22000-22498", jitter_buffer_ms=0)
    endpoint = BaresipEndpoint(config, admission)
    await endpoint.start()

    async def serve(group: asyncio.TaskGroup) -> None:
        async for call in endpoint.incoming():
            calls.append(call)
            group.create_task(treat(call))

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve(group))
        try:
            yield endpoint, admission, port, calls
        finally:
            await endpoint.stop()
            serving.cancel()


async def all_leave(admission: Admission, admitted: int) -> None:
    """Wait until so many calls have been let in, and none is in any more."""
    async with asyncio.timeout(10):
        while admission.snapshot().admitted < admitted or admission.in_calls:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("way", PHONES)
async def test_a_place_is_given_back_however_the_call_ends(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "ANSWER_TIMEOUT_S", 0.3)
    async with (
        app(Limits(max_calls=1)) as (_, admission, port, _),
        raw_phone(port, from_=f"<sip:{way}@127.0.0.1>") as phone,
    ):
        await PHONES[way](phone)
        await all_leave(admission, 1)
        async with raw_phone(port, number=2, from_="<sip:bye@127.0.0.1>") as next_:
            await says_bye(next_)
            await all_leave(admission, 2)
        assert admission.snapshot().admitted == 2


@pytest.mark.parametrize("seed", [1])
async def test_many_calls_at_once_end_in_all_ways(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "ANSWER_TIMEOUT_S", 0.3)
    chance = random.Random(seed)
    limits = Limits(max_calls=12, burst=1000, calls_per_s=1000, requests_per_s=1000)
    most = 0
    async with app(limits) as (endpoint, admission, port, calls):

        async def ring(number: int) -> None:
            nonlocal most
            await asyncio.sleep(chance.random() * 3)
            way = chance.choice(list(PHONES))
            async with raw_phone(port, number=number, from_=f"<sip:{way}@127.0.0.1>") as phone:
                # Who comes while it is full is refused, which is no way to end.
                with contextlib.suppress(TimeoutError):
                    await PHONES[way](phone)
                most = max(most, admission.in_calls)

        await asyncio.gather(*(ring(number) for number in range(80)))
        await all_leave(admission, 1)
        state = admission.snapshot()
        assert 1 < most <= 12
        assert state.admitted + sum(state.refused.values()) == 80
        assert len(calls) <= state.admitted
        assert await endpoint.drain(timeout_s=5)
        assert all(call.ended for call in calls)


async def test_stopping_gives_every_place_back() -> None:
    async with app(Limits()) as (endpoint, admission, port, calls):
        async with raw_phone(port, from_="<sip:stays@127.0.0.1>") as phone:
            phone.invite()
            await phone.until(180)
            async with asyncio.timeout(20):
                while not calls:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert admission.in_calls == 1
            waiting = asyncio.create_task(endpoint.drain())
            await endpoint.stop()
            assert admission.in_calls == 0
            assert await asyncio.wait_for(waiting, 20)
        ended = await asyncio.wait_for(calls[0].wait_ended(), 20)
        assert ended.by is HangupBy.LOCAL
