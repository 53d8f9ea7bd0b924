"""Audio through all that listens in a call: echo estimate, detector, turns, stream, guards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from asr_models.api import RecognitionStream, StreamingRecognizer
from asr_models.silero import SileroVad
from telephony.api import FRAME_MS
from voicebot.settings import TurnSettings
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.echo import EchoEstimator
from voicebot.turns.events import SpeculateNow, SpeechStarted
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector


@dataclass
class Heard:
    """What came of it. `texts` are all texts, partials too, in order; `finals` only finals."""

    turns: int = 0
    decodes: int = 0
    texts: list[str] = field(default_factory=list)
    finals: list[tuple[str, float]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


class EarsOnALine:
    """A call's ears in virtual time: readings take none, the worst case for non-speech.

    Args:
        recognizer: whose streams are used as a call does.
        vad: loaded; every call forks it.
        prompt: domain context.
        partial_ms: speech between two partials.
    """

    def __init__(
        self,
        recognizer: StreamingRecognizer,
        vad: SileroVad,
        *,
        prompt: str = "",
        partial_ms: int = 1000,
    ) -> None:
        self._recognizer = recognizer
        self._vad = vad
        self._prompt = prompt
        self._partial_ms = partial_ms
        self._settings = TurnSettings.model_validate({})

    def listen(
        self, received: Sequence[bytes], sent: Sequence[bytes | None] | None = None
    ) -> Heard:
        """Take one call's frames of 20 ms; `sent` are the bot's."""
        detector = SpeechDetector(self._vad.fork(), threshold=self._settings.speech_threshold)
        taker = TurnTaker(self._settings, detector, content=ContentBargeIn())
        echo, heard = EchoEstimator(), Heard()
        stream: RecognitionStream | None = None
        since_ms = 0
        for frame, bot in zip(received, sent or [None] * len(received), strict=True):
            level_db = echo.feed(frame, bot)
            events = taker.feed(frame, bot_speaking=bot is not None, echo_level_db=level_db)
            heard.turns += sum(isinstance(event, SpeechStarted) for event in events)
            if not taker.in_turn:
                stream = None
            elif stream is None:
                stream, since_ms = self._recognizer.stream(prompt=self._prompt), 0
                stream.accept(taker.utterance())
            else:
                stream.accept(np.frombuffer(frame, np.int16))
                since_ms += FRAME_MS
            if stream and self._partial_ms and since_ms >= self._partial_ms:
                since_ms = 0
                self._partial(stream, heard)
            if stream and any(isinstance(event, SpeculateNow) for event in events):
                text, confidence = self._decide(stream, heard)
                taker.heard(text, confidence=confidence)
        return heard

    def _partial(self, stream: RecognitionStream, heard: Heard) -> None:
        heard.decodes += 1
        text = stream.partial().text
        heard.texts += [text] if text else []

    def _decide(self, stream: RecognitionStream, heard: Heard) -> tuple[str, float]:
        self._partial(stream, heard)
        final = stream.final()
        if final.text:
            heard.texts.append(final.text)
            heard.finals.append((final.text, final.confidence))
        else:
            said = final.alternatives[0].text if final.alternatives else ""
            heard.rejected.append(f"{final.rejected}: {said}")
        return final.text, final.confidence
