"""The endpoint under test, alone in its process: answers every call and talks.

::

    python -m tests.bench.line_server --listen 127.0.0.1:5070 --rtp-ports 44500-45498

Reads commands on stdin, one a line: `busy on` starts a Python thread that never stops
computing, `busy off` ends it, `trim` gives free memory back to the system, `end` closes the
line. Prints one JSON object a second.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import sys
import threading
import time
from typing import Any

import numpy as np

from telephony.admission import Admission, Limits
from telephony.api import SAMPLE_RATE
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LOOPBACK, LineConfig, Trunk
from telephony.errors import LineError
from telephony.pacing import SILENCE

SENTENCE_S = 4.0
KEEP_QUEUED_MS = 1000
_TICK_S = 0.05


def sentence() -> bytes:
    """Noise at speech level without a silent frame, s16le 8 kHz."""
    noise = np.random.default_rng(1).normal(0, 4000, int(SENTENCE_S * SAMPLE_RATE))
    return noise.clip(-20000, 20000).astype("<i2").tobytes()


def limits(guarded: bool) -> Admission:
    """The product's limits, or none: a bench is to find the machine's."""
    many = 10**6
    if guarded:
        return Admission()
    return Admission(
        Limits(
            max_calls=many,
            calls_per_s=many,
            burst=many,
            max_lag_ms=many,
            max_queue_ms=many,
            requests_per_s=many,
        )
    )


class BusyThread:
    """A thread that computes in Python without pause: it wants the interpreter always."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._compute, daemon=True)
        self._thread.start()

    @property
    def thread_id(self) -> int:
        return self._thread.native_id or 0

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _compute(self) -> None:
        total = 0
        while not self._stop.is_set():
            for number in range(100_000):
                total += number * number % 7


class Server:
    """Answers calls to one user, refuses all others; talks or echoes on every call."""

    def __init__(self, user: str, echo: bool) -> None:
        self._user = user
        self._echo = echo
        self._speech = sentence()
        self._busy: BusyThread | None = None
        self.counts = {"up": 0, "answered": 0, "refused": 0, "failed": 0, "frames": 0, "silent": 0}
        self.lag_ms = 0.0

    async def take_calls(self, endpoint: BaresipEndpoint) -> None:
        async with asyncio.TaskGroup() as group:
            async for call in endpoint.incoming():
                group.create_task(self._serve(call))

    async def _serve(self, call: Any) -> None:
        try:
            if call.info.callee != self._user:
                self.counts["refused"] += 1
                await call.reject(404)
                return
            await call.answer()
        except LineError:
            self.counts["failed"] += 1
            return
        self.counts["answered"] += 1
        self.counts["up"] += 1
        try:
            await self._talk(call)
        finally:
            self.counts["up"] -= 1

    async def _talk(self, call: Any) -> None:
        counts = self.counts
        async for frame in call.frames():
            counts["frames"] += 1
            counts["silent"] += frame == SILENCE
            if self._echo:
                call.play(frame)
            elif call.queued_ms < KEEP_QUEUED_MS:
                call.play(self._speech)

    async def watch_lag(self) -> None:
        """How late the event loop runs its timers."""
        while True:
            due = time.monotonic() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self.lag_ms = max(self.lag_ms, (time.monotonic() - due) * 1000)

    async def report(self) -> None:
        while True:
            busy = self._busy.thread_id if self._busy else 0
            line = {**self.counts, "lag_ms": round(self.lag_ms, 1), "busy_thread": busy}
            self.lag_ms = 0.0
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            await asyncio.sleep(1)

    def command(self, line: str) -> bool:
        """Do it; False at the end."""
        if line == "busy on" and self._busy is None:
            self._busy = BusyThread()
        elif line == "busy off" and self._busy is not None:
            self._busy.stop()
            self._busy = None
        elif line == "trim":
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)  # what is left is in use
        return line not in ("", "end")


async def serve(args: argparse.Namespace) -> int:
    """Run until `end` or the end of stdin."""
    server = Server(args.user, args.echo)
    endpoint = BaresipEndpoint(
        LineConfig(
            listen=args.listen,
            rtp_ports=args.rtp_ports,
            trunks=(Trunk("bench", tuple(args.allow) or LOOPBACK),),
        ),
        limits(args.guarded),
    )
    await endpoint.start()
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(work)
        for work in (server.take_calls(endpoint), server.watch_lag(), server.report())
    ]
    while server.command((await loop.run_in_executor(None, sys.stdin.readline)).strip()):
        continue
    server.command("busy off")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await endpoint.stop()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.line_server", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:5070")
    parser.add_argument("--rtp-ports", default="44500-45498")
    parser.add_argument("--user", default="400", help="calls to others are refused (404)")
    parser.add_argument("--echo", action="store_true", help="echo instead of talking")
    parser.add_argument("--allow", action="append", default=[], help="networks that may ring")
    parser.add_argument("--guarded", action="store_true", help="with the product's limits")
    return asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
