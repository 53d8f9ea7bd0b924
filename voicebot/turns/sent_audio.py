"""What the bot is sending right now: a mirror of the line's queue on the frame clock."""

from __future__ import annotations

from telephony.api import FRAME_BYTES, FRAME_MS


class SentAudio:
    """Mirrors ``Call.play`` and ``Call.flush`` so that each received frame has its sent one.

    The line takes audio of any length and paces it out by itself; the echo estimate and
    `bot_speaking` need to know which 20 ms are leaving now. Tell it all that is played and
    flushed, and call `next_frame` once for each received frame.
    """

    def __init__(self) -> None:
        self._queue = bytearray()

    def play(self, pcm: bytes) -> None:
        """Audio was handed to the line (s16le, 8 kHz)."""
        self._queue += pcm

    def flush(self) -> None:
        """The line threw away what it had not sent."""
        self._queue.clear()

    @property
    def queued_ms(self) -> int:
        """Audio that has not left yet, in ms, rounded up to frames."""
        return -(-len(self._queue) // FRAME_BYTES) * FRAME_MS

    def next_frame(self, line_queued_ms: int | None = None) -> bytes | None:
        """The frame that leaves in this 20 ms, or None while the bot is silent.

        Args:
            line_queued_ms: ``Call.queued_ms``, if known: where the line is ahead of this mirror
                by more than 100 ms (frames came late or were lost), the mirror catches up.
        """
        if line_queued_ms is not None and self.queued_ms - line_queued_ms > 100:
            del self._queue[: (self.queued_ms - line_queued_ms) // FRAME_MS * FRAME_BYTES]
        if not self._queue:
            return None
        frame = bytes(self._queue[:FRAME_BYTES])
        del self._queue[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, b"\0")
