"""A bot in its own process, a caller in another, and what their tapes tell of the turns."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.ports import free_port
from voicebot.records.store import Records
from voicebot.records.views import CallView
from voicebot.speech.api import Pcm

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
START_TIMEOUT_S = 480
CALL_TIMEOUT_S = 150
WINDOW_MS = 20
SOUND_DB = -50.0
ALIKE = 0.8
_END_MS = 250
Levels = npt.NDArray[np.float64]


@dataclass
class Bot:
    """A running ``voicebot serve`` and where it keeps its calls."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def last_call(self) -> CallView:
        """The newest call, once it is written down as ended."""
        records = Records.open(self.folder, create=False)
        deadline = time.monotonic() + 30
        try:
            while time.monotonic() < deadline:
                rows = sorted(records.list_calls(), key=lambda row: row.started_at)
                if rows and rows[-1].outcome and rows[-1].hangup_by:
                    return records.get_call(rows[-1].id)
                time.sleep(0.2)  # another process writes; nothing to wait on but its records
        finally:
            records.close()
        raise AssertionError("the call was not written down")


@contextlib.contextmanager
def serving(
    folder: Path, models: Path, program: tuple[str, ...] = ("-m", "voicebot"), **environment: str
) -> Iterator[Bot]:
    """``voicebot serve`` with the real models, as an operator runs it (or `program` does)."""
    port, log = free_port(), folder.with_suffix(".log")
    command = [sys.executable, *program, "serve", "--sip", f"127.0.0.1:{port}"]
    with (
        log.open("w") as said,
        subprocess.Popen(
            [*command, "--records", str(folder)],
            cwd=ROOT,
            env={
                **os.environ,
                "VOICEBOT_MODELS": str(models),
                "VOICEBOT__SIP__RTP_PORTS": "27500-27698",
                # A machine busy with other tests is no reason to refuse the calls of this one.
                "VOICEBOT__SIP__LIMITS__MAX_LAG_MS": "10000",
                "VOICEBOT__SIP__LIMITS__MAX_QUEUE_MS": "60000",
                **environment,
            },
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as process,
    ):
        deadline = time.monotonic() + START_TIMEOUT_S
        while f"listening on 127.0.0.1:{port}" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-1000:]
            time.sleep(0.3)  # another process; nothing to wait on but what it says
        try:
            yield Bot(process, port, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass(frozen=True)
class Tape:
    """The caller's own recording: levels of 20 ms in dBFS, what it said and what it heard."""

    said: Levels
    heard: Levels
    sound: Pcm  # what it heard, 8 kHz

    @property
    def length_ms(self) -> int:
        return len(self.heard) * WINDOW_MS

    def onset_ms(self) -> int:
        """The caller's first sound."""
        return int(np.flatnonzero(self.said > SOUND_DB)[0]) * WINDOW_MS

    def heard_in(self, from_ms: int, to_ms: int) -> Levels:
        """What was heard meanwhile."""
        return self.heard[from_ms // WINDOW_MS : to_ms // WINDOW_MS]

    def found(self, clip: Pcm, from_ms: int = 0) -> tuple[int, float]:
        """Where `clip` ends in what was heard from `from_ms` on, ms, and how alike they are.

        The likeness is their normalized correlation, 1 at most; through A-law it is over .99.
        """
        heard = self.sound[from_ms * 8 :].astype(np.float64)
        wanted = clip.astype(np.float64)
        size = 1 << (len(heard) + len(wanted)).bit_length()
        spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
        products = np.fft.irfft(spectrum, size)[: len(heard) - len(wanted)]
        energy = np.cumsum(np.append(0.0, heard**2))
        energies = energy[len(wanted) :][: len(products)] - energy[: len(products)]
        alike = products / np.sqrt(np.maximum(energies, 1e4) * np.sum(wanted**2))
        best = int(alike.argmax())
        return from_ms + (best + len(wanted)) // 8, float(alike[best])


def ring(bot: Bot, folder: Path, steps: list[dict[str, Any]]) -> Tape:
    """One call of a second SIP user agent that plays `steps`; returns when it is over."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps(steps), "utf-8")
    arguments = {
        "--call": f"sip:4008000000@127.0.0.1:{bot.port}",
        "--listen": f"127.0.0.1:{free_port()}",
        "--rtp-ports": "27700-27998",
        "--script": str(folder / "script.json"),
        "--tape": str(folder / "caller.wav"),
    }
    told = subprocess.run(
        [
            *(sys.executable, "-m", "telephony.loopback.caller"),
            *(each for pair in arguments.items() for each in pair),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=CALL_TIMEOUT_S,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    stereo = np.frombuffer((folder / "caller.wav").read_bytes()[44:], "<i2").reshape(-1, 2)
    heard = stereo[:, 1].astype(np.int16)
    return Tape(_levels(stereo[:, 0]), _levels(heard), heard)


def _levels(pcm: npt.NDArray[np.int16]) -> Levels:
    size = 8 * WINDOW_MS
    windows = pcm[: len(pcm) // size * size].reshape(-1, size).astype(np.float64) / 32768
    rms = np.sqrt(np.mean(windows**2, axis=1))
    return np.asarray(20 * np.log10(np.maximum(rms, 1e-6)))


def end_of(clause: Pcm) -> Pcm:
    """What a clause ends with, but for the silence there: to be looked for on a tape."""
    return clause[-(_END_MS + 60) * 8 : -60 * 8]


def of(view: CallView, kind: str) -> list[dict[str, Any]]:
    """The data of a call's events of one kind, in order."""
    return [dict(event.data) for event in view.events if event.kind == kind]
