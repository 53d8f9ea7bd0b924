"""`voicebot serve` in a process of its own, beside the test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from voicebot.records.store import Records

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 480


@dataclass
class Bot:
    """A running ``voicebot serve`` and where it keeps its calls."""

    process: subprocess.Popen[str]
    port: int
    console: str
    metrics: str
    folder: Path

    def records(self) -> Records:
        return Records.open(self.folder, create=False)


@contextlib.contextmanager
def serving(folder: Path, models: Path, more: Mapping[str, str]) -> Iterator[Bot]:
    """A bot with its records in `folder`; `more` is more of its environment."""
    port = free_port()
    console = f"127.0.0.1:{free_port()}"
    metrics = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "voicebot", "serve", "--sip", f"127.0.0.1:{port}"]
    with subprocess.Popen(
        [*command, "--console", console, "--records", str(folder)],
        cwd=ROOT,
        env={
            **os.environ,
            "VOICEBOT_MODELS": str(models),
            "VOICEBOT__SIP__RTP_PORTS": "27100-27498",
            "VOICEBOT__METRICS__LISTEN": metrics,
            # A machine busy with other tests is no reason to refuse the calls of this one.
            "VOICEBOT__SIP__LIMITS__MAX_LAG_MS": "5000",
            "VOICEBOT__SIP__LIMITS__MAX_QUEUE_MS": "60000",
            **more,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        deadline, seen = time.monotonic() + START_TIMEOUT_S, ""
        while f"listening on 127.0.0.1:{port}" not in seen and time.monotonic() < deadline:
            line = process.stderr.readline()
            assert line, f"serve ended before it listened: {seen[-1000:]}"
            seen += line
        assert f"listening on 127.0.0.1:{port}" in seen, "serve did not start in time"
        try:
            yield Bot(process, port, f"http://{console}", f"http://{metrics}/metrics", folder)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)
        finally:
            process.kill()  # it would wait for the call that a failed test has left
