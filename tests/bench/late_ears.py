"""Audio through a turn-taker in virtual time, with real recognitions that arrive late."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.bench_turns import Float, frames
from voicebot.settings import TurnSettings
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.echo import EchoEstimator
from voicebot.turns.endpoint import EndpointStrategy
from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    SpeculateNow,
    SpeechResumed,
    TurnEvent,
)
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector


class Ears:
    """A real recognizer behind a cache, so that all strategies hear the same and runs repeat."""

    def __init__(self, model: Path, cache: Path | None) -> None:
        self._model = model
        self._cache = cache
        self._recognizer: WhisperRecognizer | None = None
        known = cache is not None and cache.is_file()
        self._texts: dict[str, tuple[str, float]] = (
            json.loads(cache.read_text("utf-8")) if known else {}
        )
        self.decodes = 0
        self.cpu_s = 0.0

    def hear(self, pcm: npt.NDArray[np.int16]) -> tuple[str, float]:
        """Text and confidence of int16 at 8 kHz, shape (n,)."""
        key = hashlib.sha256(pcm.tobytes()).hexdigest()[:24]
        if key not in self._texts:
            if self._recognizer is None:
                self._recognizer = WhisperRecognizer(self._model)
            recognition = self._recognizer.recognize(pcm)
            self._texts[key] = (recognition.text, recognition.confidence)
            self.decodes += 1
            if self.decodes % 50 == 0:
                self.save()
            self.cpu_s += recognition.cpu_s
        text, confidence = self._texts[key]
        return text, confidence

    def save(self) -> None:
        if self._cache is not None:
            self._cache.write_text(json.dumps(self._texts, ensure_ascii=False), "utf-8")


@dataclass
class Outcome:
    """What became of one stretch of audio."""

    events: list[TurnEvent]
    texts: list[str] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    heard_ms: list[int] = field(default_factory=list)

    def times(self, kind: type[TurnEvent]) -> list[int]:
        return [event.at_ms for event in self.events if isinstance(event, kind)]


class Lab:
    """Runs audio through a turn-taker whose recognitions arrive late."""

    def __init__(self, vad: Path, ears: Ears, latency_ms: tuple[int, int]) -> None:
        self._silero = SileroVad(vad)
        self._ears = ears
        self._latency_ms = latency_ms
        self._settings = TurnSettings.model_validate({})

    def run(
        self,
        received: Float,
        *,
        endpoint: EndpointStrategy | None = None,
        content: ContentBargeIn | None = None,
        sent: Float | None = None,
        hears: bool = True,
        bot_text: str = "",
    ) -> Outcome:
        vad = SpeechDetector(self._silero.fork(), threshold=self._settings.speech_threshold)
        taker = TurnTaker(self._settings, vad, endpoint=endpoint, content=content)
        echo, rng = EchoEstimator(), random.Random(len(received))
        outcome = Outcome([])
        arriving: tuple[int, int, str, float] | None = None
        stopped = False
        came = frames(received)
        went = [None] * len(came) if sent is None else frames(sent)
        for frame, bot in zip(came, went, strict=True):
            if arriving and taker.now_ms >= arriving[0]:
                taker.heard(
                    arriving[2],
                    speech_end_ms=arriving[1],
                    confidence=arriving[3],
                    bot_text=bot_text,
                )
                outcome.texts.append(arriving[2])
                outcome.heard_ms.append(taker.now_ms)
                arriving = None
            bot = None if stopped else bot
            level = echo.feed(frame, bot)
            for event in taker.feed(frame, bot_speaking=bot is not None, echo_level_db=level):
                outcome.events.append(event)
                stopped = stopped or isinstance(event, BargeIn)
                if isinstance(event, SpeculateNow) and hears:
                    at_ms = event.at_ms + rng.randint(*self._latency_ms)
                    arriving = (at_ms, event.speech_end_ms, *self._ears.hear(taker.utterance()))
                    outcome.confidences.append(arriving[3])
                elif isinstance(event, SpeechResumed | BargeInDismissed):
                    arriving = None
        return outcome
