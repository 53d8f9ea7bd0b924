"""SIPp, an independent SIP and RTP stack, calls an echo on our line."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from telephony import Call, Endpoint, HangupBy
from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.wav import to_alaw
from tests.ports import free_port

pytestmark = pytest.mark.peer
SCENARIOS = Path(__file__).parent / "scenarios"
SPEECH_HZ = 620


@dataclass
class Heard:
    """One echoed call: frames in order."""

    call: Call
    frames: list[bytes] = field(default_factory=list)

    def loud(self) -> list[bool]:
        """Whether each frame sounds."""
        return [float(np.std(np.frombuffer(frame, "<i2"))) > 300 for frame in self.frames]

    def main_hz(self) -> float:
        pcm = np.frombuffer(b"".join(self.frames), "<i2").astype(float)
        return float(np.fft.rfftfreq(len(pcm), 1 / 8000)[np.argmax(np.abs(np.fft.rfft(pcm)))])


def echo_app(port: int) -> contextlib.AbstractAsyncContextManager[list[Heard]]:
    config = LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="21000-21998", jitter_buffer_ms=20)
    return echoing(BaresipEndpoint(config, Admission(Limits(max_lag_ms=math.inf))))


@contextlib.asynccontextmanager
async def echoing(endpoint: Endpoint) -> AsyncIterator[list[Heard]]:
    """Answers every call and says back what it hears."""
    calls: list[Heard] = []
    await endpoint.start()

    async def echo(heard: Heard) -> None:
        await heard.call.answer()
        async for frame in heard.call.frames():
            heard.frames.append(frame)
            heard.call.play(frame)

    async def serve(group: asyncio.TaskGroup) -> None:
        async for call in endpoint.incoming():
            calls.append(Heard(call))
            group.create_task(echo(calls[-1]))

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve(group))
        yield calls
        await asyncio.gather(*(asyncio.wait_for(heard.call.wait_ended(), 20) for heard in calls))
        await endpoint.stop()
        serving.cancel()


async def sipp(
    scenario: str, port: int, folder: Path, *, calls: int, pause_ms: int, transport: str = "u1"
) -> None:
    """Run SIPp to its end; fails with its screen if a call failed."""
    tone = 8000 * np.sin(2 * np.pi * SPEECH_HZ * np.arange(16_000) / 8000)
    (folder / "caller.al").write_bytes(to_alaw(tone.astype(np.int16)))
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{port}", "-sf", str(SCENARIOS / scenario), "-s", "4008001234"),
        *("-m", str(calls), "-l", str(calls), "-r", str(calls), "-d", str(pause_ms)),
        *("-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(free_port()), "-t", transport),
        *("-nostdin", "-timeout", "20s", "-timeout_error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    screen, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, screen.decode(errors="replace")[-3000:]


@pytest.mark.parametrize(
    ("calls", "transport"), [(1, "u1"), (1, "t1"), (5, "u1")], ids=["udp", "tcp", "five-at-once"]
)
async def test_sipp_calls_are_heard_and_cleanly_ended(
    tmp_path: Path, calls: int, transport: str
) -> None:
    port = free_port()
    async with echo_app(port) as heard:
        await sipp("echo_call.xml", port, tmp_path, calls=calls, pause_ms=2000, transport=transport)
    assert len(heard) == calls
    for one in heard:
        assert one.call.ended is not None
        assert (one.call.ended.by, one.call.ended.reason) == (HangupBy.REMOTE, "BYE")
        assert one.call.info.callee == "4008001234"
        assert one.call.info.caller.startswith("1390013900")
        assert 90 <= len(one.frames) <= 106
        assert sum(one.loud()) >= 90
        assert abs(one.main_hz() - SPEECH_HZ) < 2


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
