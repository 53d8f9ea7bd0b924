"""How far ahead the stack is given audio, as the event loop's lateness asks for. Sans-I/O."""

from __future__ import annotations

from telephony.api import FRAME_MS

LEAST_MS = 80
MOST_MS = 400
_FORGET = 0.999
"""A bad moment is half forgotten after 700 looks: 7 s at one each 10 ms."""


class Lead:
    """Twice the worst lateness of late, so that the far end hears no hole when it comes again.

    Small is better where the loop is in time: a re-INVITE loses what the stack was given.
    """

    def __init__(self) -> None:
        self._worst_ms = 0.0
        self.ms = LEAST_MS

    def left(self, left_ms: int) -> None:
        """The stack was given `ms` and has so much of it left, with more waiting behind."""
        self._worst_ms = max(self._worst_ms * _FORGET, float(self.ms - left_ms))
        wanted_ms = 2 * self._worst_ms + FRAME_MS
        self.ms = min(MOST_MS, max(LEAST_MS, int(wanted_ms // FRAME_MS * FRAME_MS)))
