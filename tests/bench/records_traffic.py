"""Calls that nobody rings: their events go where a call's do, at a given rate, until told to stop.

    python -m tests.bench.records_traffic --store URL --listen 127.0.0.1:8080 --ledger FILE

A process of its own, so that it can be killed. The ledger is what the store has promised: after
each commit that a call waited for, a line says how many of its events were on disk by then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from telephony.api import CallInfo
from tests.bench.console_visits import SEAT, VISITOR, VISITOR_PASSWORD
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.console.passwords import hash_password
from voicebot.console.rights import Role
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.recording import CallKeeper
from voicebot.settings import load_settings

TURNS = 12
CALL_S = 30.0
PROMISE_EVERY = 10  # events
PROMISE_S = 60.0
HANDED_OFF = 0.05  # share of the calls that a seat takes
SAID = (
    "我们那台五二八零装系统看不到硬盘",
    "不是硬盘到那就到那一步了",
    "我叫王小明，电话是13912345678",
    "阵列卡的灯是黄的，一直在闪",
    "重启过了，还是一样",
)
ANSWER = "请进阵列卡的配置界面，看硬盘的状态是不是就绪。"


class Ledger:
    """Lines that outlive a kill -9: each is one write to the end of the file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, **line: object) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())


def call_events(dice: random.Random, length_ms: int) -> Iterator[facts.SessionEvent]:
    """The events of one call, oldest first; what is said repeats, when and how long varies."""
    yield facts.CallAnswered(0, "13800001111", "4008000000", "PCMA", "demo")
    yield facts.BotSpoke(40, "您好，这里是服务热线。", "greeting", 1.0, None)
    step = length_ms // (TURNS + 1)
    for turn in range(1, TURNS + 1):
        at = turn * step + dice.randrange(200)
        said = dice.choice(SAID)
        yield facts.CallerSpoke(at, said, dice.random(), at - 1500, at - 300)
        yield facts.Searched(at + 20, said, ("tech.raid", "tech.disk"), 0.7, "no_disk", 0.4, 15.0)
        stages = tuple(
            {"stage": name, "from_ms": n * 90.0, "to_ms": n * 90.0 + 80, "note": ""}
            for n, name in enumerate(("recognize", "search", "voice"))
        )
        source = ({"source": "YL5280G3 用户手册 5.4", "quote": ANSWER},)
        yield facts.BotSpoke(
            at + 300, ANSWER, "answer", 0.8, 600 + dice.randrange(300), source, stages=stages
        )
    if dice.random() < HANDED_OFF:
        yield facts.HandoffStarted(length_ms - 20, "low_confidence", "", "S1")
        yield facts.HandoffFinished(length_ms - 10, "accepted", SEAT)
    yield facts.CallQuality(length_ms, 1500, 3, 0.2, 0, 4.0, 1500, 2, 3.0, 20.0, 4.3)
    yield facts.CallEnded(length_ms, "remote", "BYE", "caller_hung_up")


class Traffic:
    """Starts calls at a rate and plays each in real time.

    The schedule is open: whatever holds this process up, a call is due when it is due, and late
    ones start at once. `since_s` is when the first of all was due (on the system's monotonic
    clock): a process that takes over from a killed one begins with the calls due from then on.
    """

    def __init__(
        self, records: Records, live: LiveCalls, ledger: Ledger, seed: int, since_s: float
    ) -> None:
        self._records, self._live, self._ledger = records, live, ledger
        self._dice = random.Random(seed)
        self._since_s = since_s

    async def run(self, calls_per_minute: float, first: int, stop: asyncio.Event) -> None:
        """From the call `first` on until `stop`; then those in progress are played to their end."""
        playing: set[asyncio.Task[None]] = set()
        number = first
        while not stop.is_set():
            due_s = self._since_s + number * 60 / calls_per_minute
            try:
                await asyncio.wait_for(stop.wait(), max(due_s - time.monotonic(), 0))
            except TimeoutError:
                late_ms = (time.monotonic() - due_s) * 1000
                self._ledger.note(started=number, late_ms=round(late_ms, 1))
                task = asyncio.create_task(self._call(number))
                playing.add(task)
                task.add_done_callback(playing.discard)
                number += 1
        if playing:
            await asyncio.wait(playing)

    async def _call(self, number: int) -> None:
        info = CallInfo(
            call_id=f"load-{os.getpid()}-{number}",
            caller=f"139{number:08d}",
            callee="4008000000",
            codec="PCMA",
        )
        keeper = CallKeeper(self._records, info, "demo", None)
        call_id = keeper.recorder.call_id
        begun_s = time.monotonic()
        for told, event in enumerate(call_events(self._dice, int(CALL_S * 1000)), 1):
            await asyncio.sleep(max(begun_s + event.at_ms / 1000 - time.monotonic(), 0))
            keeper(event)
            self._live(call_id, event)
            ended = isinstance(event, facts.CallEnded)
            kept = (ended or not told % PROMISE_EVERY) and await keeper.recorder.stored(PROMISE_S)
            if kept:
                self._ledger.note(call=call_id, events=told, ended=ended)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="folder or SQLAlchemy URL")
    parser.add_argument("--listen", required=True, help="where the console is")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--calls-per-minute", type=float, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--since", type=float, default=0, help="monotonic time; 0: from now on")
    parser.add_argument("--first", type=int, default=0, help="number of the first call")
    options = parser.parse_args()
    records, live, stop = Records.open(options.store), LiveCalls(), asyncio.Event()
    seats = [{"name": SEAT, "uri": "sip:2001@127.0.0.1"}]
    overrides = {"console.listen": options.listen, "handoff.seats": seats}
    settings = load_settings(environ={}, overrides=overrides)
    if not records.people.everyone():
        hashed, now = hash_password(VISITOR_PASSWORD), datetime.now(UTC)
        records.people.add(VISITOR, Role.ADMIN, hashed, seat=SEAT, must_change=False, at=now)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    since_s = options.since or time.monotonic()
    traffic = Traffic(records, live, Ledger(options.ledger), options.seed, since_s)
    async with running(open_listener(settings.console), House(records, live, settings)):
        await traffic.run(options.calls_per_minute, options.first, stop)
    assert records.close() == 0, "writes were lost at the end"


if __name__ == "__main__":
    asyncio.run(main())
