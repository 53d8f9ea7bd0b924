"""The queue of audio to send, and the account of what has truly left. Sans-I/O.

Audio waits in Python; only a little (`telephony.lead`) is handed to the stack's ring, from which
a C thread takes one frame every 20 ms. So a flush finds almost everything still in Python, and a
stalled event loop does not starve the far end at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from telephony.api import FRAME_BYTES, FRAME_MS
from telephony.gain import Gain
from telephony.lead import Lead


@dataclass(frozen=True)
class RingState:
    """The stack's ring as last seen: bytes waiting, bytes flushed and silent frames so far."""

    waiting: int
    flushed: int
    silent_frames: int


class Ring(Protocol):
    """Where audio is handed to the stack. A restart of the media shows as counters at zero."""

    def state(self) -> RingState | None:
        """None while the call has no media."""

    def write(self, pcm: bytes) -> int: ...

    def flush(self) -> None: ...


def faded(pcm: bytes) -> bytes:
    """`pcm` (s16le), linearly down to nothing."""
    rest = np.frombuffer(pcm, "<i2")
    return bytes((rest * np.linspace(1, 0, len(rest))).astype("<i2").tobytes())


class SendQueue:
    """What `Call.play`, `flush` and `queued_ms` stand on.

    `settle` must be called every 10 to 20 ms; it returns what has left since the last time,
    silence included, so that the sent stream is as long as the call.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._queue = bytearray()
        self._in_ring = bytearray()
        self._in_ring_unscaled = bytearray()
        self._gain = Gain()
        self._taking_back = False
        self._flushed_seen = 0
        self._silent_seen = 0
        self._flushing = False
        self._unsettled = bytearray()
        self._lead = Lead()
        self._topped_up = False

    @property
    def queued_bytes(self) -> int:
        gone = self._flushing and not self._taking_back
        return len(self._queue) + (0 if gone else len(self._in_ring))

    @property
    def queued_ms(self) -> int:
        """Audio that was queued and has not left, in ms; as of this moment."""
        self._account()
        return self.queued_bytes * FRAME_MS // FRAME_BYTES

    def play(self, pcm: bytes) -> None:
        """Queue audio. After silence its first frame is handed to the stack at once."""
        self._queue += pcm
        self._account()
        self._feed()

    def flush(self) -> int:
        """Forget what has not left; returns its length in ms (one frame may still slip out)."""
        self._account()
        unsent_ms = self.queued_ms
        self._queue.clear()
        self._taking_back = False
        self._empty_ring()
        return unsent_ms

    def set_gain(self, gain_db: float) -> None:
        """The level of all that has not left, dB. A softer one holds for the ring's audio too.

        At `PAUSE_DB` and less the audio waits in the queue.
        """
        if gain_db == self._gain.wanted_db:
            return
        softer = gain_db < self._gain.wanted_db
        self._gain.set(gain_db)
        self._account()
        if softer and self._in_ring and not self._flushing:
            self._taking_back = True
            self._empty_ring()

    def _empty_ring(self) -> None:
        self._topped_up = False
        if self._in_ring and not self._flushing:
            self._ring.flush()
            self._flushing = True

    def fade_out(self) -> None:
        """Let the sound end without a click: what the stack has leaves, the rest only fades."""
        self._account()
        self._queue[:] = faded(bytes(self._queue[:FRAME_BYTES]))

    def settle(self) -> bytes:
        """Account for the time since the last call and top the ring up; returns what left."""
        self._account()
        if self._topped_up:
            self._lead.left(len(self._in_ring) * FRAME_MS // FRAME_BYTES)
        self._feed()
        self._feed_tail()
        left = bytes(self._unsettled)
        self._unsettled.clear()
        return left

    def restart(self) -> None:
        """The stack replaced its media (re-INVITE): what was in its ring is lost."""
        self._in_ring.clear()
        self._in_ring_unscaled.clear()
        self._flushing = self._taking_back = False
        self._topped_up = False
        self._flushed_seen = 0
        self._silent_seen = 0

    def _account(self) -> None:
        state = self._ring.state()
        if state is None:
            self.restart()
            return
        if state.silent_frames < self._silent_seen or state.flushed < self._flushed_seen:
            self.restart()
        if self._flushing:
            self._account_flush(state)
        else:
            self._leave(len(self._in_ring) - state.waiting)
        self._unsettled += bytes((state.silent_frames - self._silent_seen) * FRAME_BYTES)
        self._silent_seen = state.silent_frames

    def _account_flush(self, state: RingState) -> None:
        # The stack empties its ring on its next tick and then counts; writing before that
        # would lose the new audio too, so nothing is fed until the count is seen.
        flushed = state.flushed - self._flushed_seen
        if not flushed and state.waiting:
            return
        self._leave(len(self._in_ring) - flushed)
        if self._taking_back:
            self._queue[:0] = self._in_ring_unscaled
        self._in_ring.clear()
        self._in_ring_unscaled.clear()
        self._flushed_seen = state.flushed
        self._flushing = self._taking_back = False

    def _leave(self, count: int) -> None:
        if count > 0:
            self._unsettled += self._in_ring[:count]
            del self._in_ring[:count]
            del self._in_ring_unscaled[:count]

    def _feed(self) -> None:
        self._topped_up = False
        if self._flushing or self._gain.pauses:
            return
        room = self._lead.ms // FRAME_MS * FRAME_BYTES - len(self._in_ring)
        whole = min(room, len(self._queue)) // FRAME_BYTES * FRAME_BYTES
        if whole > 0:
            self._write(bytes(self._queue[:whole]))
        # Only with more behind it does the ring's fall tell how late we come.
        self._topped_up = len(self._queue) >= FRAME_BYTES

    def _feed_tail(self) -> None:
        # Less than a frame is left and nothing followed in time: it leaves padded.
        tail = 0 < len(self._queue) < FRAME_BYTES
        if tail and not (self._flushing or self._gain.pauses) and len(self._in_ring) <= FRAME_BYTES:
            self._queue += bytes(FRAME_BYTES - len(self._queue))
            self._write(bytes(self._queue))

    def _write(self, pcm: bytes) -> None:
        scaled = self._gain.apply(pcm)
        taken = self._ring.write(scaled)
        self._in_ring += scaled[:taken]
        self._in_ring_unscaled += pcm[:taken]
        del self._queue[:taken]
