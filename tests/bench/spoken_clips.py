"""Sentences as a call would carry them: clauses with their pauses, A-law; kept between runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asr_models.g711 import alaw_decode, alaw_encode
from tests.bench.clips import Pcm
from voicebot.speech.api import LINE_RATE, Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import OFFLINE_TIMEOUT_S, Speaker

EDGE_MS = 200


class SpokenClips:
    """What `voice` says; clauses that it has said before come from `folder`."""

    def __init__(self, voice: Voice, terms: list[str], folder: Path) -> None:
        self._speaker = Speaker(voice, SpeechCache(folder), terms=terms)

    def alaw(self, text: str) -> Pcm:
        """The sentence with `EDGE_MS` of silence at both ends, int16 at 8 kHz, through A-law."""
        parts = [silence(EDGE_MS)]
        for clause in self._speaker.clauses(text):
            parts.append(self._speaker.render(clause, timeout_s=OFFLINE_TIMEOUT_S))
            parts.append(silence(clause.pause_ms))
        return alaw_decode(alaw_encode(np.concatenate([*parts, silence(EDGE_MS)])))


def silence(duration_ms: int) -> Pcm:
    """At the line's rate."""
    return np.zeros(LINE_RATE * duration_ms // 1000, np.int16)
