"""Received packets in order, lost ones as silence, and what the network did. Sans-I/O.

pyVoIP writes every packet into one buffer that grows for the whole call and reads it at a place
of its own. Here a packet in order passes at once; one that is early waits `hold_ms` for those
before it, which then count as lost. The steady clock is `telephony.pacing`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from telephony.api import FRAME_BYTES, SAMPLE_RATE

_FILL_MAX = 25  # half a second: a longer gap is a pause or a restart, not loss to fill
_JUMP = 1000  # sequence numbers: beyond this the sender has started again


@dataclass(frozen=True)
class _Early:
    arrived_s: float
    pcm: bytes


class Reorder:
    """One stream of RTP packets; a new SSRC begins anew."""

    def __init__(self, hold_ms: int) -> None:
        self._hold_s = hold_ms / 1000
        self._ssrc: int | None = None
        self._next = 0
        self._early: dict[int, _Early] = {}
        self._transit: float | None = None
        self._jitter = 0.0
        self._ready = bytearray()
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
            self._early[sequence] = _Early(now_s, pcm)
            self._pass_on()

    def take(self, now_s: float) -> bytes:
        """What may be heard now, s16le."""
        while (
            self._early and now_s - min(e.arrived_s for e in self._early.values()) >= self._hold_s
        ):
            self._skip()
        out = bytes(self._ready)
        self._ready.clear()
        return out

    def _waits_since_s(self) -> float:
        return min(packet.arrived_s for packet in self._early.values())

    def _begin(self, ssrc: int, sequence: int) -> None:
        self._ssrc = ssrc
        self._next = sequence
        self._early.clear()
        self._transit = None

    def _measure(self, timestamp: int, now_s: float) -> None:
        transit = now_s - timestamp / SAMPLE_RATE
        if self._transit is not None:
            moved = abs(transit - self._transit)
            if moved < 1:  # not a jump of the sender's clock
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit

    def _pass_on(self) -> None:
        while (packet := self._early.pop(self._next, None)) is not None:
            self._ready += packet.pcm
            self._next = (self._next + 1) % 0x10000

    def _skip(self) -> None:
        """The packets before the first early one are lost."""
        gap = min((sequence - self._next) % 0x10000 for sequence in self._early)
        self.lost += gap
        self._ready += bytes(min(gap, _FILL_MAX) * FRAME_BYTES)
        self._next = (self._next + gap) % 0x10000
        self._pass_on()
