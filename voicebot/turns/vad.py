"""Is the caller speaking? webrtcvad as a cheap gate, Silero decides. One detector a call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import webrtcvad

from telephony.api import FRAME_BYTES, SAMPLE_RATE
from voicebot.turns.levels import SILENCE_DB, NoiseFloor, level_db

WINDOW_SAMPLES = 256
"""Silero's window at 8 kHz: 32 ms."""

SpeechProbability = Callable[[npt.NDArray[np.int16]], float]
"""Streaming speech probability 0..1 of the next `WINDOW_SAMPLES` int16 samples, shape (256,)."""


@dataclass(frozen=True)
class VadReading:
    """What one 20 ms frame held. Levels in dBFS; `probability` is the newest window's."""

    is_speech: bool
    probability: float
    level_db: float
    noise_db: float


class FrameVad(Protocol):
    """A speech detector fed one 20 ms frame at a time."""

    def feed(self, frame: bytes) -> VadReading: ...


class SpeechDetector:
    """Streaming two-stage speech detector over 20 ms frames of s16le at 8 kHz.

    The gate opens when webrtcvad (mode 3) hears speech or the frame stands `GATE_MARGIN_DB` over
    the noise floor (mode 3 alone misses soft talkers), and stays open for `GATE_HANG_FRAMES`.
    Behind a closed gate Silero is not run and the answer is "no speech".

    Silero is recurrent: fed only the gated windows it would see a cut in the middle of a word and
    answer from a stale state. So the last `REPLAYED_WINDOWS` skipped windows are kept, and on
    opening they are run first: Silero always judges a word with the quarter second that led to it
    as context, and nothing is skipped that could be part of it. The first frames of a call are
    always let through. The cost is a burst of eight windows (about 1 ms of CPU) at each opening.

    Args:
        silero: the decider; holds this call's recurrent state (`asr_models.silero.SileroVad`).
        threshold: probability at which speech begins; it ends `HYSTERESIS` below.
    """

    GATE_MARGIN_DB = 9.0
    GATE_HANG_FRAMES = 25
    REPLAYED_WINDOWS = 8
    HYSTERESIS = 0.15
    SOUND_MARGIN_DB = 6.0
    SOUND_RANGE_DB = 22.0
    PEAK_FALL_DB = 0.2

    def __init__(self, silero: SpeechProbability, *, threshold: float = 0.5) -> None:
        self._silero = silero
        self._threshold = threshold
        self._gate = webrtcvad.Vad(3)
        self._hang = self.GATE_HANG_FRAMES
        self._pending = np.empty(0, np.int16)
        self._skipped: deque[npt.NDArray[np.int16]] = deque(maxlen=self.REPLAYED_WINDOWS)
        self._noise = NoiseFloor()
        self._probability = 0.0
        self._is_speech = False
        self._peak_db = SILENCE_DB

    def feed(self, frame: bytes) -> VadReading:
        """Judge the next frame. Raises ValueError unless it is `FRAME_BYTES` long."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(
                f"vad: a frame is {FRAME_BYTES} bytes (20 ms of s16le at 8 kHz), got {len(frame)}"
            )
        samples = np.frombuffer(frame, np.int16)
        level = level_db(samples)
        gate_open = self._gate_open(frame, level)
        for window in self._windows(samples):
            self._judge(window, gate_open)
        noise = self._noise.feed(level, is_speech=self._is_speech)
        sounds = self._sounds(level, noise)
        return VadReading(self._is_speech and sounds, self._probability, level, noise)

    def _sounds(self, level: float, noise: float) -> bool:
        """Whether the frame is loud enough to be part of the speech around it.

        Silero's state outlasts the speech by some 120 ms; the level tells at once.
        """
        if self._is_speech:
            self._peak_db = max(level, self._peak_db - self.PEAK_FALL_DB)
        else:
            self._peak_db = SILENCE_DB
        return level > noise + self.SOUND_MARGIN_DB and level > self._peak_db - self.SOUND_RANGE_DB

    def _gate_open(self, frame: bytes, level: float) -> bool:
        loud = level > self._noise.level_db + self.GATE_MARGIN_DB
        if loud or self._gate.is_speech(frame, SAMPLE_RATE):
            self._hang = self.GATE_HANG_FRAMES
        elif self._hang > 0:
            self._hang -= 1
        return self._hang > 0

    def _windows(self, samples: npt.NDArray[np.int16]) -> list[npt.NDArray[np.int16]]:
        """The whole windows completed by these samples; the rest waits."""
        joined = np.concatenate((self._pending, samples))
        whole = len(joined) // WINDOW_SAMPLES * WINDOW_SAMPLES
        self._pending = joined[whole:]
        return [joined[at : at + WINDOW_SAMPLES] for at in range(0, whole, WINDOW_SAMPLES)]

    def _judge(self, window: npt.NDArray[np.int16], gate_open: bool) -> None:
        if not gate_open:
            self._skipped.append(window)
            self._probability = 0.0
            self._is_speech = False
            return
        while self._skipped:
            self._silero(self._skipped.popleft())
        self._probability = float(self._silero(window))
        limit = self._threshold - (self.HYSTERESIS if self._is_speech else 0.0)
        self._is_speech = self._probability >= limit
