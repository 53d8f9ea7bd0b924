"""Bots under test, each a process of its own that answers SIP on loopback."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.line_load import ROOT
from tests.bench.line_numbers import process_state
from tests.ports import free_port

START_TIMEOUT_S = 600.0
STOP_TIMEOUT_S = 30.0
SETTLE_TIMEOUT_S = 300.0
SAMPLE_S, QUIET_S, IDLE_CORES = 1.0, 5.0, 0.05


@dataclass(frozen=True)
class Bot:
    """A bot that listens."""

    name: str
    port: int
    pid: int

    @property
    def uri(self) -> str:
        return f"sip:400@127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """CPU seconds of its process so far."""
        return process_state(self.pid).cpu_s

    def rss_mb(self) -> float:
        """Memory of its process now."""
        return process_state(self.pid).rss_bytes / 2**20


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str]
) -> Iterator[Bot]:
    """Start it, wait for its line ``listening on``, and stop it at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        assert process.stderr is not None
        stderr = process.stderr

        def read() -> None:
            for line in stderr:
                kept.write(line)
                kept.flush()
                lines.put(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            _wait(name, process, lines, log)
            yield Bot(name, port, process.pid)
        finally:
            _stop(process)
            reader.join()
            stderr.close()


def _wait(name: str, process: subprocess.Popen[str], lines: queue.Queue[str], log: Path) -> None:
    until_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until_s:
        with contextlib.suppress(queue.Empty):
            if "listening on" in lines.get(timeout=0.2):
                return
        if process.poll() is not None and lines.empty():
            raise RuntimeError(f"{name} ended before it listened; see {log}")
    raise RuntimeError(f"{name} did not listen within {START_TIMEOUT_S:.0f} s; see {log}")


def _stop(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S if number != signal.SIGKILL else None)


def settle(
    bots: Sequence[Bot], timeout_s: float = SETTLE_TIMEOUT_S, quiet_s: float = QUIET_S
) -> bool:
    """Wait until none of them has computed for `quiet_s`; False if one still does after
    `timeout_s`.

    A bot may have work left after its first call, and it must not be done beside another's.
    """
    until_s = time.monotonic() + timeout_s
    rested_s = 0.0
    before = [bot.cpu_s() for bot in bots]
    while rested_s < quiet_s and time.monotonic() < until_s:
        time.sleep(SAMPLE_S)  # CPU of other processes: nothing tells of it
        now = [bot.cpu_s() for bot in bots]
        busy = max(after - each for after, each in zip(now, before, strict=True)) / SAMPLE_S
        rested_s = rested_s + SAMPLE_S if busy < IDLE_CORES else 0.0
        before = now
    return rested_s >= quiet_s


@contextlib.contextmanager
def our_bot(folder: Path, models: Path, *more: str) -> Iterator[Bot]:
    """`voicebot serve`, with its guards against overload off: a bench wants to see it.

    It voices nothing while nobody rings, which would go on for an hour beside the other bots: see
    `voiced.voice_replies`.
    """
    port = free_port()
    command = [sys.executable, "-m", "voicebot", "serve", "--sip", f"127.0.0.1:{port}"]
    environment = {
        "VOICEBOT_MODELS": str(models),
        "VOICEBOT__SPEECH__PREPARE_IDLE": "false",
        "VOICEBOT__SIP__RTP_PORTS": "48000-48998",
        "VOICEBOT__SIP__LIMITS__MAX_LAG_MS": "5000",
        "VOICEBOT__SIP__LIMITS__MAX_QUEUE_MS": "60000",
    }
    records = ["--records", str(folder / "records")]
    with running(
        "voicebot", [*command, *records, *more], port, folder / "voicebot.log", environment
    ) as bot:
        yield bot
