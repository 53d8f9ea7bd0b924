"""A crowd of callers against an endpoint in another process, and that process itself."""

from __future__ import annotations

import contextlib
import json
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.line_media import MediaBank
from tests.bench.line_numbers import ProcessState, process_state
from tests.bench.line_uac import Caller, Dialog, State
from tests.bench.mmsg import BatchSocket

ROOT = Path(__file__).parents[2]
START_S = 60
WINDOW = 10
"""Calls that are being set up at a time."""


class EndpointProcess:
    """`tests.bench.line_server` as a child; its last report is `status`."""

    def __init__(self, port: int, *args: str) -> None:
        self.port = port
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.bench.line_server"),
                *("--listen", f"127.0.0.1:{port}", *args),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.status: dict[str, Any] = {}
        self.lag_ms = 0.0
        threading.Thread(target=self._read, daemon=True).start()
        until_s = time.monotonic() + START_S
        while not self.status:
            with contextlib.suppress(queue.Empty):
                self.status = self._lines.get(timeout=0.1)
            if not self.alive or time.monotonic() > until_s:
                self._process.kill()
                raise RuntimeError(f"the endpoint does not start: {self.errors}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self.alive:
            self.tell("end")
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._errors.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def errors(self) -> str:
        """The end of what it has written to stderr."""
        self._errors.seek(0)
        return self._errors.read()[-1500:]

    @property
    def pid(self) -> int:
        return self._process.pid

    def state(self) -> ProcessState:
        """CPU without the busy thread's."""
        return process_state(self.pid, self.update()["busy_thread"])

    def update(self) -> dict[str, Any]:
        """Read what it has reported since; keeps the worst lag in `lag_ms`."""
        while not self._lines.empty():
            self.status = self._lines.get()
            self.lag_ms = max(self.lag_ms, self.status["lag_ms"])
        return self.status

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))


class Crowd:
    """Calls against `far_port`, each with audio both ways while it is up."""

    def __init__(self, far_port: int, prefix: str = "bench") -> None:
        self._far = ("127.0.0.1", far_port)
        self._sip = BatchSocket(slot_bytes=8192, slots=32)
        self._caller = Caller(self._sip.port, far_port, prefix=prefix)
        self.media = MediaBank()
        self._with_media: set[int] = set()
        self.failures: list[str] = []

    def close(self) -> None:
        self.media.close()
        self._sip.close()

    @property
    def up(self) -> list[Dialog]:
        return [dialog for dialog in self._caller.dialogs if dialog.state is State.UP]

    @property
    def calling(self) -> int:
        return sum(dialog.state is State.CALLING for dialog in self._caller.dialogs)

    def dial(self) -> Dialog:
        dialog, invite = self._caller.dial(self.media.local_port(), time.monotonic())
        self._say(invite)
        return dialog

    def hang_up(self, dialog: Dialog) -> None:
        self._say(self._caller.hang_up(dialog, time.monotonic()))

    def bring_up(self, calls: int) -> list[Dialog]:
        """Dial `calls` more, `WINDOW` at a time; returns when each has succeeded or failed."""
        dialogs: list[Dialog] = []

        def more() -> bool:
            while len(dialogs) < calls and self.calling < WINDOW:
                dialogs.append(self.dial())
            return len(dialogs) < calls or self.calling > 0

        self.run(60 + calls, more)
        return dialogs

    def end_all(self) -> None:
        for dialog in self.up:
            self.hang_up(dialog)
        self.run(10, lambda: bool(self._caller.dialogs))

    def run(self, seconds: float, going_on: Callable[[], bool] = lambda: True) -> None:
        """Keep all calls going for so long, or until `going_on` says no."""
        until_s = time.monotonic() + seconds
        waiting = select.poll()
        waiting.register(self._sip.socket, select.POLLIN)
        while (now_s := time.monotonic()) < until_s and going_on():
            next_s = self.media.tick(now_s)
            for packets in self._sip.receive():
                for row, size in zip(packets.data, packets.size, strict=True):
                    self._answer(row[:size].tobytes())
            for message in self._caller.due(now_s):
                self._say(message)
            self._settle()
            pause_s = min(next_s, until_s) - time.monotonic()
            if pause_s > 0:
                waiting.poll(pause_s * 1000)

    def _answer(self, data: bytes) -> None:
        for message in self._caller.on_message(data, time.monotonic()):
            self._say(message)

    def _settle(self) -> None:
        """Start and stop the media of calls whose state has changed."""
        for dialog in self._caller.dialogs:
            if dialog.state is State.UP and dialog.ssrc not in self._with_media:
                self._with_media.add(dialog.ssrc)
                now_s = time.monotonic()
                self.media.add(dialog.ssrc, dialog.local_rtp, dialog.far_rtp, now_s)
            elif dialog.state in (State.ENDING, State.ENDED, State.FAILED):
                if dialog.ssrc in self._with_media:
                    self._with_media.discard(dialog.ssrc)
                    self.media.remove(dialog.ssrc)
                if dialog.state is not State.ENDING:
                    self._caller.forget(dialog)
                if dialog.state is State.FAILED:
                    self.failures.append(dialog.why)

    def _say(self, message: bytes) -> None:
        self._sip.socket.sendto(message, self._far)
