"""`--wire`: scripted callers ring the bot over SIP and RTP, in real time; it runs by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from telephony.api import FRAME_MS
from voicebot.records.store import Records
from voicebot.replay.bench import Tape
from voicebot.replay.caller import Caller, VoicedTurn
from voicebot.replay.effects import LineEffects
from voicebot.replay.fast import Played
from voicebot.replay.judge import Judge
from voicebot.replay.results import CallResult
from voicebot.replay.script import BankError, Script
from voicebot.replay.voicing import Voicing
from voicebot.replay.wire_phone import ringing

START_S = 900.0
STOP_S = 60.0
WRITTEN_S = 30.0
_LOOK_S = 0.1


@dataclass
class Bot:
    """A bot that runs, where it listens, and where it keeps its calls."""

    process: subprocess.Popen[bytes]
    port: int
    records: Path
    log: Path


@contextlib.contextmanager
def serving(arguments: tuple[str, ...] = (), **environment: str) -> Iterator[Bot]:
    """`voicebot serve` in a process of its own. Raises BankError with what it said if it fails."""
    with tempfile.TemporaryDirectory(prefix="voicebot-replay-") as folder, _port() as port:
        log = Path(folder) / "log"
        records = Path(folder) / "records"
        command = [sys.executable, "-m", "voicebot", "serve", "--sip", f"127.0.0.1:{port}"]
        with log.open("wb") as said:
            process = subprocess.Popen(
                [*command, "--records", str(records), *arguments],
                env={**os.environ, **environment},
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        bot = Bot(process, port, records, log)
        try:
            _wait_until_it_listens(bot)
            yield bot
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def _port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    yield port


def _wait_until_it_listens(bot: Bot) -> None:
    deadline_s = time.monotonic() + START_S
    while f"listening on 127.0.0.1:{bot.port}" not in bot.log.read_text("utf-8", "replace"):
        over = bot.process.poll() is not None
        if over or time.monotonic() > deadline_s:
            said = bot.log.read_text("utf-8", "replace").strip()[-300:]
            what = "ended" if over else f"did not listen within {START_S:.0f} s"
            raise BankError(f"the bot {what} before the first call; it said: {said}")
        time.sleep(_LOOK_S)


class WireWay:
    """Plays calls against `bot`."""

    name = "wire"

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._seen: set[str] = set()

    def play(self, script: Script, voicing: Voicing, judge: Judge) -> tuple[CallResult, Tape]:
        """See `bench.Way`."""
        if self._bot.process.poll() is not None:
            raise BankError(f"the bot has ended (exit code {self._bot.process.returncode})")
        caller, tape = asyncio.run(_call(self._bot.port, script, voicing.turns(script)))
        hung_up = caller.hung_up
        played = Played(script, tuple(caller.done), hung_up, (), tape)
        return judge.judge_told(played, self._events()), tape

    def _events(self) -> list[dict[str, Any]]:
        """What the bot wrote of its newest call, once that is over there. Masked, as it is kept."""
        records = Records.open(self._bot.records, create=False)
        deadline_s = time.monotonic() + WRITTEN_S
        try:
            while time.monotonic() < deadline_s:
                new = [row for row in records.list_calls(50) if row.id not in self._seen]
                if new and all(row.hangup_by and row.outcome for row in new):
                    self._seen.update(row.id for row in new)
                    newest = max(new, key=lambda row: row.started_at)
                    view = records.get_call(newest.id)
                    return [
                        {**each.data, "event": each.kind, "at_ms": each.at_ms}
                        for each in view.events
                    ]
                time.sleep(_LOOK_S)  # another process writes; there is nothing else to wait on
        finally:
            records.close()
        raise BankError(f"the bot wrote nothing of the call within {WRITTEN_S:.0f} s")


async def _call(port: int, script: Script, turns: list[VoicedTurn]) -> tuple[Caller, Tape]:
    """One call in real time; the tape is the caller's: left what was said, right what was heard."""
    caller = Caller(turns, script.longest_s)
    effects = LineEffects(script.effects, script.name)
    loop = asyncio.get_running_loop()
    said: list[bytes] = []
    async with ringing("127.0.0.1", port, f"replay-{uuid.uuid4().hex[:12]}") as phone:
        start_s, number = loop.time(), 0
        while not phone.ended and not caller.hung_up:
            number += 1
            await asyncio.sleep(max(0.0, start_s + number * FRAME_MS / 1000 - loop.time()))
            heard = phone.heard()
            frame = caller.frame(heard)
            mixed = effects.mixed(frame.pcm, heard)
            said.append(mixed)
            phone.say(None if effects.lost() else mixed, frame.digits)
        right = phone.tape()
    left = np.frombuffer(b"".join(said), np.int16)
    return caller, np.stack([left, right[: len(left)]], axis=1)
