"""RTP of one call on pyVoIP's `RTPClient`: its socket and its two threads, our audio and clock.

Replaced is what makes pyVoIP deaf or hoarse: 8-bit audio, mu-law for every codec, a reader that
polls and dies of an empty packet, a sender whose pauses add up, keys that are lost with one packet.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from telephony.api import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from telephony.pyvoip.g711 import LAWS
from telephony.pyvoip.reorder import Reorder
from telephony.pyvoip.ring import RtpRing
from telephony.pyvoip.stack import PayloadType, RTPClient, RTPMessage, TransmitType
from telephony.quality import Quality

KEYS = "0123456789*#ABCD"
_FRAME_S = FRAME_MS / 1000
_CATCH_UP_S = 0.06
_POLL_S = 0.1
_KEY_PACKETS = 5  # 100 ms of key
_END_PACKETS = 3  # RFC 4733 section 2.5.1.4
_KEY_PAUSE = 4
_VOLUME = 10  # dBm0 below zero
_ANY_TYPE = {kind: PayloadType.UNKNOWN for kind in range(128)}  # what it is, the SDP says


@dataclass(frozen=True)
class Target:
    """Where to send, and as what; `event_type` None: the far end takes no keys."""

    address: str
    port: int
    codec: str
    payload_type: int
    event_type: int | None
    sends: bool = True
    hears: bool = True


class CallRtp(RTPClient):  # type: ignore[misc]  # pyVoIP has no types
    """Sends `ring`'s audio every 20 ms to its target and takes what comes from there."""

    outSequence: int
    outTimestamp: int

    def __init__(
        self, ring: RtpRing, host: str, port: int, hold_ms: int, on_key: Callable[[str], None]
    ) -> None:
        types = {8: PayloadType.PCMA, 0: PayloadType.PCMU}
        super().__init__(types, host, port, host, 0, TransmitType.SENDRECV)
        self._ring = ring
        self._on_key = on_key
        self._reorder = Reorder(hold_ms)
        self._lock = threading.Lock()
        self._target: Target | None = None
        self._keys: deque[bytes] = deque()
        self._key_seen: tuple[int, int] | None = None
        self._key_started = 0
        self._wake = threading.Event()
        self._running = 0
        self._marker = True
        self._sent = 0
        self._heard_s = 0.0

    def start(self) -> None:
        """Bind and run. Raises OSError where the port is taken."""
        self._running = 2
        try:
            super().start()
        except OSError:
            self.sin.close()
            self._running = 0
            raise

    def aim(self, target: Target) -> None:
        """Agreed upon: from now on this is sent and heard."""
        with self._lock:
            self._marker = self._marker or self._target is None or not self._target.sends
            self._target = target
            self._heard_s = time.monotonic()

    def silent_s(self) -> float:
        """How long nothing has come that was expected; 0 while nothing is."""
        with self._lock:
            expected = self._target is not None and self._target.hears
            return time.monotonic() - self._heard_s if expected else 0.0

    def stop(self) -> None:
        """Both threads end on their own; the socket closes with the later one."""
        self.NSD = False
        self._wake.set()

    @property
    def finished(self) -> bool:
        """Whether threads and socket are gone."""
        return not self._running

    def take(self) -> bytes:
        """Received audio whose time has come."""
        with self._lock:
            return self._reorder.take(time.monotonic())

    def quality(self) -> Quality:
        """Counts so far; pyVoIP has no RTCP, so what the far end saw is not known."""
        with self._lock:
            stream = self._reorder
            return Quality(
                received=stream.received,
                lost=stream.lost,
                jitter_ms=stream.jitter_ms,
                sent=self._sent,
            )

    def press(self, keys: str) -> bool:
        """Queue keys as RFC 4733 events; False if the far end takes none."""
        with self._lock:
            if self._target is None or self._target.event_type is None:
                return False
            for key in keys.upper():
                self._keys.extend(_key_payloads(KEYS.index(key)))
            return True

    @property
    def pressing(self) -> bool:
        """Whether keys are still being sent."""
        return bool(self._keys)

    def recv(self) -> None:
        """The receiving thread: read packets until the call has ended. pyVoIP's name for it."""
        self.sin.settimeout(_POLL_S)
        while self.NSD:
            try:
                packet, source = self.sin.recvfrom(2048)
            except TimeoutError:
                continue
            except OSError:  # the far end's port is closed (ICMP); it may open again
                self._wake.wait(_FRAME_S)
                continue
            try:
                self._heard(packet, source[0])
            except Exception:  # noqa: S112  # whatever it was, it was no RTP
                continue
        self._thread_ends()

    def _heard(self, packet: bytes, address: str) -> None:
        target = self._target
        if target is None or address != target.address or len(packet) < 13:
            return
        message = RTPMessage(_plain(packet), _ANY_TYPE)
        kind = packet[1] & 0x7F
        with self._lock:
            if kind == target.event_type:
                self._key(message.SSRC, message.timestamp, message.payload)
                pcm = bytes(FRAME_BYTES)
            elif kind == target.payload_type:
                pcm = LAWS[target.codec].decode(message.payload)
            else:
                return
            now_s = self._heard_s = time.monotonic()
            if target.hears:
                timestamp = message.timestamp
                self._reorder.push(message.SSRC, message.sequence, timestamp, pcm, now_s)

    def _key(self, ssrc: int, timestamp: int, payload: bytes) -> None:
        # All packets of one key share a timestamp, so a lost first one loses nothing.
        if len(payload) >= 4 and payload[0] < len(KEYS) and self._key_seen != (ssrc, timestamp):
            self._key_seen = (ssrc, timestamp)
            self._on_key(KEYS[payload[0]])

    def trans(self) -> None:
        due_s = time.monotonic()
        while self.NSD:
            self._send_frame()
            due_s += _FRAME_S
            now_s = time.monotonic()
            if now_s - due_s > _CATCH_UP_S:  # the machine stood still: no burst follows
                missed = int((now_s - due_s) / _FRAME_S)
                due_s += missed * _FRAME_S
                self._miss(missed)
            self._wake.wait(max(0.0, due_s - now_s))
        self._thread_ends()

    def _send_frame(self) -> None:
        with self._lock:
            target = self._target
            if target is not None and target.sends:
                self._send(target)
            self.outTimestamp = (self.outTimestamp + FRAME_SAMPLES) % 2**32

    def _miss(self, frames: int) -> None:
        """Their time has passed: a gap for the far end, silence on the tape."""
        with self._lock:
            self.outTimestamp = (self.outTimestamp + frames * FRAME_SAMPLES) % 2**32
            if self._target is not None and self._target.sends:
                for _ in range(frames):
                    self._ring.next_silence()

    def _send(self, target: Target) -> None:
        kind, timestamp, marker = target.payload_type, self.outTimestamp, self._marker
        if self._keys:
            self._ring.next_silence()
            payload = self._keys.popleft()
            if not payload:
                return  # the pause between two keys
            kind = target.event_type or 0
            spent = int.from_bytes(payload[2:4], "big")
            if marker := spent == FRAME_SAMPLES:
                self._key_started = timestamp
            timestamp = self._key_started
        else:
            payload = LAWS[target.codec].encode(self._ring.next_frame())
            self._marker = False
        head = struct.pack(
            ">BBHII", 0x80, kind | marker << 7, self.outSequence, timestamp, self.outSSRC
        )
        self.outSequence = (self.outSequence + 1) % 2**16
        self._sent += 1
        try:
            self.sout.sendto(head + payload, (target.address, target.port))
        except OSError:
            return  # as lost as a packet on the way

    def _thread_ends(self) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self.sin.close()


def _plain(packet: bytes) -> bytes:
    """The packet without padding and header extension, which pyVoIP takes for audio."""
    if packet[0] & 0x20:
        packet = packet[: len(packet) - packet[-1]]
    start = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        words = int.from_bytes(packet[start + 2 : start + 4], "big")
        packet = packet[:start] + packet[start + 4 + 4 * words :]
    return packet


def _key_payloads(event: int) -> list[bytes]:
    """One key: packets that grow, three that end it, empty ones for the pause."""
    sizes = [FRAME_SAMPLES * n for n in range(1, _KEY_PACKETS + 1)]
    going = [struct.pack(">BBH", event, _VOLUME, size) for size in sizes]
    end = struct.pack(">BBH", event, 0x80 | _VOLUME, sizes[-1])
    return [*going, *[end] * _END_PACKETS, *[b""] * _KEY_PAUSE]
