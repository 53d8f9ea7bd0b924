"""SIP over TLS with SDES-SRTP, against Debian's baresip and by hand."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from calls_support import Line, heard_by_us, our_line, say
from debian_baresip import debian_baresip
from line_support import clarity_db, voice, write_wav

from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig, Tls, Trunk
from telephony.errors import LineError
from tests.ports import free_port

pytestmark = pytest.mark.peer
SAID_BYTES = 30_000
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "\r\n"


def make_certificate(folder: Path, name: str = "both") -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one PEM file."""
    key, certificate, both = (folder / f"{name}.{kind}" for kind in ("key", "crt", "pem"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


def tls_facts(certificate: Path, **more: Path) -> dict[str, object]:
    """Our line with TLS, and a trunk that is reached by it."""
    tls = Tls(f"127.0.0.1:{free_port()}", certificate, **more)
    return {"tls": tls, "trunks": (Trunk("local"), Trunk("secure", transport="tls"))}


def tls_port(line: Line) -> int:
    assert line.config.tls is not None
    return int(line.config.tls.listen.rpartition(":")[2])


async def test_debian_baresip_calls_over_tls_and_srtp(tmp_path: Path) -> None:
    ours, theirs = voice(2, seed=1), voice(20, seed=2)
    wav, certificate = write_wav(tmp_path / "say.wav", theirs), make_certificate(tmp_path)
    async with (
        our_line(**tls_facts(certificate)) as line,
        debian_baresip(
            tmp_path / "b",
            say=wav,
            transport="tls",
            account="answermode=auto;mediaenc=srtp-mand",
            certificate=certificate,
        ) as phone,
    ):
        await phone.command("dial", f"sip:voicebot@127.0.0.1:{tls_port(line)};transport=tls")
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, ours)
        await call.hangup()
        await phone.event("CALL_CLOSED")
        heard, said = clarity_db(ours, phone.heard()), clarity_db(theirs[:SAID_BYTES], ear.all())
        assert "SRTP is Enabled" in (tmp_path / "b/log").read_text()
    print(f"over SRTP the peer hears us at {heard:.1f} dB, we hear it at {said:.1f} dB")
    assert heard >= 35
    assert said >= 35


async def test_we_dial_debian_baresip_over_tls_by_the_trunks_name(tmp_path: Path) -> None:
    ours = voice(1.4, seed=3)
    wav, certificate = write_wav(tmp_path / "say.wav", voice(20)), make_certificate(tmp_path)
    async with (
        our_line(**tls_facts(certificate)) as line,
        debian_baresip(
            tmp_path / "b",
            say=wav,
            transport="tls",
            account="answermode=auto;mediaenc=srtp-mand",
            certificate=certificate,
        ) as phone,
    ):
        result = await line.endpoint.dial(f"sip:peer@127.0.0.1:{phone.port + 1}", trunk="secure")
        assert result.call is not None, result
        await say(result.call, ours)
        await result.call.hangup()
        await phone.event("CALL_CLOSED")
        heard = clarity_db(ours, phone.heard())
        assert "SRTP is Enabled" in (tmp_path / "b/log").read_text()
    assert heard >= 35


async def tls_invite(port: int, media: str, keys: str = "", user: str = "voicebot") -> str:
    """An INVITE over TLS; the final answer's status line."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    own = writer.get_extra_info("sockname")[1]
    body = f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{media}{keys}"
    head = (
        f"INVITE sip:{user}@127.0.0.1:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/TLS 127.0.0.1:{own};branch=z9hG4bKtls\r\n"
        "From: <sip:a@127.0.0.1>;tag=1\r\n"
        f"To: <sip:{user}@127.0.0.1:{port}>\r\nCall-ID: tls-{own}\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <sip:a@127.0.0.1:{own};transport=tls>\r\nMax-Forwards: 70\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write((head + body).encode())
    async with asyncio.timeout(10):
        while True:
            line = (await reader.readline()).decode().strip()
            if line.startswith("SIP/2.0 ") and not line.startswith("SIP/2.0 1"):
                writer.close()
                return line


@pytest.mark.parametrize("user", ["voicebot", "4008001234"])
async def test_unencrypted_media_over_tls_is_refused_with_488(tmp_path: Path, user: str) -> None:
    async with our_line(**tls_facts(make_certificate(tmp_path))) as line:
        port = tls_port(line)
        plain = "m=audio 9 RTP/AVP 8\r\n"
        assert await tls_invite(port, plain, user=user) == "SIP/2.0 488 Not Acceptable Here"
        keyless = "m=audio 9 RTP/SAVP 8\r\n"
        assert await tls_invite(port, keyless, user=user) == "SIP/2.0 488 Not Acceptable Here"
        ringing = asyncio.ensure_future(line.ringing())
        invite = asyncio.ensure_future(tls_invite(port, keyless, CRYPTO, user))
        await (await ringing).reject(480)
        assert await invite == "SIP/2.0 480 Temporarily Unavailable"


async def test_a_certificate_of_another_authority_is_sent_away(tmp_path: Path) -> None:
    certificate, stranger = make_certificate(tmp_path), make_certificate(tmp_path, "stranger")
    async with our_line(**tls_facts(certificate, authority=certificate)) as line:

        def version(own: Path | None) -> str:
            """The TLS version spoken with this certificate of ours; empty if sent away."""
            context = ssl.create_default_context(cafile=certificate)
            if own is not None:
                context.load_cert_chain(own)
            with (
                contextlib.suppress(ssl.SSLError, ConnectionError),
                socket.create_connection(("127.0.0.1", tls_port(line)), 5) as tcp,
                context.wrap_socket(tcp, server_hostname="127.0.0.1") as tls,
            ):
                tls.settimeout(1)
                tls.sendall(b"\r\n\r\n")  # RFC 5626: answered by one CRLF
                return tls.version() or "" if tls.recv(4) else ""
            return ""

        assert (await asyncio.to_thread(version, certificate)).startswith("TLSv1.")
        assert await asyncio.to_thread(version, stranger) == ""


async def test_a_server_that_our_authority_does_not_know_is_not_dialled(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "say.wav", voice(20))
    certificate, stranger = make_certificate(tmp_path), make_certificate(tmp_path, "stranger")
    async with our_line(**tls_facts(certificate, authority=certificate)) as line:
        for name, theirs, accepted in (("known", certificate, True), ("not", stranger, False)):
            account = "answermode=auto;mediaenc=srtp-mand"
            async with debian_baresip(
                tmp_path / name, say=wav, transport="tls", account=account, certificate=theirs
            ) as phone:
                target = f"sip:peer@127.0.0.1:{phone.port + 1}"
                result = await line.endpoint.dial(target, trunk="secure", timeout_s=5)
                assert (result.call is not None) is accepted, result
                if result.call is not None:
                    await result.call.hangup()


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), (b"", "private key and certificate"), (b"junk", "private key")],
)
async def test_a_certificate_that_is_none_is_told_at_start(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "line.pem"
    if content is not None:
        path.write_bytes(content)
    tls = Tls(f"127.0.0.1:{free_port()}", path)
    with pytest.raises(LineError, match=told):
        await BaresipEndpoint(LineConfig(f"127.0.0.1:{free_port()}", tls=tls)).start()


async def test_without_tls_nothing_listens_beside_the_sip_port() -> None:
    with pytest.raises(LineError, match="needs the line's tls"):
        BaresipEndpoint(LineConfig(trunks=(Trunk("secure", transport="tls"),)))
    async with our_line() as line:
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", line.port + 1)
        with pytest.raises(LineError, match="no tls on this line"):
            await line.endpoint.dial("sip:1@127.0.0.1;transport=tls")
        with pytest.raises(LineError, match="trunk 'nobody' is not configured; known: local"):
            await line.endpoint.dial("sip:1@127.0.0.1", trunk="nobody")
