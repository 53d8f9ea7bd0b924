"""A scripted ear: tests say what each frame is, the turn-taker is told exactly that."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from telephony.api import FRAME_MS, FRAME_SAMPLES
from voicebot.settings import TurnSettings
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.endpoint import EndpointStrategy
from voicebot.turns.events import TurnEvent
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import VadReading

SPEECH_DB = -22.0
SETTINGS = TurnSettings.model_validate({"speculate_ms": 160})


class ScriptedVad:
    """Reads verdict and level out of the frame's first samples; the noise floor is -60 dBFS."""

    def feed(self, frame: bytes) -> VadReading:
        samples = np.frombuffer(frame, np.int16)
        speech = samples[0] == 1
        return VadReading(speech, float(speech), float(samples[1]) / 100.0, -60.0)


def numbered_frame(index: int, *, speech: bool, db: float = SPEECH_DB) -> bytes:
    """A frame that tells its verdict, its level (if speech, else the noise's) and its place."""
    samples = np.zeros(FRAME_SAMPLES, np.int16)
    samples[0] = speech
    samples[1] = round((db if speech else -60.0) * 100)
    samples[2:] = index
    return samples.tobytes()


class Line:
    """A call to one TurnTaker: `say`/`quiet` feed frames; `events` has all that came out."""

    def __init__(
        self,
        settings: TurnSettings = SETTINGS,
        endpoint: EndpointStrategy | None = None,
        content: ContentBargeIn | None = None,
    ) -> None:
        self.taker = TurnTaker(settings, ScriptedVad(), endpoint=endpoint, content=content)
        self.events: list[TurnEvent] = []
        self.index = 0

    def feed(
        self, verdicts: Iterable[bool], *, bot: bool, db: float = SPEECH_DB, echo: float | None
    ) -> list[TurnEvent]:
        """Feed one frame a verdict; returns what these frames caused."""
        new: list[TurnEvent] = []
        for speech in verdicts:
            frame = numbered_frame(self.index, speech=speech, db=db)
            new += self.taker.feed(frame, bot_speaking=bot, echo_level_db=echo)
            self.index += 1
        self.events += new
        return new

    def say(
        self, ms: int, *, bot: bool = False, db: float = SPEECH_DB, echo: float | None = None
    ) -> list[TurnEvent]:
        """The caller speaks for `ms`."""
        return self.feed([True] * (ms // FRAME_MS), bot=bot, db=db, echo=echo)

    def murmur(
        self, ms: int, *, bot: bool = False, db: float = SPEECH_DB, echo: float | None = None
    ) -> list[TurnEvent]:
        """A sound that the detector does not (yet) take for speech."""
        new: list[TurnEvent] = []
        for _ in range(ms // FRAME_MS):
            samples = np.frombuffer(numbered_frame(self.index, speech=True, db=db), np.int16).copy()
            samples[0] = 0
            new += self.taker.feed(samples.tobytes(), bot_speaking=bot, echo_level_db=echo)
            self.index += 1
        self.events += new
        return new

    def quiet(self, ms: int, *, bot: bool = False, echo: float | None = None) -> list[TurnEvent]:
        """The caller is silent for `ms`."""
        return self.feed([False] * (ms // FRAME_MS), bot=bot, echo=echo)

    def frames_heard(self) -> list[int]:
        """Call positions of the frames in the current utterance."""
        return [int(n) for n in self.taker.utterance().reshape(-1, FRAME_SAMPLES)[:, 2]]
