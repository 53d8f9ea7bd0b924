"""``voicebot`` whose first voice breaks off in mid-sentence: the real voice, with a fault put in.

It says a clause that holds `BREAKS_IN` up to there, with its own sound, and then fails as a voice
on a network does.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

from voicebot.cli import main
from voicebot.errors import VoiceError
from voicebot.speech import build
from voicebot.speech.api import LINE_RATE, Chunk, Pcm
from voicebot.speech.kokoro import KokoroVoice

BREAKS_IN = "会被录音"


class BreakingVoice:
    """Kokoro, but for that."""

    sample_rate = stream_rate = LINE_RATE

    def __init__(self, *args: Any, **options: Any) -> None:
        self._voice = KokoroVoice(*args, **options)
        self._made: dict[str, Pcm] = {}
        self.name, self.fingerprint = self._voice.name, self._voice.fingerprint

    def warm_up(self) -> None:
        self._voice.warm_up()

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        return self._voice.render(text, timeout_s=timeout_s)

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        said, found, _ = text.partition(BREAKS_IN)
        if said not in self._made:  # so that a busy machine is not what it fails for in the call
            self._made[said] = self.render(said, timeout_s=timeout_s)
        yield Chunk(self._made[said], said)
        if found:
            raise VoiceError("the line to the voice broke")


if __name__ == "__main__":
    sys.argv[0] = "voicebot"
    build.KokoroVoice = BreakingVoice  # type: ignore[assignment,misc]
    main()
