"""Stand-ins for the models, so that whole calls run in virtual time in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models import Partial, Recognition
from telephony import Call
from voicebot.dialog.events import BookCallBack, Event, Handoff, HandoffEnded, Heard, Say, SayKind
from voicebot.dialog.state import DialogState
from voicebot.session.conversation import Thought
from voicebot.turns.budget import Budget
from voicebot.turns.levels import level_db
from voicebot.turns.vad import VadReading

RATE = 8000


def tone(duration_ms: int, hz: float = 300.0, level: float = 0.2) -> npt.NDArray[np.int16]:
    t = np.arange(RATE * duration_ms // 1000) / RATE
    return (level * 32767 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def quiet(duration_ms: int) -> npt.NDArray[np.int16]:
    return np.zeros(RATE * duration_ms // 1000, np.int16)


def audio(*parts: npt.NDArray[np.int16]) -> bytes:
    return np.concatenate(parts).tobytes()


class LoudnessVad:
    """Speech is what is loud: enough for tones against silence."""

    def feed(self, frame: bytes) -> VadReading:
        level = level_db(np.frombuffer(frame, np.int16))
        loud = level > -40
        return VadReading(loud, 1.0 if loud else 0.0, level, -80.0)


@dataclass
class ScriptedRecognizer:
    """Returns its texts in order, each after `delay_s` real seconds."""

    texts: list[str]
    delay_s: float = 0.0
    heard_ms: list[int] = field(default_factory=list)
    name: str = "scripted"

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        self.heard_ms.append(len(pcm) * 1000 // sample_rate)
        if self.delay_s:
            time.sleep(self.delay_s)
        text = self.texts[min(len(self.heard_ms), len(self.texts)) - 1]
        return Recognition(text, 0.9 if text else 0.0, rejected="" if text else "noise")


@dataclass
class ScriptedStream:
    """An utterance of a `StreamingScript`."""

    script: StreamingScript
    samples: int = 0
    figures: bool = False

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        self.samples += len(pcm)

    def partial(self, until: int | None = None) -> Partial:
        self.script.readings.append(("partial", until))
        time.sleep(self.script.quick_s)
        text = self.script.quick
        return Partial(text, "", 0.8, 0)

    def final(self, until: int | None = None) -> Recognition:
        self.script.readings.append(("final", until))
        time.sleep(self.script.final_s)
        return Recognition(self.script.best, 0.9)


@dataclass
class StreamingScript:
    """A streaming recognizer whose quick text may differ from the best; `*_s` are real seconds."""

    quick: str
    best: str
    quick_s: float = 0.0
    final_s: float = 0.0
    readings: list[tuple[str, int | None]] = field(default_factory=list)
    streams: list[ScriptedStream] = field(default_factory=list)
    name: str = "streaming script"

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        return Recognition(self.best, 0.9)

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> ScriptedStream:
        self.streams.append(ScriptedStream(self, figures=figures))
        return self.streams[-1]


class ToneVoice:
    """A voice that hums: 80 ms a character."""

    name = "tone"
    sample_rate = RATE
    fingerprint = "tone-1"

    def warm_up(self) -> None:
        pass

    def render(self, text: str, *, timeout_s: float | None = None) -> npt.NDArray[np.int16]:
        return tone(80 * len(text), hz=500)


class EchoConversation:
    """Answers what it hears with a fixed reply; `replies` maps a text to actions."""

    GREETING = "您好这里是热线请问有什么问题"

    def __init__(self, replies: dict[str, tuple[Any, ...] | Exception] | None = None) -> None:
        self.replies = replies or {}

    def start(self) -> Thought:
        return Thought(DialogState(), (Say(self.GREETING, SayKind.GREETING),))

    async def consider(
        self,
        state: DialogState,
        event: Event,
        budget: Budget | None = None,
        rehearsed: Thought | None = None,
    ) -> Thought:
        after = replace(state, turns=state.turns + 1)
        if isinstance(event, HandoffEnded):
            return Thought(after, (Say("没有接通请继续说", SayKind.HANDOFF),))
        text = event.text if isinstance(event, Heard) else type(event).__name__
        reply = self.replies.get(text, (Say("好的" + text, SayKind.ANSWER),))
        if isinstance(reply, Exception):
            raise reply
        return Thought(after, reply)


@dataclass
class ScriptedDesk:
    """Ends every hand-off with the given outcome."""

    outcome: str = "accepted"
    asked: list[Handoff] = field(default_factory=list)
    books: bool = True
    booked: list[BookCallBack] = field(default_factory=list)

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        self.asked.append(handoff)
        return self.outcome

    def key(self, digit: str) -> None:
        """Nobody waits here."""

    def ended(self, call: Call, outcome: str) -> HandoffEnded:
        return HandoffEnded(outcome)

    async def book(self, call: Call, booking: BookCallBack, now_ms: Callable[[], int]) -> bool:
        self.booked.append(booking)
        return self.books
