"""Voices mixed: what one leg of a bridge hears is all the others, never itself. Sans-I/O.

One voice is the ear's main one and goes through as it is, so that two legs pay nothing for the
possibility of a third. All others lie beside it, each in a queue of its own, and are added to what
the main voice sends; where that is dry (silence suppression, a hold, a leg that has left) they
are sent alone.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from telephony.api import FRAME_BYTES, FRAME_MS

DRY_MS = 60
"""A main voice that has sent nothing for so long is waited for no more."""
AHEAD_MS = 30
"""Without a main voice so much is kept queued: a packet, and the time until the next look."""


class Line(Protocol):
    """Where the sum goes (`telephony.api.Call`)."""

    @property
    def queued_ms(self) -> int:
        """Audio that has not left yet."""

    def play(self, pcm: bytes) -> None:
        """Queue audio."""


def mixed(*voices: bytes) -> bytes:
    """The sum of s16le signals, saturating at full scale; as long as the longest of them."""
    if len(voices) == 1:
        return voices[0]
    total = np.zeros(max(map(len, voices), default=0) // 2, np.int32)
    for voice in voices:
        total[: len(voice) // 2] += np.frombuffer(voice, "<i2", len(voice) // 2)
    return total.clip(-32768, 32767).astype("<i2").tobytes()


class Overlay:
    """A voice that is heard beside the main one. Who fills it bounds it.

    It looks like a line to who plays into it: a `telephony.cushion.Cushion` keeps a live voice's
    queue short, a spoken text lies in it whole.
    """

    def __init__(self) -> None:
        self._queue = bytearray()

    @property
    def queued_ms(self) -> int:
        """What waits to be heard."""
        return len(self._queue) * FRAME_MS // FRAME_BYTES

    def play(self, pcm: bytes) -> None:
        """Queue audio, any length."""
        self._queue += pcm

    def flush(self) -> int:
        """Forget what waits; returns how many ms that were."""
        unheard_ms = self.queued_ms
        self._queue.clear()
        return unheard_ms

    def take(self, size: int) -> bytes:
        """The next `size` bytes, or as many as there are."""
        pcm = bytes(self._queue[:size])
        del self._queue[:size]
        return pcm


class Ear:
    """All that one leg hears. `now_ms` is any clock that does not jump."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._overlays: list[Overlay] = []
        self._leaving: list[Overlay] = []
        self._main_ms = -1e9
        self.has_main = False
        """Whether somebody's voice is the main one."""

    @property
    def queued_ms(self) -> int:
        """What the leg has still to be sent."""
        return self._line.queued_ms

    def beside(self) -> Overlay:
        """A voice more."""
        self._overlays.append(Overlay())
        return self._overlays[-1]

    def remove(self, overlay: Overlay) -> None:
        """A voice less, once what waits in it was heard. Idempotent."""
        self._leaving.append(overlay)
        self._let_go()

    def play(self, pcm: bytes, now_ms: float) -> None:
        """The main voice: sent at once, with what the others say meanwhile."""
        self._main_ms = now_ms
        self._line.play(self._with_others(pcm))

    def tick(self, now_ms: float) -> None:
        """At least every 20 ms: the others are heard also where the main voice is dry."""
        dry = now_ms - self._main_ms > DRY_MS
        waiting = any(overlay.queued_ms for overlay in self._overlays)
        if dry and waiting and self._line.queued_ms < AHEAD_MS:
            self._line.play(self._with_others(bytes(FRAME_BYTES)))

    def _with_others(self, pcm: bytes) -> bytes:
        if not self._overlays:
            return pcm
        together = mixed(pcm, *(overlay.take(len(pcm)) for overlay in self._overlays))
        self._let_go()
        return together

    def _let_go(self) -> None:
        gone = [overlay for overlay in self._leaving if not overlay.queued_ms]
        self._leaving = [overlay for overlay in self._leaving if overlay.queued_ms]
        self._overlays = [overlay for overlay in self._overlays if overlay not in gone]
