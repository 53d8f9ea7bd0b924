"""What a stage is taken to cost until it has run often enough on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.session import language
from voicebot.session.rendering import FIRST_SOUND_STAGE, VOICE_STAGE
from voicebot.turns.estimates import StageEstimates

_COLD_MS = {
    "quick asr": 300.0,
    "partial asr": 300.0,
    "asr": 600.0,
    "search": 60.0,
    **language.COLD_ESTIMATES_MS,
    VOICE_STAGE: 1200.0,
    FIRST_SOUND_STAGE: 1200.0,
    "prepare": 3000.0,
}


def cold_estimates(taken_ms: Mapping[str, float]) -> StageEstimates:
    """The estimates at the start; `taken_ms` are those measured while loading, by their stage."""
    return StageEstimates({**_COLD_MS, **taken_ms})
