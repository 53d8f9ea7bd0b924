"""The jitter buffer: packets in order, lost ones as silence, and what the network did. Sans-I/O.

pyVoIP writes every packet into one buffer that grows for the whole call and reads it at a place
of its own. Here each packet has its time: `hold_ms` after the fastest packet of its stream would
have come. Whoever is missing when the time of the next one comes is lost. The steady clock after
it is `telephony.pacing`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from telephony.api import FRAME_BYTES, SAMPLE_RATE

_KEPT = 100  # packets: two seconds that nobody has taken
_CREEP_S = 2e-6  # a packet: follows a far clock that is 100 ppm slow
_FILL_MAX = 25  # half a second: a longer gap is a pause or a restart, not loss to fill
_CLOCK_JUMP_S = 1.0
_JUMP = 1000  # sequence numbers: beyond this the sender has started again


@dataclass(frozen=True)
class _Early:
    due_s: float
    pcm: bytes


class Reorder:
    """One stream of RTP packets; a new SSRC begins anew."""

    def __init__(self, hold_ms: int) -> None:
        self._hold_s = hold_ms / 1000
        self._ssrc: int | None = None
        self._next = 0
        self._early: dict[int, _Early] = {}
        self._transit: float | None = None
        self._least = 0.0
        self._jitter = 0.0
        self.received = 0
        self.lost = 0

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter (RFC 3550 section 6.4.1)."""
        return self._jitter * 1000

    def push(self, ssrc: int, sequence: int, timestamp: int, pcm: bytes, now_s: float) -> None:
        """A packet arrived: `sequence` 16 bit, `timestamp` 32 bit at 8 kHz, `pcm` s16le."""
        ahead = (sequence - self._next + 0x8000) % 0x10000 - 0x8000
        if ssrc != self._ssrc or abs(ahead) > _JUMP:
            self._begin(ssrc, sequence)
            ahead = 0
        self.received += 1
        self._measure(timestamp, now_s)
        if ahead < 0:
            self.lost = max(0, self.lost - 1)  # given up for lost too early, or sent twice
        elif sequence not in self._early:
            due_s = self._least + timestamp / SAMPLE_RATE + self._hold_s
            self._early[sequence] = _Early(due_s, pcm)
            if len(self._early) > _KEPT:
                del self._early[self._first()]

    def take(self, now_s: float) -> bytes:
        """What may be heard now, s16le."""
        out = bytearray()
        while self._early and self._early[first := self._first()].due_s <= now_s:
            gap = (first - self._next) % 0x10000
            self.lost += gap
            out += bytes(min(gap, _FILL_MAX) * FRAME_BYTES) + self._early.pop(first).pcm
            self._next = (first + 1) % 0x10000
        return bytes(out)

    def _first(self) -> int:
        return min(self._early, key=lambda sequence: (sequence - self._next) % 0x10000)

    def _begin(self, ssrc: int, sequence: int) -> None:
        self._ssrc = ssrc
        self._next = sequence
        self._early.clear()
        self._transit = None

    def _measure(self, timestamp: int, now_s: float) -> None:
        transit = now_s - timestamp / SAMPLE_RATE
        moved = abs(transit - self._transit) if self._transit is not None else _CLOCK_JUMP_S
        if moved < _CLOCK_JUMP_S:
            self._jitter += (moved - self._jitter) / 16
            self._least = min(self._least + _CREEP_S, transit)
        else:  # the stream begins, or its timestamps start again
            self._least = transit
        self._transit = transit
