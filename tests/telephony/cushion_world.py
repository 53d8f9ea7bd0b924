"""Two legs and a network in virtual time, for the cushion: no sockets, no waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from telephony.cushion import Cushion

TICK_MS = 10.0
PACKET_MS = 20.0


@dataclass
class World:
    """A sender with its own clock, a path with delays, and a leg that sends in real time.

    `delay_ms` gives the delay of packet n; order is kept, as behind a jitter buffer. `drift_ppm`
    above zero is a sender whose clock is fast. Packets that it does not
    send (`sends`) are saved silence. While the bot is `frozen` nobody moves audio, and
    the far side sends on what it has; while that `stands`, it does not send either.
    """

    delay_ms: Callable[[int], float]
    drift_ppm: float = 0.0
    phase_ms: float = 3.0
    sends: Callable[[int], bool] = lambda number: True
    stands: Callable[[float], bool] = lambda now_ms: False
    frozen: Callable[[float], bool] = lambda now_ms: False
    cushion: Cushion = field(default_factory=Cushion)
    heard: list[bytes] = field(default_factory=list)
    margins_ms: list[float] = field(default_factory=list)
    silent_at_ms: list[float] = field(default_factory=list)

    def play(self, said: NDArray[np.int16], tail_ms: float = 500.0) -> NDArray[np.float64]:
        """What the other leg's far end hears while `said` is spoken, s16 8 kHz."""
        packets = said[: len(said) // 160 * 160].reshape(-1, 160)
        period_ms = PACKET_MS / (1 + self.drift_ppm * 1e-6)
        queue = bytearray()
        number, arrives_ms, last_ms = 0, self._arrival(0, period_ms, 0.0), 0.0
        taken_ms, now_ms = self.phase_ms, 0.0
        end_ms = len(packets) * period_ms + tail_ms
        while now_ms < end_ms:
            while taken_ms <= now_ms:
                if not self.stands(taken_ms):
                    self._take(queue, taken_ms)
                taken_ms += PACKET_MS
            if self.frozen(now_ms):
                now_ms += TICK_MS
                continue
            arrived = b""
            while number < len(packets) and arrives_ms <= now_ms:
                arrived += packets[number].tobytes() if self.sends(number) else b""
                last_ms = arrives_ms
                number += 1
                arrives_ms = self._arrival(number, period_ms, last_ms)
            queued_ms = len(queue) / 16
            if arrived:
                self.margins_ms.append(queued_ms)
            queue += self.cushion.pass_on(arrived, queued_ms, now_ms)
            now_ms += TICK_MS
        queue += self.cushion.finish()
        self.heard.append(bytes(queue))
        return np.frombuffer(b"".join(self.heard), "<i2").astype(np.float64)

    def _arrival(self, number: int, period_ms: float, last_ms: float) -> float:
        return max(last_ms, number * period_ms + self.delay_ms(number))

    def _take(self, queue: bytearray, at_ms: float) -> None:
        if len(queue) < 320:
            self.silent_at_ms.append(at_ms)
            self.heard.append(bytes(320))
            return
        self.heard.append(bytes(queue[:320]))
        del queue[:320]


def talk(seconds: float, seed: int = 1, hz: float = 140.0) -> NDArray[np.int16]:
    """Something like speech: syllables of a voice with overtones, pauses of room noise."""
    rng = np.random.default_rng(seed)
    count = int(seconds * 8000)
    at = np.arange(count) / 8000
    pitch = hz * (1 + 0.08 * np.sin(2 * np.pi * 0.7 * at))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    voice = sum(np.sin(phase * k) / k for k in range(1, 8))
    loud = np.zeros(count)
    start = 2000
    while start < count:
        spoken = int(rng.uniform(0.6, 2.5) * 8000)
        loud[start : start + spoken] = 1.0
        start += spoken + int(rng.uniform(0.15, 0.8) * 8000)
    loud = np.convolve(loud, np.hanning(400) / np.hanning(400).sum(), "same")
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4.1 * at)
    sound = 4000 * np.asarray(voice) * loud * syllables + rng.normal(0, 12, count)
    return sound.clip(-32000, 32000).astype(np.int16)


def steps(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each sample is from a smooth continuation of the two before it."""
    return np.abs(np.diff(sound, 2))
