"""What the bench's callers say: the same to every bot, drawn by a seed.

A caller hears the greeting, then asks; one question is followed by an interruption of its answer,
others by a listener signal over the answer. Everything a caller says is a recorded line
(audio_fixtures/).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.replay.tape_turns import Meant

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"
# Answered with some 5 s of speech: enough to be interrupted or listened to in.
LONG = ("memory_max", "warranty", "rebuild_time", "onsite", "serial_where")
SHORT = (
    "bmc_password", "ask_light", "health_red", "fan_noise", "memory_error", "raid_driver",
    "network_down",
)  # fmt: skip
QUESTIONS = (*LONG, *SHORT)
INTERRUPTION = "barge_in"
SIGNALS = ("listener", "yes")
# A bot that says nothing is spoken to again after so long.
PATIENCE_MS = 12_000
# Longer than a bot's pause between clauses.
QUIET_MS = 1500
# Recorded lines begin after some 0.4 s: the bot is then 1.4 s into its answer, whose first clauses
# take 2 s. A filler may be met instead where the bot needs one.
OVER_AFTER_MS = 1000


@dataclass(frozen=True)
class Script:
    """Steps for `telephony.loopback.caller`, and what each spoken one (counted from 1) means."""

    steps: tuple[dict[str, Any], ...]
    meant: dict[int, Meant]

    @property
    def lines(self) -> int:
        return len(self.meant)


def caller_script(seed: int, questions: int = 5) -> Script:
    """A call of `questions` questions: the second answer is interrupted, the third and fourth
    are listened to aloud. Those three are long ones."""
    draw = random.Random(seed)
    short, long = draw.sample(SHORT, len(SHORT)), draw.sample(LONG, 3)
    asked = [short[0], *long, *short[1:]][:questions]
    heard = {"wait_reply": {"min_ms": 500, "quiet_ms": QUIET_MS, "timeout_ms": PATIENCE_MS}}
    steps: list[dict[str, Any]] = [heard]
    meant: dict[int, Meant] = {}

    def say(name: str, what: Meant, *, over: bool = False) -> None:
        wav = str(FIXTURES / f"{name}.wav")
        step: dict[str, Any] = {"play": wav}
        if over:
            step = {"play_over": wav, "after_speech_ms": OVER_AFTER_MS, "timeout_ms": PATIENCE_MS}
        steps.append(step)
        meant[len(steps)] = what

    for number, name in enumerate(asked):
        say(name, Meant.TURN)
        if number == 1:
            say(INTERRUPTION, Meant.INTERRUPTION, over=True)
        elif number in (2, 3):
            say(SIGNALS[number - 2], Meant.BACKCHANNEL, over=True)
        steps.append(heard)
    steps += [{"wait_ms": 500}, {"hangup": True}]
    return Script(tuple(steps), meant)
