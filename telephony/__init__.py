"""The phone line: SIP, RTP, DTMF, transfer, bridging and the tape.

Knows nothing of bots or models: PCM and call events in and out. Audio is always
signed 16-bit little-endian mono at 8 kHz, in frames of 20 ms (160 samples, 320 bytes).
"""

from telephony.api import (
    FRAME_BYTES,
    FRAME_MS,
    FRAME_SAMPLES,
    SAMPLE_RATE,
    AudioTap,
    Call,
    CallInfo,
    DialResult,
    Endpoint,
    Hangup,
    HangupBy,
    TransferOutcome,
    TransferResult,
)
from telephony.errors import LineError, PortInUseError

__all__ = [
    "FRAME_BYTES",
    "FRAME_MS",
    "FRAME_SAMPLES",
    "SAMPLE_RATE",
    "AudioTap",
    "Call",
    "CallInfo",
    "DialResult",
    "Endpoint",
    "Hangup",
    "HangupBy",
    "LineError",
    "PortInUseError",
    "TransferOutcome",
    "TransferResult",
]
