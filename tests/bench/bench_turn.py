"""Turns by voice through the whole bot in real time: how long callers wait, and who answers them.

    python -m tests.bench.bench_turn [--turns 200] [--calls 4] [--config FILE] [--out DIR]

Each call's caller says recorded lines (audio_fixtures/), one after the other: the next one when the
bot has been silent for a second. Ears, search, dialog and voice are the real ones, at the pace of
the clock, so that what computes slowly answers late. Calls that end (a goodbye, a hand-off that
nobody takes) are followed by others until enough turns were measured.

Waits are read off each call's stereo tape: from the end of the caller's sound to the bot's next
sound, whatever it is (a filler counts as a sound, and is told apart in the table of rungs). Dead
air is such a wait, or one after a filler, of more than 1.5 s. The speech cache is warm for what is
rendered before the first call, as in `voicebot serve`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import Progress

from telephony import FRAME_MS
from telephony.api import FRAME_BYTES, Hangup, HangupBy
from telephony.file_line import FileCall
from voicebot.app import App
from voicebot.replay.run import load_caller
from voicebot.replay.tape import percentile, replies, sounds
from voicebot.session import events as facts
from voicebot.settings import load_settings

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
LINES = (
    "bmc_password", "memory_max", "warranty", "fan_noise", "no_display", "rebuild_time", "onsite",
    "disk_missing", "raid_yes", "model", "network_down", "off_topic", "memory_error", "no",
    "dont_know", "health_red", "disk_missing2", "raid_no", "power", "thanks",
)  # fmt: skip
PAUSE_MS = 1000
LONGEST_WAIT_MS = 12_000
DEAD_AIR_MS = 1500
CALL_S = 180.0


class PatientCaller(FileCall):
    """Says its next line when the bot has been silent for a second, and hangs up after the last.

    A bot that says nothing at all is spoken to again after `LONGEST_WAIT_MS`.
    """

    def __init__(self, lines: Sequence[npt.NDArray[np.int16]], number: int) -> None:
        super().__init__(b"")
        self._lines = [line.astype("<i2").tobytes() for line in lines]
        self._saying = b""
        self._quiet_ms = 0
        self._spoken_to = True
        self.number = number
        self.said = 0

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        start_s, number = loop.time(), 0
        while self._ended is None and loop.time() - start_s < CALL_S:
            number += 1
            await asyncio.sleep(max(0.0, start_s + number * FRAME_MS / 1000 - loop.time()))
            if self._saying:
                frame = self._saying[:FRAME_BYTES]
                self._saying = self._saying[FRAME_BYTES:]
                self._quiet_ms, self._spoken_to = 0, False
            else:
                frame = b""
                self._listen()
                if not self._lines and not self._saying and self._quiet_ms > 2 * PAUSE_MS:
                    break
            self._pcm = frame.ljust(FRAME_BYTES, b"\0")
            self._tick(0)
        self._finish(Hangup(HangupBy.REMOTE, "said all"))

    def _listen(self) -> None:
        if self.queued_ms > 0:
            self._quiet_ms, self._spoken_to = 0, True
            return
        self._quiet_ms += FRAME_MS
        waited = PAUSE_MS if self._spoken_to else LONGEST_WAIT_MS
        if self._lines and self._quiet_ms >= waited:
            self._saying = self._lines.pop(0)
            self.said += 1


@dataclass
class Outcome:
    """What a call's tape and its facts tell."""

    tape: npt.NDArray[np.int16]
    events: list[facts.SessionEvent] = field(default_factory=list)

    def waits_ms(self) -> list[int]:
        """After each of the caller's turns that was answered."""
        caller, bot = sounds(self.tape[:, 0]), sounds(self.tape[:, 1])
        return [reply.latency_ms for reply in replies(caller, bot)]

    def dead_air(self) -> int:
        """Waits, and silences after fillers, that were too long."""
        late = sum(wait > DEAD_AIR_MS for wait in self.waits_ms())
        bot = sounds(self.tape[:, 1])
        spoke = [each for each in self.events if isinstance(each, facts.BotSpoke)]
        for filler, then in itertools.pairwise(spoke):
            if filler.kind == "filler":
                ended = [s.end_ms for s in bot if s.start_ms <= filler.at_ms + 400 < s.end_ms]
                late += bool(ended) and then.at_ms - ended[0] > DEAD_AIR_MS
        return late

    def rungs(self) -> Counter[str]:
        """Who gave the first answer of each turn, a filler not counted."""
        found: Counter[str] = Counter()
        owed = False
        for event in self.events:
            if isinstance(event, facts.CallerSpoke):
                owed = bool(event.text)
            elif isinstance(event, facts.BotSpoke) and owed and event.kind != "filler":
                found[event.rung] += 1
                owed = False
        return found

    def fillers(self) -> int:
        """How many turns had one."""
        spoke = (each for each in self.events if isinstance(each, facts.BotSpoke))
        return sum(each.kind == "filler" for each in spoke)


