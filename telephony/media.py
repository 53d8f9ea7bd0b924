"""The media of one call: steady frames in, queued audio out, taps on both. Sans-I/O.

Driven by `tick` every 10 ms, from one task for all calls (`telephony.baresip.line`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from telephony.api import FRAME_BYTES, FRAME_MS
from telephony.concealment import Concealer
from telephony.frames import FrameStream
from telephony.pacing import FramePacer, SentClock
from telephony.sending import Ring, SendQueue
from telephony.taps import Taps

GAP_S = 0.032
"""Audio that comes later than this after the last is asked about: is there a gap before it?"""
STALL_S = 0.05
"""Ticks further apart than this were late themselves. Asking waits for the stack's thread, and a
busy process has no time to spare: then only where the clock lacks audio."""


class Wire(Ring, Protocol):
    """The stack's audio of one call."""

    def read(self) -> bytes:
        """All received audio that waits, without blocking; empty if there is none."""


class Losses(Protocol):
    """Where packets were lost, for a stack that tells; one packet is taken as 20 ms."""

    def lost(self) -> int:
        """Packets found missing so far, at the moment when the one after them is played."""

    def run(self, packets: int) -> None:
        """So many in a row were found missing."""


class CallMedia:
    """Frames, the send queue and the taps of a call; idle until `start` or `begin_early`.

    `relay` is told on every tick what was heard, perhaps nothing, before it is paced.
    """

    def __init__(
        self, wire: Wire, clock: Callable[[], float], call_id: str, losses: Losses | None = None
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._losses = losses
        self._pacer = FramePacer()
        self._sent_clock = SentClock()
        self._concealer = Concealer()
        self._lost = 0
        self._ticked_s = 0.0
        self._heard_s = 0.0
        self._heard_bytes = 0
        self.taps = Taps(call_id)
        self.queue = SendQueue(wire)
        self.stream = FrameStream()
        self.started = False
        self._early = False
        self.relay: Callable[[bytes], None] | None = None

    def begin_early(self) -> None:
        """Early media: what is queued leaves from here; what is received is not heard yet."""
        self._early = True

    def start(self) -> None:
        """The call is established: the clock runs from here."""
        now = self._clock()
        self._pacer.start(now)
        self._sent_clock.start(now)
        self._wire.read()  # early media of before the answer
        self._lost = self._losses.lost() if self._losses else 0
        self.started = True

    @property
    def heard_ms(self) -> float:
        """Length of all audio that came from the wire."""
        return self._heard_bytes * FRAME_MS / FRAME_BYTES

    @property
    def dropped_frames(self) -> int:
        """Audio that came but did not fit the clock, in frames."""
        return self._pacer.dropped_frames

    def tick(self) -> None:
        """Move what is due: from the wire to frames and taps, from the queue to the wire."""
        if not self.started:
            if self._early:
                self.queue.settle()
                self._wire.read()
            return
        now = self._clock()
        left = self._sent_clock.fit(self.queue.settle(), now)
        arrived = self._wire.read()
        heard = self._hear(arrived, now) if arrived else b""
        self._ticked_s = now
        if self.relay is not None:
            self.relay(heard)
        frames = self._pacer.frames(now)
        self.taps.tell(left, b"".join(frames))
        for frame in frames:
            self.stream.put(frame)

    def _hear(self, pcm: bytes, now_s: float) -> bytes:
        """What to hear now: `pcm`, and before it what stands for packets that were lost."""
        room = self._pacer.room(now_s, len(pcm))
        paused = now_s - self._heard_s > GAP_S
        stalled = now_s - self._ticked_s > STALL_S
        self._heard_s = now_s
        self._heard_bytes += len(pcm)
        if self._losses is not None and paused and (not stalled or room > 1):
            gap = min(self._gap(self._losses), room)
            made = self._concealer.missing(gap) if gap else b""
        else:
            made = b""
        heard = made + self._concealer.received(pcm)
        self._pacer.push(heard)
        return heard

    def _gap(self, losses: Losses) -> int:
        """Packets lost since the last time."""
        before, self._lost = self._lost, losses.lost()
        gap = max(0, self._lost - before)  # another stream counts from nothing
        if gap:
            losses.run(gap)
        return gap

    def stop(self) -> None:
        """The call has ended: frames end, and what was still to be said is forgotten."""
        self.started = self._early = False
        self.queue.flush()
        self.stream.close()
