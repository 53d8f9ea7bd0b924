"""The pyVoIP backend on the wire: what a careless, a lossy or a hostile far end does."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import AsyncIterator

import pytest
from backend_bench import ringing
from contract import take
from functions_of_media import PCMA, Rtp, encode
from line_support import free_port, voice
from raw_phone import Message, RawPhone, raw_phone

import telephony.pyvoip.call as call_module
from telephony import Hangup, HangupBy, LineError, PortInUseError, TransferOutcome
from telephony.config import LineConfig, Registration, Trunk
from telephony.pacing import SILENCE
from telephony.pyvoip.call import PyVoipCall
from telephony.pyvoip.line import PyVoipEndpoint
from telephony.pyvoip.registrar import Identity


@pytest.fixture
async def endpoint(sip_port: int) -> AsyncIterator[PyVoipEndpoint]:
    """Two calls at most."""
    config = LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="44400-44448")
    endpoint = PyVoipEndpoint(config, max_calls=2)
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def phone(endpoint: PyVoipEndpoint, sip_port: int) -> AsyncIterator[RawPhone]:
    async with raw_phone(sip_port) as phone:
        yield phone


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
    assert (await asyncio.wait_for(call.wait_ended(), 2)).by is HangupBy.LOCAL
    await phone.until_request("BYE")


async def test_a_request_of_somebody_else_does_not_touch_the_call(
    endpoint: PyVoipEndpoint, phone: RawPhone
) -> None:
    call = await connected(endpoint, phone)
    right = phone._to
    for to in ("<sip:400@127.0.0.1>", "<sip:400@127.0.0.1>;tag=guessed"):
        phone._to = to
        for method in ("BYE", "UPDATE", "REFER", "CANCEL"):
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
            assert (await third.until(503)).headers["retry-after"] == "5"
            third.request("ACK")
            await (await ringing(endpoint)).reject()
            third._call_id = "again"
            third.invite()
            await third.until(180)


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
    async with asyncio.timeout(2):
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
        rtp_ports="44450-44498",
        trunks=(Trunk("one", allow=("127.0.0.1/32",)),),
    )
    endpoint = PyVoipEndpoint(config)
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
    async with asyncio.timeout(2):
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
    assert await asyncio.wait_for(call.wait_ended(), 2) == Hangup(HangupBy.REMOTE, "BYE")


def tagged(invite: Message) -> Message:
    """The INVITE as the far end answers it: with a tag of its own."""
    headers = {**invite.headers, "to": f"{invite.headers['to']};tag=far"}
    return Message(invite.line, headers, invite.body)


async def test_a_dead_far_end_does_not_keep_the_call(
    endpoint: PyVoipEndpoint, phone: RawPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "RTP_LOSS_S", 0.4)
    call = await connected(endpoint, phone)
    assert await asyncio.wait_for(call.wait_ended(), 3) == Hangup(
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


async def test_no_port_for_rtp_is_told_and_the_call_refused(sip_port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 44496))
        endpoint = PyVoipEndpoint(
            LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="44496-44497")
        )
        await endpoint.start()
        async with raw_phone(sip_port) as phone:
            phone.invite()
            call = await ringing(endpoint)
            with pytest.raises(LineError, match="no RTP port of 44496-44497 is free"):
                await call.answer()
            await phone.until(503)
        await endpoint.stop()


async def test_a_port_in_use_is_told(endpoint: PyVoipEndpoint, sip_port: int) -> None:
    with pytest.raises(PortInUseError, match=f"127.0.0.1:{sip_port}/UDP is in use"):
        await PyVoipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}")).start()
    with pytest.raises(LineError, match="an address of this machine"):
        await PyVoipEndpoint(LineConfig(listen="203.0.113.9:5060")).start()


async def test_endpoints_call_each_other_and_leave_no_thread(sip_port: int) -> None:
    before = set(threading.enumerate())
    other = free_port()
    first = PyVoipEndpoint(LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="44450-44470"))
    second = PyVoipEndpoint(LineConfig(listen=f"127.0.0.1:{other}", rtp_ports="44472-44494"))
    await first.start()
    await second.start()
    dialling = asyncio.create_task(first.dial(f"sip:1@127.0.0.1:{other}"))
    answered = await ringing(second)
    await answered.answer()
    result = await dialling
    assert result.call is not None
    await result.call.send_digits("7")
    digits = answered.digits()
    assert await asyncio.wait_for(anext(digits), 2) == "7"
    await first.stop()
    assert await asyncio.wait_for(answered.wait_ended(), 2) == Hangup(HangupBy.REMOTE, "BYE")
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
