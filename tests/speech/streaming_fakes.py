"""Voices that speak in chunks, and fail as they are told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from voicebot.errors import VoiceError
from voicebot.speech.api import LINE_RATE, Chunk, Pcm
from voicebot.speech.line_audio import line_ready

MS = LINE_RATE // 1000
CHARACTER_MS = 100


def hum(characters: int, hz: float = 250.0, level: float = 0.1) -> Pcm:
    """That many characters of a voice that has nothing but a tone."""
    t = np.arange(characters * CHARACTER_MS * MS) / LINE_RATE
    return np.rint(level * 32767 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


class ChunkVoice:
    """Hums `words`, a chunk each, in its own pitch; `break_after` chunks it does as told.

    `how`: "error" raises, "hang" waits for its `stop`, "odd" raises what no voice should. It says
    texts it has no words for in one chunk.
    Without `marks` its words come bare. `spoken` keeps the texts it was asked for.
    """

    sample_rate = stream_rate = LINE_RATE

    def __init__(
        self,
        name: str = "tone",
        words: Sequence[str] = (),
        *,
        break_after: int | None = None,
        how: str = "error",
        hz: float = 250.0,
        knows_words: bool = True,
        marks: bool = True,
    ) -> None:
        self.name, self.fingerprint = name, f"{name}-1"
        self.words = tuple(words)
        self.break_after, self.how = break_after, how
        self.hz, self.knows_words, self.marks = hz, knows_words, marks
        self.spoken: list[str] = []
        self.timeouts_s: list[float | None] = []
        self.stopped = threading.Event()

    def warm_up(self) -> None:
        """Nothing to load."""

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        pcm = np.concatenate([chunk.pcm for chunk in self.stream(text, timeout_s=timeout_s)])
        return line_ready(pcm.astype(np.float32) / 32768, LINE_RATE)

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        self.spoken.append(text)
        self.timeouts_s.append(timeout_s)
        words = self.words if "".join(self.words) == text else (text,)
        for number, word in enumerate(words):
            if number == self.break_after:
                self._break(stop)
            if stop is not None and stop.is_set():
                self.stopped.set()
                return
            last = number == len(words) - 1
            told = word if self.knows_words else text if last else ""
            told = told if self.marks else told.strip("，。")
            yield Chunk(hum(sum(char.isalnum() for char in word), self.hz), told)

    def _break(self, stop: threading.Event | None) -> None:
        match self.how:
            case "hang":
                assert stop is not None and stop.wait(30)
                time.sleep(0.01)
                self.stopped.set()
            case "odd":
                raise OSError("no route to host")
            case _:
                raise VoiceError(f"{self.name}: told to fail")
