"""What the network did to a call's audio, as numbers for the call record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """One call's media, so far or in all.

    `received` and `sent` count RTP packets; `lost` those that the far end sent and that never
    came; `far_lost` those of ours that the far end reported missing (RTCP). `jitter_ms` is the
    interarrival jitter of RFC 3550 section 6.4.1 as we see it, `rtt_ms` is 0 without RTCP.
    """

    received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    sent: int = 0
    far_lost: int = 0
    far_jitter_ms: float = 0.0
    rtt_ms: float = 0.0
