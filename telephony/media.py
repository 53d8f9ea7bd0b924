"""The media of one call: steady frames in, queued audio out, taps on both. Sans-I/O.

Driven by `tick` every 10 ms, from one task for all calls (`telephony.baresip.line`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from telephony.frames import FrameStream
from telephony.pacing import FramePacer, SentClock
from telephony.sending import Ring, SendQueue
from telephony.taps import Taps


class Wire(Ring, Protocol):
    """The stack's audio of one call."""

    def read(self) -> bytes:
        """All received audio that waits, without blocking; empty if there is none."""


class CallMedia:
    """Frames, the send queue and the taps of a call; idle until `start` or `begin_early`."""

    def __init__(self, wire: Wire, clock: Callable[[], float], call_id: str) -> None:
        self._wire = wire
        self._clock = clock
        self._pacer = FramePacer()
        self._sent_clock = SentClock()
        self.taps = Taps(call_id)
        self.queue = SendQueue(wire)
        self.stream = FrameStream()
        self.started = False
        self._early = False

    def begin_early(self) -> None:
        """Early media: what is queued leaves from here; what is received is not heard yet."""
        self._early = True

    def start(self) -> None:
        """The call is established: the clock runs from here."""
        now = self._clock()
        self._pacer.start(now)
        self._sent_clock.start(now)
        self._wire.read()  # early media of before the answer
        self.started = True

    def tick(self) -> None:
        """Move what is due: from the wire to frames and taps, from the queue to the wire."""
        if not self.started:
            if self._early:
                self.queue.settle()
                self._wire.read()
            return
        now = self._clock()
        left = self._sent_clock.fit(self.queue.settle(), now)
        self._pacer.push(self._wire.read())
        frames = self._pacer.frames(now)
        self.taps.tell(left, b"".join(frames))
        for frame in frames:
            self.stream.put(frame)

    def stop(self) -> None:
        """The call has ended: frames end, and what was still to be said is forgotten."""
        self.started = self._early = False
        self.queue.flush()
        self.stream.close()
