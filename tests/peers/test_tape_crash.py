"""`kill -9` in the middle of a call: the recording opens everywhere, up to the last second."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from telephony.wav import to_alaw
from tests.ports import free_port
from tests.telephony.line_support import ROOT, loud_ms, read_stereo, voice, write_wav
from tests.telephony.raw_phone import RtpPort, raw_phone, rtp_port

pytestmark = pytest.mark.peer
SPEECH = bytes(to_alaw(np.frombuffer(voice(10.0), "<i2")))


async def speak(rtp: RtpPort, to: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for at in range(0, len(SPEECH), 160):
        await asyncio.sleep(start_s + at / 8000 - loop.time())
        rtp.send(SPEECH[at : at + 160], to)


async def call_and_kill(folder: Path, after_s: float) -> tuple[Path, float]:
    """A seat in its own process answers and records both; it is killed `after_s` later. The
    tape, and how long the call had lasted."""
    tape, port = folder / "call.wav", free_port()
    played = write_wav(folder / "played.wav", voice(10.0, seed=2))
    seat = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telephony.loopback.seat", "--listen", f"127.0.0.1:{port}"),
        *("--rtp-ports", "23900-23998", "--ring-ms", "0", "--tape", str(tape)),
        *("--play", str(played), "--speak-after-ms", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert seat.stdout is not None
    try:
        await asyncio.wait_for(seat.stdout.readline(), 20)  # it listens
        async with rtp_port() as rtp, raw_phone(port) as phone:
            phone.rtp_port = rtp.port
            phone.invite()
            target = phone.rtp_target(await phone.connect())
            start_s = time.monotonic()
            speaking = asyncio.create_task(speak(rtp, target))
            await asyncio.sleep(after_s)
            os.kill(seat.pid, signal.SIGKILL)
            lasted_s = time.monotonic() - start_s
            await seat.wait()
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
    finally:
        if seat.returncode is None:
            seat.kill()
        await seat.communicate()
    return tape, lasted_s


def check_strictly(tape: Path) -> float:
    """Every size in the header is true: a reader need not forgive anything. The length in s."""
    data = tape.read_bytes()
    riff, riff_size, wave_, fmt, fmt_size = struct.unpack_from("<4sI4s4sI", data)
    form = struct.unpack_from("<HHIIHH", data, 20)
    name, size = struct.unpack_from("<4sI", data, 36)
    assert (riff, wave_, fmt, fmt_size, name) == (b"RIFF", b"WAVE", b"fmt ", 16, b"data")
    assert form == (1, 2, 8000, 32000, 4, 16)
    assert riff_size == size + 36
    assert size % 4 == 0
    assert size + 44 <= len(data)
    return size / 32000


@pytest.mark.parametrize("after_s", [3.3, 4.6])
async def test_a_killed_call_keeps_all_but_the_last_second(tmp_path: Path, after_s: float) -> None:
    tape, lasted_s = await call_and_kill(tmp_path, after_s)
    kept_s = check_strictly(tape)
    print(f"killed after {lasted_s:.2f} s of call, {kept_s:.2f} s kept")
    # A second, and what a busy machine was late with on the way to the tape.
    assert lasted_s - 1.0 - 0.4 <= kept_s <= lasted_s + 0.1
    with wave.open(str(tape)) as file:
        assert file.getnframes() == kept_s * 8000
        assert len(file.readframes(file.getnframes())) == kept_s * 32000
    sox = await asyncio.create_subprocess_exec(
        *("sox", str(tape), "-n", "stat"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await sox.communicate()
    assert sox.returncode == 0, told.decode()
    assert "WARN" not in told.decode()
    ours, theirs = read_stereo(tape)  # a seat's own voice is on the left
    for side in (ours, theirs):
        assert len(loud_ms(np.ascontiguousarray(side))) > 100 * (kept_s - 1)
