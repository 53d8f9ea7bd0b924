"""A voice for tests that need no weights; `test_voices_keep_the_contract` holds it to `Voice`."""

from __future__ import annotations

import threading

import numpy as np

from voicebot.errors import VoiceError
from voicebot.speech.api import LINE_RATE, Pcm


class ToneVoice:
    """Says 10 ms of a tone a character; fails as often as it is told to. Counts its renders."""

    sample_rate = LINE_RATE

    def __init__(self, name: str = "tone", *, failures: int = 0) -> None:
        self.name = name
        self.fingerprint = f"{name}-1"
        self.failures = failures
        self.rendered: list[str] = []
        self.timeouts_s: list[float | None] = []
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Nothing to load."""

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        with self._lock:
            self.rendered.append(text)
            self.timeouts_s.append(timeout_s)
            if self.failures > 0:
                self.failures -= 1
                raise VoiceError(f"{self.name}: told to fail")
        count = 80 * sum(c.isalnum() for c in text)
        return np.round(8000 * np.sin(np.arange(count) * 0.5)).astype(np.int16)
