"""The pyVoIP backend among far ends that mean harm, or ask for what there is none of."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest
from backend_bench import ringing
from contract import take
from functions_of_media import PCMA, Rtp, encode
from line_support import calm, voice
from pyvoip_support import connected, tamper
from raw_phone import RawPhone, raw_phone

from telephony import LineError
from telephony.config import LineConfig, Registration, Trunk
from telephony.pacing import SILENCE
from telephony.pyvoip.line import PyVoipEndpoint
from telephony.pyvoip.registrar import Identity


async def test_a_request_of_somebody_else_does_not_touch_the_call(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    right = phone._to
    for to in ("<sip:400@127.0.0.1>", "<sip:400@127.0.0.1>;tag=guessed"):
        phone._to = to
        for method in ("BYE", "UPDATE", "CANCEL"):
            phone._cseq += 1
            phone.request(method)
            await phone.until(481)
    phone._to = right
    tamper(phone, ";tag=raw", ";tag=other")
    phone._cseq += 1
    phone.request("BYE")
    await phone.until(481)
    assert call.ended is None


@pytest.mark.parametrize(
    ("method", "code"), [("REFER", 603), ("INFO", 405), ("MESSAGE", 405), ("OPTIONS", 200)]
)
async def test_what_a_far_end_may_not_do_in_a_call(
    endpoint: PyVoipEndpoint, phone: RawPhone, method: str, code: int
) -> None:
    call = await connected(endpoint, phone)
    phone._cseq += 1
    phone.request(method, Refer_To="<sip:1@127.0.0.1>")
    assert (await phone.until(code)).headers["cseq"].endswith(method)
    phone.request(method, Refer_To="<sip:1@127.0.0.1>")  # the same again: the same answer
    await phone.until(code)
    assert call.ended is None


async def test_an_extension_that_is_required_is_named(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    phone.request("INVITE", phone._sdp("sendrecv"), Require="100rel")
    assert (await phone.until(420)).headers["unsupported"] == "100rel"


async def test_one_call_too_many_gets_503_and_a_time(
    endpoint: PyVoipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port, number=1) as first, raw_phone(sip_port, number=2) as second:
        for phone in (first, second):
            phone.invite()
            await phone.until(180)
        async with raw_phone(sip_port, number=3) as third:
            third.invite()
            assert 5 <= int((await third.until(503)).headers["retry-after"]) <= 10
            third.request("ACK")
            await (await ringing(endpoint)).reject()
            await first.until(486)
            third._call_id = "again"
            third.invite()
            await third.until(180)


async def test_audio_from_another_address_is_not_heard(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    loop = asyncio.get_running_loop()
    call = await connected(endpoint, phone)
    to = phone.rtp_target(phone.answer)  # type: ignore[attr-defined]
    sender, rtp = await loop.create_datagram_endpoint(Rtp, local_addr=("127.0.0.2", 0))
    for _ in range(10):
        rtp.send(to, PCMA, encode(PCMA, voice(0.02)))
    assert set(await take(call, 15)) == {SILENCE}
    assert call.quality is not None
    assert call.quality.received == 0
    sender.close()


async def test_a_contact_elsewhere_does_not_make_us_send_there(sip_port: int) -> None:
    config = LineConfig(
        listen=f"127.0.0.1:{sip_port}",
        rtp_ports="24450-24498",
        trunks=(Trunk("one", allow=("127.0.0.1/32",)),),
    )
    endpoint = PyVoipEndpoint(config, calm())
    await endpoint.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.3", 0))
        elsewhere.setblocking(False)
        contact = f"<sip:raw@127.0.0.3:{elsewhere.getsockname()[1]}>"
        async with raw_phone(sip_port) as phone:
            tamper(phone, f"<sip:raw@127.0.0.1:{phone.port}>", contact)
            call = await connected(endpoint, phone)
            await call.hangup()
            assert (await phone.until_request("BYE")).line == f"BYE {contact[1:-1]} SIP/2.0"
        with pytest.raises(BlockingIOError):
            elsewhere.recv(100)
    await endpoint.stop()


async def test_mutated_messages_and_packets_stop_nothing(
    endpoint: PyVoipEndpoint, phone: RawPhone, sip_port: int
) -> None:
    call = await connected(endpoint, phone)
    rtp = phone.rtp_target(phone.answer)  # type: ignore[attr-defined]
    rng = random.Random(5)
    sent: list[str] = []
    phone._send = sent.append  # type: ignore[method-assign]
    for method in ("INVITE", "UPDATE", "OPTIONS", "CANCEL"):
        phone.request(method, phone._sdp("sendrecv"))
    seeds = [text.encode() for text in sent] + [b"\x80\x08" + bytes(170)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for _ in range(2000):
            data = bytearray(rng.choice(seeds))
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            attacker.sendto(data[: rng.randrange(len(data))], ("127.0.0.1", sip_port))
            attacker.sendto(data[: rng.randrange(len(data))], rtp)
            if rng.random() < 0.02:
                await asyncio.sleep(0.005)
    assert len(await take(call, 20)) == 20
    await call.hangup()
    async with raw_phone(sip_port, number=2) as next_phone:
        next_phone.invite()
        await next_phone.until(180)


def test_no_secret_in_a_log_or_repr() -> None:
    registration = Registration("10.0.0.1", "bot", "s3cret")
    identity = Identity(registration, "10.0.0.2", 5060)
    assert "s3cret" not in repr(registration) + repr(identity)
    assert "s3cret" not in identity.gen_first_response()


async def test_no_port_for_rtp_is_told_and_the_call_refused(sip_port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 24496))
        endpoint = PyVoipEndpoint(
            LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="24496-24497"), calm()
        )
        await endpoint.start()
        async with raw_phone(sip_port) as phone:
            phone.invite()
            call = await ringing(endpoint)
            with pytest.raises(LineError, match="no RTP port of 24496-24497 is free"):
                await call.answer()
            await phone.until(503)
        await endpoint.stop()
