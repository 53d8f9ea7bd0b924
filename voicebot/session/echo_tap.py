"""Pairs each received frame with what was sent in the same 20 ms, for the echo estimate."""

from __future__ import annotations

from telephony import FRAME_BYTES
from voicebot.turns.echo import EchoEstimator

_SILENCE = bytes(FRAME_BYTES)
# More than this many unread frames means that nobody listened for a while (a hand-off).
_MAX_BEHIND = 50


class EchoTap:
    """An `AudioTap` of the call; `level_db` is asked once for each frame that was read."""

    def __init__(self) -> None:
        self._estimator = EchoEstimator()
        self._sent = bytearray()

    def restart(self) -> None:
        """The reader of frames begins anew: what was sent before belongs to no frame of its."""
        self._sent.clear()

    def sent(self, pcm: bytes) -> None:
        """Audio that left."""
        self._sent += pcm
        if len(self._sent) > _MAX_BEHIND * FRAME_BYTES:
            del self._sent[: -2 * FRAME_BYTES]

    def received(self, pcm: bytes) -> None:
        """Audio that came: the session feeds it, frame by frame, through `level_db`."""

    def level_db(self, frame: bytes) -> float | None:
        """Level at which our echo may be in `frame`, dBFS; None if there can be none."""
        sent = bytes(self._sent[:FRAME_BYTES])
        del self._sent[:FRAME_BYTES]
        silent = len(sent) < FRAME_BYTES or sent == _SILENCE
        return self._estimator.feed(frame, None if silent else sent)
