"""A line in real time that writes down when sound came to it, and when it had none to send."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from telephony import FRAME_MS
from telephony.api import FRAME_BYTES
from telephony.file_line import FileCall

HOUR_MS = 3_600_000


@dataclass
class Utterance:
    """Times in seconds, `time.monotonic`: asked for, handed to the line, first packet sent.

    `gaps_ms` are the stretches in which the line ran dry before the utterance was all there: the
    pauses that a clause ends with are sound to the line.
    """

    asked_s: float
    handed_s: float = 0.0
    sent_s: float = 0.0
    gaps_ms: list[float] = field(default_factory=list)

    @property
    def handed_ms(self) -> float:
        return (self.handed_s - self.asked_s) * 1000

    @property
    def first_audio_ms(self) -> float:
        return (self.sent_s - self.asked_s) * 1000


class TimedLine(FileCall):
    """A silent caller's line. `begin` an utterance, say it through a `Mouth`, then `end` it."""

    def __init__(self) -> None:
        super().__init__(b"", tail_ms=HOUR_MS)
        self._utterance: Utterance | None = None
        self._dry_ms = 0.0

    def begin(self) -> Utterance:
        """The utterance is asked for now."""
        self._utterance = Utterance(time.monotonic())
        self._dry_ms = 0.0
        return self._utterance

    def end(self) -> None:
        """All of it was said: what is silent from now on is no gap."""
        self._utterance = None

    def play(self, pcm: bytes) -> None:
        now = self._utterance
        if now is not None and not now.handed_s:
            now.handed_s = time.monotonic()
        if now is not None and self._dry_ms:
            now.gaps_ms.append(self._dry_ms)
            self._dry_ms = 0.0
        super().play(pcm)

    def _tick(self, number: int) -> None:
        now, queued = self._utterance, len(self._queue)
        if now is not None and now.handed_s:
            if not now.sent_s and queued:
                now.sent_s = time.monotonic()
            missing = max(0, FRAME_BYTES - queued)
            self._dry_ms += missing * FRAME_MS / FRAME_BYTES
        super()._tick(number)


async def settle(line: TimedLine) -> None:
    """Start the line's clock, and let a few frames pass."""
    await line.answer()
    await asyncio.sleep(5 * FRAME_MS / 1000)
