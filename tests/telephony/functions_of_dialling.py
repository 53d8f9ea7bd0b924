"""Scenarios: calls that we place or pass on, registrars, other transports."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from backend_bench import Bench, shows
from contract import take
from line_support import child
from raw_phone import Message, RawPhone, parse

from telephony import Endpoint, TransferOutcome
from telephony.backends import Function
from telephony.config import Registration, Tls, Trunk
from telephony.loopback.refusal import RefusingAgent, RefusingProtocol, Request
from tests.ports import free_port

OPTIONS = (
    "OPTIONS sip:400@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:9;branch=z9hG4bK1\r\n"
    "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:400@127.0.0.1>\r\nCall-ID: 1\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
PASSWORD = "s3cret"


@contextlib.asynccontextmanager
async def refusing_seat(code: int | None) -> AsyncIterator[tuple[int, asyncio.Queue[str]]]:
    """Rings, then says `code`; None: rings on. Its port, and what happens to it."""
    events: asyncio.Queue[str] = asyncio.Queue()

    def on_event(event: str, request: Request) -> None:
        events.put_nowait(event)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RefusingProtocol(RefusingAgent(code, on_event), ring_ms=50),
        local_addr=("127.0.0.1", 0),
    )
    try:
        yield transport.get_extra_info("sockname")[1], events
    finally:
        transport.close()


@shows(Function.DIAL)
async def dial(bench: Bench) -> None:
    endpoint, port = await bench.start(), free_port()
    seat = await bench.cleanup.enter_async_context(
        child(
            "telephony.loopback.seat",
            *("--listen", f"127.0.0.1:{port}", "--ring-ms", 100, "--expose", "X-Summary-Id"),
        )
    )
    await seat.event("listening")
    uri, headers = f"sip:2001@127.0.0.1:{port}", {"X-Summary-Id": "单号 42"}
    result = await endpoint.dial(uri, headers=headers, timeout_s=10)
    assert result.outcome is TransferOutcome.ACCEPTED
    assert result.call is not None
    assert result.call.info.callee == "2001"
    assert (await seat.event("ringing"))["headers"] == {"x-summary-id": "单号 42"}
    assert len(await take(result.call, 10)) == 10
    await result.call.hangup()
    assert (await seat.event("ended"))["by"] == "remote"


@shows(Function.DIAL_REFUSED)
async def dial_refused(bench: Bench) -> None:
    endpoint = await bench.start()
    for code, outcome in (
        (486, TransferOutcome.BUSY),
        (600, TransferOutcome.BUSY),
        (603, TransferOutcome.DECLINED),
        (480, TransferOutcome.NO_ANSWER),
        (404, TransferOutcome.FAILED),
        (503, TransferOutcome.FAILED),
    ):
        async with refusing_seat(code) as (port, _):
            result = await endpoint.dial(f"sip:2001@127.0.0.1:{port}", timeout_s=5)
        assert (result.outcome, result.sip_code) == (outcome, code)
        assert result.call is None


@shows(Function.DIAL_NO_ANSWER)
async def dial_no_answer(bench: Bench) -> None:
    endpoint = await bench.start()
    async with refusing_seat(None) as (port, events):
        result = await endpoint.dial(f"sip:2001@127.0.0.1:{port}", timeout_s=0.8)
        assert result.outcome is TransferOutcome.NO_ANSWER
        async with asyncio.timeout(3):
            assert [await events.get(), await events.get()] == ["ringing", "cancelled"]


@shows(Function.DIAL_UNREACHABLE)
async def dial_unreachable(bench: Bench) -> None:
    endpoint = await bench.start()
    for uri in ("sip:1@127.0.0.1:9", "tel:400", "sip:1@x\r\nEvil: 1", "sip:@", ""):
        result = await endpoint.dial(uri, timeout_s=0.5)
        assert result.outcome is TransferOutcome.UNREACHABLE
        assert result.reason


@shows(Function.TRANSFER)
async def transfer(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    for sipfrag, outcome in (
        ("SIP/2.0 486 Busy Here", TransferOutcome.BUSY),
        ("SIP/2.0 200 OK", TransferOutcome.ACCEPTED),
    ):
        headers = {"X-Summary-Id": "42"}
        transferring = asyncio.create_task(call.transfer("sip:2001@127.0.0.1", headers=headers))
        refer = await phone.until_request("REFER")
        assert refer.headers["refer-to"] == "<sip:2001@127.0.0.1?X-Summary-Id=42>"
        phone.reply(refer, "202 Accepted")
        phone.notify(sipfrag, final=True)
        assert (await asyncio.wait_for(transferring, 5)).outcome is outcome


async def _with_consult(bench: Bench, endpoint: Endpoint) -> tuple[RawPhone, Message]:
    """A phone that our dial has reached, and the INVITE it got."""
    phone = await bench.phone(2)
    dialling = asyncio.create_task(endpoint.dial(f"sip:2001@127.0.0.1:{phone.port}", timeout_s=5))
    invite = await phone.until_request("INVITE")
    tagged = replace(invite, headers={**invite.headers, "to": f"{invite.headers['to']};tag=seat"})
    phone.reply(tagged, "200 OK", phone._sdp("sendrecv"))
    await phone.until_request("ACK")
    phone.result = await dialling  # type: ignore[attr-defined]
    return phone, tagged


@shows(Function.ATTENDED)
async def attended(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone, Supported="replaces")
    seat, invite = await _with_consult(bench, endpoint)
    consult = seat.result.call  # type: ignore[attr-defined]
    joining = asyncio.create_task(call.attended_transfer(consult, timeout_s=5))
    refer = await _until_refer(phone)
    assert f"Replaces={invite.headers['call-id'].partition('@')[0]}" in refer.headers["refer-to"]
    phone.reply(refer, "202 Accepted")
    phone.notify("SIP/2.0 200 OK", final=True)
    assert (await asyncio.wait_for(joining, 5)).outcome is TransferOutcome.ACCEPTED


async def _until_refer(phone: RawPhone) -> Message:
    """The next REFER; a re-INVITE before it (hold) is agreed to."""
    while True:
        message = await phone._next(lambda message: message.method in ("REFER", "INVITE"))
        if message.method == "REFER":
            return message
        phone.reply(message, "200 OK", phone._sdp("recvonly"))


class FakeRegistrar(asyncio.DatagramProtocol):
    """Challenges a REGISTER, checks the digest (RFC 2617) and then rings nobody."""

    def __init__(self) -> None:
        self.accepted: asyncio.Queue[Message] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = parse(data)
        if request.method != "REGISTER":
            return
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("authorization", "")))
        if given.get("response") == _digest(given) and given.get("nonce") == "n0nce":
            self.accepted.put_nowait(request)
            self._say(request, addr, "200 OK", f"Contact: {request.headers['contact']}")
        else:
            challenge = 'WWW-Authenticate: Digest realm="pbx", nonce="n0nce", algorithm=MD5'
            self._say(request, addr, "401 Unauthorized", challenge)

    def _say(self, request: Message, addr: tuple[str, int], status: str, more: str) -> None:
        lines = [f"SIP/2.0 {status}"]
        lines += [f"{n}: {request.headers[n]}" for n in ("via", "from", "call-id", "cseq")]
        lines += [f"to: {request.headers['to']};tag=reg", more, "content-length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode(), addr)  # type: ignore[attr-defined]


def _digest(given: dict[str, str]) -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret = md5(f"bot:pbx:{PASSWORD}")
    return md5(f"{secret}:{given.get('nonce')}:{md5('REGISTER:' + given.get('uri', ''))}")


@shows(Function.REGISTER)
async def register(bench: Bench) -> None:
    transport, registrar = await asyncio.get_running_loop().create_datagram_endpoint(
        FakeRegistrar, local_addr=("127.0.0.1", 0)
    )
    bench.cleanup.callback(transport.close)
    port = transport.get_extra_info("sockname")[1]
    account = Registration(f"127.0.0.1:{port}", "bot", PASSWORD, interval_s=60)
    await bench.start(trunks=(Trunk("pbx", registration=account),))
    request = await asyncio.wait_for(registrar.accepted.get(), 5)
    assert f"@127.0.0.1:{bench.port}" in request.headers["contact"]


async def _options_over(bench: Bench, port: int, transport: str, tls: ssl.SSLContext | None) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    bench.cleanup.callback(writer.close)
    writer.write(OPTIONS.format(transport=transport).encode())
    return (await asyncio.wait_for(reader.readline(), 3)).decode().strip()


@shows(Function.TCP)
async def tcp(bench: Bench) -> None:
    await bench.start()
    try:
        answer = await _options_over(bench, bench.port, "TCP", None)
    except OSError as error:
        raise AssertionError(f"no SIP over TCP: {error}") from error
    assert answer == "SIP/2.0 200 OK"


async def certificate(folder: Path) -> Path:
    """A self-signed certificate with its key, for this machine only."""
    path = folder / "line.pem"
    process = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(path)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0, "openssl is expected (deploy/install-peers.sh)"
    path.write_text((folder / "key.pem").read_text() + path.read_text())
    return path


@shows(Function.TLS)
async def tls(bench: Bench) -> None:
    port = free_port()
    pem = await certificate(bench.folder)
    await bench.start(tls=Tls(f"127.0.0.1:{port}", pem))
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    try:
        answer = await _options_over(bench, port, "TLS", trusting)
    except OSError as error:
        raise AssertionError(f"no SIP over TLS: {error}") from error
    assert answer == "SIP/2.0 200 OK"
