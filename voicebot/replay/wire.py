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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from telephony.api import FRAME_MS
from voicebot.errors import VoicebotError
from voicebot.records.store import Records
from voicebot.replay.bench import Outcome, Tape, tried
from voicebot.replay.caller import Caller, VoicedTurn
from voicebot.replay.effects import LineEffects
from voicebot.replay.fast import Played
from voicebot.replay.judge import Judge, no_call
from voicebot.replay.script import BankError, Script
from voicebot.replay.voicing import Voicing
from voicebot.replay.wire_phone import ringing

START_S = 900.0
STOP_S = 60.0
WRITTEN_S = 30.0
# Callers do not ring in the same instant.
APART_S = 1.7
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
    """Plays calls against `bot`, `at_once` of them together.

    Those that rang together are judged when all of them are over, so that judging takes no time
    from a call.
    """

    name = "wire"

    def __init__(self, bot: Bot, at_once: int = 1) -> None:
        self._bot = bot
        self.at_once = at_once

    def play(self, scripts: Sequence[Script], voicing: Voicing, judge: Judge) -> Iterator[Outcome]:
        """See `bench.Way`."""
        if ended := self._ended():
            yield from ((no_call(each, ended), None) for each in scripts)
            return
        rung = asyncio.run(_ring_together(self._bot.port, scripts, voicing))
        for script, one in zip(scripts, rung, strict=True):
            yield tried(script, partial(self._judged, script, one, judge))

    def _ended(self) -> str:
        """That the bot is no longer there; empty while it is."""
        code = self._bot.process.poll()
        return "" if code is None else f"the bot has ended (exit code {code})"

    def _judged(self, script: Script, rung: _Rung | VoicebotError, judge: Judge) -> Outcome:
        if isinstance(rung, VoicebotError):
            raise rung
        done = tuple(rung.caller.done)
        played = Played(script, done, rung.caller.hung_up, (), rung.tape)
        return judge.judge_told(played, self._events(rung.name)), rung.tape

    def _events(self, caller: str) -> list[dict[str, Any]]:
        """What the bot wrote of this caller's call, once that is over there. Masked, as kept."""
        records = Records.open(self._bot.records, create=False)
        deadline_s = time.monotonic() + WRITTEN_S
        try:
            while time.monotonic() < deadline_s:
                for call_id in records.custody.calls_of(caller):
                    view = records.get_call(call_id)
                    if view.call.hangup_by and view.call.outcome:
                        return [
                            {**each.data, "event": each.kind, "at_ms": each.at_ms}
                            for each in view.events
                        ]
                if ended := self._ended():
                    raise BankError(f"{ended} before the call was written down")
                time.sleep(_LOOK_S)  # another process writes; there is nothing else to wait on
        finally:
            records.close()
        raise BankError(f"the bot wrote nothing of the call within {WRITTEN_S:.0f} s")


@dataclass(frozen=True)
class _Rung:
    """A call that was: under which name it rang, who said what, and the caller's tape."""

    name: str
    caller: Caller
    tape: Tape


async def _ring_together(
    port: int, scripts: Sequence[Script], voicing: Voicing
) -> list[_Rung | VoicebotError]:
    """Each of them `APART_S` after the one before; what came of each, or why nothing did."""
    voiced: list[list[VoicedTurn] | VoicebotError] = []
    for script in scripts:  # before anybody rings: a line that has no sound yet is rendered now
        try:
            voiced.append(voicing.turns(script))
        except VoicebotError as error:
            voiced.append(error)

    async def one(number: int) -> _Rung | VoicebotError:
        turns = voiced[number]
        if isinstance(turns, VoicebotError):
            return turns
        await asyncio.sleep(number * APART_S)
        try:
            return await _call(port, scripts[number], turns)
        except VoicebotError as error:
            return error
        except OSError as error:  # of this call's sockets: the others go on
            return BankError(f"call {scripts[number].name}: {error}")

    return await asyncio.gather(*(one(number) for number in range(len(scripts))))


async def _call(port: int, script: Script, turns: list[VoicedTurn]) -> _Rung:
    """One call in real time; the tape is the caller's: left what was said, right what was heard."""
    caller = Caller(turns, script.longest_s)
    effects = LineEffects(script.effects, script.name)
    loop = asyncio.get_running_loop()
    said: list[bytes] = []
    name = f"replay-{uuid.uuid4().hex[:12]}"
    async with ringing("127.0.0.1", port, name) as phone:
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
    return _Rung(name, caller, np.stack([left, right[: len(left)]], axis=1))
