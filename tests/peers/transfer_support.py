"""SIPp as the far end of a transfer, and the line it meets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from line_support import samples

from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.wav import to_alaw
from tests.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"
SPEECH_HZ = 620


@dataclass
class Sipp:
    """One run of one scenario; fails with SIPp's screen when a message was not the expected."""

    process: asyncio.subprocess.Process
    port: int

    async def screen(self) -> str:
        """What it had to say, once it has ended."""
        text, _ = await asyncio.wait_for(self.process.communicate(), 20)
        return text.decode(errors="replace")[-4000:]

    async def finish(self) -> None:
        screen = await self.screen()
        assert self.process.returncode == 0, screen


@contextlib.asynccontextmanager
async def sipp(
    scenario: str,
    folder: Path,
    rtp: int,
    *,
    target: int = 0,
    pause_ms: int = 0,
    says: bytes = b"",
    **keys: str,
) -> AsyncIterator[Sipp]:
    """Play a scenario once, as a caller of 127.0.0.1:`target` or (0) as one that is rung.

    `keys` are its [words], `pause_ms` its pauses; it speaks a tone of `SPEECH_HZ` from the RTP
    port `rtp`, or what it `says` (s16le, 8 kHz), again and again.
    """
    tone = 8000 * np.sin(2 * np.pi * SPEECH_HZ * np.arange(16_000) / 8000)
    speech = np.frombuffer(says, np.int16) if says else tone.astype(np.int16)
    (folder / "caller.al").write_bytes(to_alaw(speech))
    port = free_port()
    remote = [f"127.0.0.1:{target}"] if target else []
    text = (SCENARIOS / scenario).read_text()
    for key, value in keys.items():
        text = text.replace(f"[{key}]", value)
    (folder / scenario).write_text(text)
    process = await asyncio.create_subprocess_exec(
        *("sipp", *remote, "-sf", scenario, "-s", "4008001234", "-m", "1", "-d", str(pause_ms)),
        *("-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port), "-mp", str(rtp)),
        *("-nostdin", "-timeout", "20s", "-timeout_error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    far = Sipp(process, port)
    try:
        yield far
    except BaseException:
        if process.returncode is None:
            process.kill()
        print(await far.screen())
        raise


async def answered(endpoint: BaresipEndpoint) -> Call:
    """The next call that rings, answered and heard."""
    call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 10)
    await call.answer()
    await is_heard(call)
    return call


async def is_heard(call: Call, frames: int = 15) -> None:
    """Wait until the far end's tone has sounded for `frames` frames without a break."""
    heard = b""
    async with asyncio.timeout(8):
        async for frame in call.frames():
            heard = heard + frame if np.std(samples(frame)) > 300 else b""
            if len(heard) == frames * 320:
                break
    spectrum = np.abs(np.fft.rfft(samples(heard)))
    assert abs(np.fft.rfftfreq(len(heard) // 2, 1 / 8000)[np.argmax(spectrum)] - SPEECH_HZ) < 5
