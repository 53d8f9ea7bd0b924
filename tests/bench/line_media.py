"""Two-way RTP for many calls (RFC 3550): sent on a 20 ms clock, received with kernel times."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from telephony.wav import to_alaw
from tests.bench.mmsg import BatchSocket, Outgoing, Packets

FRAME_S = 0.02
CALLS_PER_SOCKET = 10
_PHASES = 4
_PAYLOAD_TYPE = 8
_ALAW_SILENCE = 0xD5
_VOICE_FRAMES = 50
_RTP_HEAD = 12


def voice_frames(seed: int = 7) -> NDArray[np.uint8]:
    """One second of noise at speech level as G.711A, (50, 160)."""
    noise = np.random.default_rng(seed).normal(0, 4000, _VOICE_FRAMES * 160)
    alaw = to_alaw(noise.clip(-20000, 20000).astype(np.int16))
    return np.frombuffer(alaw, np.uint8).reshape(_VOICE_FRAMES, 160)


@dataclass(frozen=True)
class Heard:
    """RTP packets in order of arrival, all calls together; arrays of equal length.

    `lane` is the local port that they came to, `silent` whether the payload is digital silence.
    """

    at_ns: NDArray[np.int64]
    ssrc: NDArray[np.uint32]
    seq: NDArray[np.uint16]
    lane: NDArray[np.uint16]
    silent: NDArray[np.bool_]


@dataclass
class Lane:
    """A pair of ports for up to `CALLS_PER_SOCKET` calls."""

    rtp: BatchSocket
    rtcp: BatchSocket
    calls: dict[int, int] = field(default_factory=dict)  # our SSRC: the far end's RTP port
    outgoing: Outgoing | None = None
    next_s: float = 0.0

    def rebuild(self) -> None:
        """The packets of the calls that are up, with their places in their streams."""
        kept = {} if self.outgoing is None else dict(self._streams(self.outgoing.data))
        data = np.zeros((len(self.calls), _RTP_HEAD + 160), np.uint8)
        data[:, 0], data[:, 1] = 0x80, _PAYLOAD_TYPE
        for row, ssrc in enumerate(self.calls):
            data[row, 2:8] = kept.get(ssrc, 0)
            data[row, 8:12] = np.frombuffer(ssrc.to_bytes(4, "big"), np.uint8)
        self.outgoing = Outgoing(data, list(self.calls.values())) if self.calls else None

    @staticmethod
    def _streams(data: NDArray[np.uint8]) -> list[tuple[int, NDArray[np.uint8]]]:
        return [(int.from_bytes(row[8:12].tobytes(), "big"), row[2:8].copy()) for row in data]


class MediaBank:
    """All lanes. `tick` often: it sends what is due and reads what came."""

    def __init__(self) -> None:
        self._lanes: list[Lane] = []
        self._voice = voice_frames()
        self._frame = 0
        self._packets: list[tuple[int, Packets]] = []
        self.reports: dict[int, int] = {}  # our SSRC: packets that the far end says it lost
        self.sent = 0
        self.late_ms: list[float] = []

    def local_port(self) -> int:
        """Where the next call's RTP may come to."""
        for lane in self._lanes:
            if len(lane.calls) < CALLS_PER_SOCKET:
                return lane.rtp.port
        rtp, rtcp = _port_pair()
        self._lanes.append(Lane(rtp, rtcp))
        return rtp.port

    def add(self, ssrc: int, local_port: int, far_port: int, now_s: float) -> None:
        """Send to `far_port` from now on."""
        at, lane = next((n, x) for n, x in enumerate(self._lanes) if x.rtp.port == local_port)
        if not lane.calls:
            lane.next_s = now_s + at % _PHASES * FRAME_S / _PHASES
        lane.calls[ssrc] = far_port
        lane.rebuild()

    def remove(self, ssrc: int) -> None:
        for lane in self._lanes:
            if lane.calls.pop(ssrc, None) is not None:
                lane.rebuild()

    def tick(self, now_s: float) -> float:
        """Send, receive; returns when to come again."""
        next_s = now_s + FRAME_S / _PHASES
        for lane in self._lanes:
            if lane.outgoing is None:
                continue
            if now_s >= lane.next_s:
                self.late_ms.append((now_s - lane.next_s) * 1000)
                self._send(lane, lane.outgoing)
                lane.next_s += FRAME_S
                self._receive(lane)
            next_s = min(next_s, lane.next_s)
        return next_s

    def heard(self) -> Heard:
        """All RTP since the last time."""
        for lane in self._lanes:
            self._receive(lane)
        parts, self._packets = self._packets, []
        if not parts:
            empty = np.zeros(0, np.int64)
            return Heard(empty, empty, empty, empty, empty.astype(bool))  # type: ignore[arg-type]
        data = np.concatenate([packets.data for _, packets in parts])
        lanes = np.concatenate([np.full(len(p.size), port, np.uint16) for port, p in parts])
        rtp = (data[:, 0] >> 6 == 2) & (data[:, 1] & 0x7F == _PAYLOAD_TYPE)
        data = data[rtp]
        return Heard(
            np.concatenate([packets.at_ns for _, packets in parts])[rtp],
            data[:, 8:12].copy().view(">u4")[:, 0].astype(np.uint32),
            data[:, 2:4].copy().view(">u2")[:, 0].astype(np.uint16),
            lanes[rtp],
            (data[:, _RTP_HEAD : _RTP_HEAD + 160 : 8] == _ALAW_SILENCE).all(axis=1),
        )

    def dropped_here(self) -> int:
        """Packets that this process was too slow to take; they are not the line's loss."""
        return sum(lane.rtp.dropped() for lane in self._lanes)

    def close(self) -> None:
        for lane in self._lanes:
            lane.rtp.close()
            lane.rtcp.close()

    def _send(self, lane: Lane, outgoing: Outgoing) -> None:
        data = outgoing.data
        seq = data[:, 2:4].copy().view(">u2")[:, 0].astype(np.uint16) + np.uint16(1)
        data[:, 2:4] = seq.astype(">u2").view(np.uint8).reshape(-1, 2)
        stamp = data[:, 4:8].copy().view(">u4")[:, 0].astype(np.uint32) + np.uint32(160)
        data[:, 4:8] = stamp.astype(">u4").view(np.uint8).reshape(-1, 4)
        self._frame += 1
        data[:, _RTP_HEAD:] = self._voice[self._frame % _VOICE_FRAMES]
        self.sent += outgoing.send(lane.rtp)

    def _receive(self, lane: Lane) -> None:
        self._packets += [(lane.rtp.port, packets) for packets in lane.rtp.receive()]
        for packets in lane.rtcp.receive():
            for row, size in zip(packets.data, packets.size, strict=True):
                self._on_rtcp(row[:size].tobytes())

    def _on_rtcp(self, data: bytes) -> None:
        """Keep the cumulative loss of each report block (RFC 3550, section 6.4)."""
        while len(data) >= 8:
            size = 4 * (int.from_bytes(data[2:4], "big") + 1)
            blocks = {200: 28, 201: 8}.get(data[1])
            if blocks is not None:
                for at in range(blocks, min(size, blocks + 24 * (data[0] & 31)), 24):
                    ssrc = int.from_bytes(data[at : at + 4], "big")
                    self.reports[ssrc] = int.from_bytes(data[at + 5 : at + 8], "big", signed=True)
            data = data[size:]


def _port_pair() -> tuple[BatchSocket, BatchSocket]:
    """An even port for RTP and the next for RTCP."""
    while True:
        rtp = BatchSocket()
        if rtp.port % 2 == 0:
            try:
                return rtp, BatchSocket(rtp.port + 1)
            except OSError:
                pass
        rtp.close()
