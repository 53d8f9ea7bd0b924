"""What the network did to a call's audio, as numbers for the call record. Sans-I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from telephony import emodel

PACKET_MS = 20.0
"""A sender's packet is as long as its audio: 20 ms have passed before its first sample leaves."""
OWN_DELAY_MS = 10.0
"""At most this long received audio waits for our clock (`telephony.baresip.line`)."""


@dataclass(frozen=True)
class Quality:
    """One call's media, so far or in all.

    Attributes:
        received: RTP packets that came, duplicates included.
        lost: packets that the far end sent and that never came, from gaps in their sequence
            numbers; it needs no RTCP.
        late: packets that came but were not played, because they came too late; for the ear
            they are lost too.
        duplicated: packets that came again while the first was still waiting to be played.
        jitter_ms: interarrival jitter (RFC 3550 section 6.4.1), the mean of one reading a second.
        buffer_ms: how long the jitter buffer holds received audio.
        sent: RTP packets that we sent.
        far_lost: packets of ours that the far end reported missing (RTCP); 0 without RTCP.
        far_jitter_ms: jitter that the far end reported last; 0 without RTCP.
        rtt_ms: round trip by RTCP; 0 without RTCP.
        burst_ratio: the mean length of the runs of lost packets over that of random loss.
        mos: estimated mean opinion score of what we hear (1 to 4.5): E-model, see
            `telephony.emodel`. 0 while nothing has come.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicated: int = 0
    jitter_ms: float = 0.0
    buffer_ms: float = 0.0
    sent: int = 0
    far_lost: int = 0
    far_jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    burst_ratio: float = 1.0
    mos: float = 0.0

    @property
    def loss_percent(self) -> float:
        """Of the packets that the far end sent, those that never came, in percent."""
        expected = self.received - self.duplicated + self.lost
        return 100.0 * self.lost / expected if expected > 0 else 0.0


@dataclass(frozen=True)
class Buffered:
    """What the jitter buffer did with packets since `starts` changed last.

    `put` came in, `waiting` are still in it, `refused` were too late or too many to be put in,
    `overdue` were put in after their playing time: some of them are played at once, others are
    dropped, and only `heard_ms`, the audio that came out, tells how many.
    """

    starts: int = 0
    put: int = 0
    waiting: int = 0
    refused: int = 0
    overdue: int = 0
    duplicated: int = 0
    delay_ms: float = 0.0
    heard_ms: float = 0.0

    def late(self, heard_before_ms: float) -> int:
        """Packets not played; `heard_before_ms` of what was heard came before `starts`."""
        out = self.put - self.waiting
        if out <= 0:
            return self.refused
        heard_ms = self.heard_ms - heard_before_ms
        packet_ms = max(1, math.ceil(heard_ms / out / 10)) * 10  # packets last 10, 20, 30 … ms
        # Events (DTMF) are no audio either, but never overdue by themselves.
        return self.refused + min(self.overdue, max(0, out - round(heard_ms / packet_ms)))


@dataclass(frozen=True)
class Reading:
    """What a stack's counters say at one moment, about the stream that comes in now.

    `missing` is expected minus received packets of RFC 3550 appendix A.3: a duplicate counts as
    received, so it may be negative. Both begin anew with another `source` (SSRC). `dropped` are
    frames that came so late, or so fast, that the call's clock had no place for them.
    """

    source: int
    received: int = 0
    missing: int = 0
    jitter_ms: float = 0.0
    buffered: Buffered = Buffered()
    dropped: int = 0
    sent: int = 0
    far_lost: int = 0
    far_jitter_ms: float = 0.0
    rtt_ms: float = 0.0


class ReceiverStatistics:
    """Adds readings up over a call whose far end may change its stream.

    A transfer, a re-INVITE or music on hold brings another SSRC with counters of its own. What
    was lost between the last reading of the one and the first packet of the other is not known.
    `concealed` says whether gaps are filled with made-up speech or with silence.
    """

    def __init__(self, *, concealed: bool = False) -> None:
        self._equipment = emodel.G711_CONCEALED if concealed else emodel.G711_SILENCE
        self._now: Reading | None = None
        self._received = 0
        self._missing = 0
        self._late = 0
        self._duplicated = 0
        self._heard_before_ms = 0.0
        self._jitter_sum_ms = 0.0
        self._readings = 0
        self._runs = 0
        self._in_runs = 0

    def add(self, reading: Reading) -> None:
        """The counters now; once a second."""
        before = self._now
        if before is not None and before.source != reading.source:
            self._received += before.received
            self._missing += before.missing
        if before is not None and before.buffered.starts != reading.buffered.starts:
            self._late += before.buffered.late(self._heard_before_ms)
            self._duplicated += before.buffered.duplicated
            self._heard_before_ms = before.buffered.heard_ms
        if before is None or before.received != reading.received:
            self._jitter_sum_ms += reading.jitter_ms
            self._readings += 1
        self._now = reading

    def run(self, packets: int) -> None:
        """So many packets in a row were lost."""
        self._runs += 1
        self._in_runs += packets

    def finish(self, *, received: int, sent: int) -> None:
        """The call has ended with these totals; what was lost since the last reading is unknown."""
        now = self._now or Reading(source=0)
        self._now = replace(
            now,
            received=max(now.received, received - self._received),
            sent=max(now.sent, sent),
        )

    def quality(self) -> Quality | None:
        """The figures so far; None before the first packet in either direction."""
        now = self._now
        received = self._received + (now.received if now else 0)
        if now is None or not (received or now.sent):
            return None
        duplicated = self._duplicated + now.buffered.duplicated
        quality = Quality(
            received=received,
            lost=max(0, self._missing + now.missing + duplicated),
            late=self._late + now.buffered.late(self._heard_before_ms) + now.dropped,
            duplicated=duplicated,
            jitter_ms=self._jitter_sum_ms / max(1, self._readings),
            buffer_ms=now.buffered.delay_ms,
            sent=now.sent,
            far_lost=max(0, now.far_lost),
            far_jitter_ms=now.far_jitter_ms,
            rtt_ms=now.rtt_ms,
        )
        return self._judged(quality) if received else quality

    def _judged(self, quality: Quality) -> Quality:
        expected = max(1, quality.received - quality.duplicated + quality.lost)
        mean_run = self._in_runs / self._runs if self._runs else 1.0
        burst_ratio = max(1.0, mean_run * (1 - quality.lost / expected))
        r = emodel.rating(
            self._equipment,
            loss_percent=min(100.0, 100.0 * (quality.lost + quality.late) / expected),
            delay_ms=quality.rtt_ms / 2 + PACKET_MS + quality.buffer_ms + OWN_DELAY_MS,
            burst_ratio=burst_ratio,
        )
        return replace(quality, burst_ratio=burst_ratio, mos=emodel.mos(r))


class InterarrivalJitter:
    """The jitter estimate of RFC 3550 section 6.4.1 over packets of 8 kHz, and its mean."""

    def __init__(self) -> None:
        self._transit_ms: float | None = None
        self._jitter_ms = 0.0
        self._sum_ms = 0.0
        self._count = 0

    def packet(self, timestamp: int, now_s: float) -> None:
        """A packet came; `timestamp` is its RTP timestamp (8 per ms, 32 bits)."""
        transit_ms = now_s * 1000 - timestamp / 8
        if self._transit_ms is not None:
            self._jitter_ms += (abs(transit_ms - self._transit_ms) - self._jitter_ms) / 16
            self._sum_ms += self._jitter_ms
            self._count += 1
        self._transit_ms = transit_ms

    @property
    def mean_ms(self) -> float:
        """The mean of the estimate over all packets."""
        return self._sum_ms / max(1, self._count)
