"""From the settings of the turns to the turn-taker of one call."""

from __future__ import annotations

from asr_models.silero import SileroVad
from voicebot.settings import TurnSettings
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector

LISTENED_TURN_MS = 12_000


def turn_taker(settings: TurnSettings, silero: SileroVad) -> TurnTaker:
    """A turn-taker with strategies and a detector of its own: they learn from their caller."""
    return TurnTaker(
        settings,
        SpeechDetector(silero.fork(), threshold=settings.speech_threshold),
        endpoint=AdaptiveEndpoint() if settings.endpoint == "adaptive" else None,
        content=ContentBargeIn() if settings.barge_in == "content" else None,
    )


def listening_taker(settings: TurnSettings, silero: SileroVad) -> TurnTaker:
    """For a leg that nobody is about to answer: turns end at a fixed silence and are short, so
    that recognizing one takes no worker for long."""
    limits = {"max_turn_ms": min(settings.max_turn_ms, LISTENED_TURN_MS)}
    detector = SpeechDetector(silero.fork(), threshold=settings.speech_threshold)
    return TurnTaker(settings.model_copy(update=limits), detector)
