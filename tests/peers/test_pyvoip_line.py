"""SIPp, an independent SIP and RTP stack, against the pyVoIP backend."""

from __future__ import annotations

import asyncio
import contextlib
import math
from pathlib import Path

import pytest
from test_sipp_line import SPEECH_HZ, Heard, echoing, sipp

from telephony import HangupBy, TransferOutcome
from telephony.admission import Admission, Limits
from telephony.config import LineConfig
from telephony.pyvoip.line import PyVoipEndpoint
from tests.ports import free_port

pytestmark = pytest.mark.peer


def echo_app(port: int) -> contextlib.AbstractAsyncContextManager[list[Heard]]:
    return echoing(pyvoip(port))


def pyvoip(port: int) -> PyVoipEndpoint:
    config = LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="24300-24398")
    return PyVoipEndpoint(config, Admission(Limits(max_lag_ms=math.inf, burst=50)))


@pytest.mark.parametrize("calls", [1, 5], ids=["one", "five-at-once"])
async def test_sipp_calls_are_heard_and_cleanly_ended(tmp_path: Path, calls: int) -> None:
    port = free_port()
    async with echo_app(port) as heard:
        await sipp("echo_call.xml", port, tmp_path, calls=calls, pause_ms=2000)
    assert len(heard) == calls
    for one in heard:
        assert one.call.ended is not None
        assert (one.call.ended.by, one.call.ended.reason) == (HangupBy.REMOTE, "BYE")
        assert one.call.info.callee == "4008001234"
        assert one.call.info.caller.startswith("1390013900")
        assert 90 <= len(one.frames) <= 106
        assert sum(one.loud()) >= 90
        assert abs(one.main_hz() - SPEECH_HZ) < 2
        quality = one.call.quality
        assert quality is not None
        assert quality.received >= 90
        assert quality.lost == 0


async def test_hold_is_silence_and_the_voice_comes_back(tmp_path: Path) -> None:
    port = free_port()
    async with echo_app(port) as heard:
        await sipp("hold_call.xml", port, tmp_path, calls=1, pause_ms=1000)
    (one,) = heard
    loud = one.loud()
    assert 140 <= len(loud) <= 158
    assert sum(loud[:45]) >= 40
    assert sum(loud[60:95]) == 0
    assert sum(loud[-40:]) >= 35


async def test_twenty_callers_who_give_up_are_never_answered(tmp_path: Path) -> None:
    port = free_port()
    endpoint = pyvoip(port)
    await endpoint.start()
    ended = []

    async def ring() -> None:
        async for call in endpoint.incoming():
            ended.append(await call.wait_ended())

    ringing = asyncio.create_task(ring())
    await sipp("cancel_call.xml", port, tmp_path, calls=20, pause_ms=100)
    async with asyncio.timeout(20):
        await endpoint.drain()
    await endpoint.stop()
    await ringing
    assert {(end.by, end.reason) for end in ended} <= {(HangupBy.REMOTE, "CANCEL")}


async def test_sipp_is_dialled_and_hung_up_on(tmp_path: Path) -> None:
    """SIPp's own answering scenario: it fails where our INVITE, ACK or BYE is wrong."""
    endpoint, port = pyvoip(free_port()), free_port()
    await endpoint.start()
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin"),
        *("-timeout", "15s", "-timeout_error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    result = await endpoint.dial(f"sip:2001@127.0.0.1:{port}", timeout_s=10)
    assert result.outcome is TransferOutcome.ACCEPTED
    assert result.call is not None
    assert result.call.codec == "pcmu"
    await result.call.hangup()
    screen, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, screen.decode(errors="replace")[-3000:]
    await endpoint.stop()
