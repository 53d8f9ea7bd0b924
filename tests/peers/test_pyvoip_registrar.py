"""The pyVoIP backend behind kamailio: digest REGISTER, and calls both ways through its routes."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_sipp_line import SCENARIOS, SPEECH_HZ, echoing, sipp

from telephony import HangupBy, TransferOutcome
from telephony.admission import Admission, Limits
from telephony.config import LineConfig, Registration, Trunk
from telephony.pyvoip.line import PyVoipEndpoint
from tests.ports import free_port

pytestmark = pytest.mark.peer
PASSWORD = "kamailio-s3cret"
PROBE = (
    "OPTIONS sip:probe@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK1\r\n"
    "From: <sip:p@127.0.0.1>;tag=1\r\nTo: <sip:p@127.0.0.1>\r\nCall-ID: {port}\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"
)


@dataclass(frozen=True)
class Pbx:
    port: int
    seat_port: int

    def endpoint(self, password: str = PASSWORD) -> PyVoipEndpoint:
        account = Registration(f"127.0.0.1:{self.port}", "bot", password, interval_s=60)
        return PyVoipEndpoint(
            LineConfig(
                listen=f"127.0.0.1:{free_port()}",
                rtp_ports="24340-24398",
                trunks=(Trunk("pbx", registration=account),),
                user="bot",
            ),
            Admission(Limits(max_lag_ms=math.inf, burst=50)),
        )


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(0.2)
        probe.sendto(PROBE.format(port=probe.getsockname()[1]).encode(), ("127.0.0.1", port))
        with contextlib.suppress(OSError):
            return bool(probe.recv(2000))
        return False


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Pbx]:
    pbx = Pbx(free_port(), free_port())
    text = (SCENARIOS / "registrar.cfg").read_text()
    for name, value in (("PORT", pbx.port), ("SEAT", pbx.seat_port), ("PASSWORD", PASSWORD)):
        text = text.replace(f"@{name}@", str(value))
    config = tmp_path / "kamailio.cfg"
    config.write_text(text)
    try:
        process = await asyncio.create_subprocess_exec(
            *("kamailio", "-f", str(config), "-DD", "-E", "-Y", str(tmp_path), "-m", "32"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise AssertionError("kamailio is expected: make peers (deploy/install-peers.sh)") from None
    try:
        async with asyncio.timeout(15):
            while not await asyncio.to_thread(_answers, pbx.port):
                assert process.returncode is None, await _words(process)
        yield pbx
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    return (await process.stderr.read()).decode(errors="replace")[-2000:]


async def registered(endpoint: PyVoipEndpoint) -> None:
    await asyncio.wait_for(endpoint._registrars["pbx"].registered.wait(), 20)


async def test_a_call_comes_through_the_registrar_and_its_routes(pbx: Pbx, tmp_path: Path) -> None:
    endpoint = pbx.endpoint()
    async with echoing(endpoint) as heard:
        await registered(endpoint)
        await sipp("echo_call.xml", pbx.port, tmp_path, calls=2, pause_ms=1000)
    assert len(heard) == 2
    for one in heard:
        assert one.call.ended is not None
        assert (one.call.ended.by, one.call.ended.reason) == (HangupBy.REMOTE, "BYE")
        assert one.call.info.trunk == "pbx"
        assert abs(one.main_hz() - SPEECH_HZ) < 2


async def test_a_dial_logs_in_and_its_bye_takes_the_route(pbx: Pbx, tmp_path: Path) -> None:
    endpoint = pbx.endpoint()
    await endpoint.start()
    await registered(endpoint)
    scenario = tmp_path / "seat.xml"
    text = (SCENARIOS / "seat_call.xml").read_text()
    scenario.write_text(text.replace("[proxy_port]", str(pbx.port)))
    seat = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(pbx.seat_port), "-m", "1"),
        *("-nostdin", "-timeout", "15s", "-timeout_error", "-trace_msg"),
        *("-message_file", str(tmp_path / "seat.log")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    result = await endpoint.dial(f"sip:2001@127.0.0.1:{pbx.port}", timeout_s=10)
    assert result.outcome is TransferOutcome.ACCEPTED
    assert result.call is not None
    await result.call.hangup()
    screen, _ = await asyncio.wait_for(seat.communicate(), 20)
    assert seat.returncode == 0, screen.decode(errors="replace")[-3000:]
    assert PASSWORD not in (tmp_path / "seat.log").read_text()
    await endpoint.stop()


async def test_a_wrong_password_is_told_and_does_not_register(
    pbx: Pbx, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = pbx.endpoint(password="wr0ng")
    await endpoint.start()
    async with asyncio.timeout(20):
        while "not registered" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert f"trunk pbx: not registered with 127.0.0.1:{pbx.port}: 401 Unauthorized" in caplog.text
    assert "wr0ng" not in caplog.text
    assert not endpoint._registrars["pbx"].registered.is_set()
    await endpoint.stop()
