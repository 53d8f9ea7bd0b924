"""Sounds, files, ports and child processes for the tests of the line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telephony.admission import Admission, Limits

ROOT = Path(__file__).parents[2]
RATE = 8000
WHOLE_DB = 6.0  # a piece of sound that is not there is found somewhere at 3 dB and less
Samples = NDArray[np.float64]


def voice(seconds: float, seed: int = 1) -> bytes:
    """Something like speech for a meter and a codec: band-limited noise at -17 dBFS."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(int(seconds * RATE)))
    hz = np.fft.rfftfreq(int(seconds * RATE), 1 / RATE)
    spectrum[(hz < 300) | (hz > 3000)] = 0
    wave_ = np.fft.irfft(spectrum, int(seconds * RATE))
    return (wave_ / np.std(wave_) * 4600).clip(-32000, 32000).astype("<i2").tobytes()


def samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)


def loud_ms(pcm: bytes | Samples, floor: float = 300.0) -> NDArray[np.int64]:
    """Start times (ms) of the 10 ms windows that sound."""
    data = samples(pcm) if isinstance(pcm, bytes) else pcm
    size = RATE // 100
    windows = data[: len(data) // size * size].reshape(-1, size)
    return np.flatnonzero(np.sqrt(np.mean(windows**2, axis=1)) > floor) * 10


def read_stereo(path: Path) -> tuple[Samples, Samples]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        data = samples(file.readframes(file.getnframes())).reshape(-1, 2)
    return data[:, 0], data[:, 1]


def write_wav(path: Path, pcm: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm)
    return path


def find(needle: Samples, hay: Samples) -> tuple[int, float]:
    """Where `needle` begins in `hay` (samples), and its SNR there in dB after best gain."""
    size = len(hay) + len(needle)
    product = np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size))
    at = int(np.argmax(np.fft.irfft(product, size)[: len(hay) - len(needle) + 1]))
    part = hay[at : at + len(needle)]
    gain = float(part @ needle / (needle @ needle))
    noise = part - gain * needle
    return at, float(10 * np.log10((gain * needle) @ (gain * needle) / max(noise @ noise, 1e-9)))


def clarity_db(said: bytes, heard: Samples) -> float:
    """The median SNR of `said` in `heard`, in pieces of 200 ms that follow in order.

    Pieces, because a busy test machine may slip a frame between two of them, or within one; those
    that are whole must be in order and together not 200 ms longer than what was said.
    """
    size = RATE // 5
    data = samples(said)
    found = [find(data[at : at + size], heard) for at in range(0, len(data) - size + 1, size)]
    places = [at for at, snr_db in found if snr_db > WHOLE_DB]
    assert places, "nothing of it was heard"
    assert places == sorted(places), places
    assert places[-1] - places[0] <= (len(found) - 1) * size + size, places
    return float(np.median([snr_db for _, snr_db in found]))


def calm(**limits: float) -> Admission:
    """Does not mind that a test machine is late."""
    return Admission(Limits(max_lag_ms=math.inf, **limits))  # type: ignore[arg-type]


def script(folder: Path, steps: list[dict[str, Any]]) -> Path:
    path = folder / "script.json"
    path.write_text(json.dumps(steps))
    return path


class Child:
    """A user agent of ours in its own process; its JSON events in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    async def event(self, name: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """The next event called `name`; fails loudly if the process ends before it."""
        async with asyncio.timeout(timeout_s):
            assert self.process.stdout is not None
            while line := await self.process.stdout.readline():
                self.events.append(json.loads(line))
                if self.events[-1]["event"] == name:
                    return self.events[-1]
        raise AssertionError(f"no {name!r}; saw {self.events}; {await self.errors()}")

    async def finish(self, timeout_s: float = 20.0) -> int:
        """Read to the end; the exit code."""
        async with asyncio.timeout(timeout_s):
            assert self.process.stdout is not None
            while line := await self.process.stdout.readline():
                self.events.append(json.loads(line))
            return await self.process.wait()

    async def errors(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@contextlib.asynccontextmanager
async def child(module: str, *args: object) -> AsyncIterator[Child]:
    """`python -m module args`, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, args)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


class RecordingTap:
    """Keeps both directions of a call."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.left = bytearray()

    def received(self, pcm: bytes) -> None:
        self.heard += pcm

    def sent(self, pcm: bytes) -> None:
        self.left += pcm