async def one_call(app: App, caller: PatientCaller) -> Outcome:
    """A call from its ring to its end."""
    events: list[facts.SessionEvent] = []
    await app.session(caller, events.append).run()
    return Outcome(np.frombuffer(caller.take_tape(), np.int16).reshape(-1, 2), events)


async def measure(app: App, turns: int, calls: int) -> list[Outcome]:
    """Calls, `calls` at a time, until `turns` waits were measured."""
    clips = [load_caller(FIXTURES / f"{name}.wav") for name in LINES]
    outcomes: list[Outcome] = []
    begun = 0
    with Progress() as progress:
        bar = progress.add_task("turns", total=turns)

        async def line() -> None:
            nonlocal begun
            while sum(len(each.waits_ms()) for each in outcomes) < turns:
                begun += 1
                first = 7 * begun % len(clips)  # calls at once do not say the same at once
                outcome = await one_call(app, PatientCaller(clips[first:] + clips[:first], begun))
                outcomes.append(outcome)
                progress.advance(bar, len(outcome.waits_ms()))
                if not outcome.waits_ms():
                    raise RuntimeError("bench_turn: a call in which nothing was answered")

        await asyncio.gather(*(line() for _ in range(calls)))
    return outcomes


def report(
    outcomes: Sequence[Outcome], calls: int, cpu_s: float, wall_s: float
) -> dict[str, object]:
    """The figures."""
    waits = [wait for each in outcomes for wait in each.waits_ms()]
    rungs = sum((each.rungs() for each in outcomes), Counter[str]())
    answered = sum(rungs.values())
    return {
        "calls at once": calls,
        "calls": len(outcomes),
        "turns": len(waits),
        "p50_ms": round(percentile(waits, 50)),
        "p95_ms": round(percentile(waits, 95)),
        "longest_ms": max(waits),
        "dead air > 1.5 s": sum(each.dead_air() for each in outcomes),
        "fillers": sum(each.fillers() for each in outcomes),
        "share by rung": {rung: round(n / answered, 3) for rung, n in rungs.most_common()},
        "cores used": round(cpu_s / wall_s, 2),
        "load before": round(os.getloadavg()[2], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--calls", type=int, default=1, help="at the same time")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/bench-turn"))
    given = parser.parse_args()
    app = App.build(load_settings(given.config), with_records=False)
    try:
        cpu_s, wall_s = time.process_time(), time.monotonic()
        outcomes = asyncio.run(measure(app, given.turns, given.calls))
        cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
    finally:
        app.close()
    figures = report(outcomes, given.calls, cpu_s, wall_s)
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, ensure_ascii=False, indent=2)
    (given.out / f"calls-{given.calls}.json").write_text(text + "\n", "utf-8")
    with (given.out / f"calls-{given.calls}.events.jsonl").open("w", encoding="utf-8") as file:
        for number, outcome in enumerate(outcomes):
            for event in outcome.events:
                data = {"call": number, **facts.to_dict(event)}
                file.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    print(text)


if __name__ == "__main__":
    main()
