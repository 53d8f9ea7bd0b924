"""How long a caller's final recognition takes while the bot listens on to other calls.

``python -m tests.bench.bench_listening_on`` prints one line a way of listening on: not at all;
with the callers' own ears; with a copy of them at the lowest priority, as the bot does it. Two
talks are listened to without a pause, which is more than two talks ever say.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from asr_models import Recognizer
from asr_models.domain import Domain
from telephony.wav import read_wav
from voicebot.ears import at_lowest_priority, build_recognizer
from voicebot.session.listening_on import BackgroundEars
from voicebot.settings import load_settings
from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.turn_taker import TurnTaker

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
CALLER = "human2.wav"
TALK = ("disk_missing.wav", "memory_max.wav", "ask_part.wav")
TALKS = 2


def speech(*names: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The lines one after the other, int16 at 8 kHz."""
    return np.concatenate([np.frombuffer(read_wav(FIXTURES / name), "<i2") for name in names])


def no_taker() -> TurnTaker:
    """Turns are given here."""
    raise AssertionError("no turn is looked for")


async def finals_ms(
    recognizer: Recognizer, behind: Recognizer | None, scheduler: InferenceScheduler, count: int
) -> tuple[list[float], int]:
    """The times of `count` final recognitions, and how many turns were heard behind them."""
    caller, talk = speech(CALLER), speech(*TALK)
    rng = np.random.default_rng(1)
    took: list[float] = []
    turns, over = 0, False

    async def listen_on(ears: BackgroundEars) -> None:
        nonlocal turns
        while not over:
            await ears.read(talk)
            turns += 1

    listening = []
    if behind is not None:
        ears = BackgroundEars(behind, Domain(()), scheduler, no_taker)
        listening = [asyncio.create_task(listen_on(ears)) for _ in range(TALKS)]
    for _ in range(count):
        await asyncio.sleep(float(rng.uniform(0.1, 0.5)))
        before_s = time.perf_counter()
        await scheduler.run(Priority.FINAL_ASR, lambda: recognizer.recognize(caller), stage="asr")
        took.append((time.perf_counter() - before_s) * 1000)
    over = True
    await asyncio.gather(*listening)
    return sorted(took), turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finals", type=int, default=30)
    given = parser.parse_args()
    settings = load_settings()
    recognizer = build_recognizer(settings)
    ways: dict[str, Callable[[], Recognizer | None]] = {
        "nothing is listened to": lambda: None,
        "with the callers' ears": lambda: recognizer,
        "with a copy of the lowest priority": lambda: at_lowest_priority(
            lambda: build_recognizer(settings)
        ),
    }
    for name, behind in ways.items():
        scheduler = InferenceScheduler(workers=2)
        made = behind()
        recognizer.recognize(speech(CALLER))
        took, turns = asyncio.run(finals_ms(recognizer, made, scheduler, given.finals))
        scheduler.close()
        print(
            f"{name:36} n {len(took)}  p50 {np.median(took):5.0f} ms  "
            f"p95 {np.quantile(took, 0.95):5.0f} ms  turns behind {turns:3}  "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
