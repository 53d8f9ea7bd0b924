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
    """Frames, the send queue and the taps of a call; idle until `start`.

    `relay` is told on every tick what has arrived, perhaps nothing, before it is paced.
    """

    def __init__(self, wire: Wire, clock: Callable[[], float], call_id: str) -> None:
        self._wire = wire
        self._clock = clock
        self._pacer = FramePacer()
        self._sent_clock = SentClock()
        self.taps = Taps(call_id)
        self.queue = SendQueue(wire)
        self.stream = FrameStream()
        self.started = False
        self.relay: Callable[[bytes], None] | None = None

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
            return
        now = self._clock()
        left = self._sent_clock.fit(self.queue.settle(), now)
        arrived = self._wire.read()
        if self.relay is not None:
            self.relay(arrived)
        self._pacer.push(arrived)
        frames = self._pacer.frames(now)
        self.taps.tell(left, b"".join(frames))
        for frame in frames:
            self.stream.put(frame)

    def stop(self) -> None:
        """The call has ended: the last audio is told, frames end."""
        self.started = False
        self.stream.close()
