"""From the settings of the turns to the turn-taker of one call."""

from __future__ import annotations

from asr_models.silero import SileroVad
from voicebot.settings import TurnSettings
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector


def turn_taker(settings: TurnSettings, silero: SileroVad) -> TurnTaker:
    """A turn-taker with strategies and a detector of its own: they learn from their caller."""
    return TurnTaker(
        settings,
        SpeechDetector(silero.fork(), threshold=settings.speech_threshold),
        endpoint=AdaptiveEndpoint() if settings.endpoint == "adaptive" else None,
        content=ContentBargeIn() if settings.barge_in == "content" else None,
    )
