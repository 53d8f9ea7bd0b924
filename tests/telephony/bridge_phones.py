"""Far ends that talk in bursts over RTP by hand, and know when each sample was sent and heard."""

from __future__ import annotations

import asyncio

import numpy as np
from line_support import RATE, find, samples, voice
from numpy.typing import NDArray
from raw_far_end import Leg

from telephony.wav import ALAW, to_alaw

BURST_S, PAUSE_S = 0.4, 0.3


def bursts(count: int, seed: int) -> list[bytes]:
    """Different sounds of `BURST_S`, each to be found again by correlation."""
    return [voice(BURST_S, seed=100 * seed + nth) for nth in range(count)]


class Watch:
    """When this machine kept a process waiting: what it does to audio is not the bridge's."""

    LATE_S = 0.04

    def __init__(self) -> None:
        self._stalls_s: list[float] = []
        self._late_s = [0.0]
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before_s = loop.time()
            await asyncio.sleep(0.01)
            self._late_s.append(loop.time() - before_s - 0.01)
            if self._late_s[-1] > self.LATE_S:
                self._stalls_s.append(loop.time())

    def stop(self) -> None:
        self._task.cancel()

    def calm(self, at_s: float, *, before_s: float = 3.0, after_s: float = 0.6) -> bool:
        """Whether nothing stood still around `at_s` (loop time)."""
        return not any(at_s - before_s <= stall <= at_s + after_s for stall in self._stalls_s)

    @property
    def late_ms(self) -> float:
        """By how much one waking in a hundred was late: a few milliseconds on a machine at rest."""
        return float(np.percentile(self._late_s, 99)) * 1000

    @property
    def stalls(self) -> int:
        return len(self._stalls_s)


class Talker:
    """Sends bursts from a leg's far end, in real time."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._said: list[tuple[float, bytes]] = []

    async def talk(self, sounds: list[bytes], *, jitter_ms: float = 0.0) -> None:
        """All `sounds`, a pause of silence before each and after the last.

        With `jitter_ms` each packet is late by anything up to it; their order is kept.
        """
        loop = asyncio.get_running_loop()
        late = np.random.default_rng(7)
        due_s = loop.time()
        pause = bytes(int(PAUSE_S * RATE) * 2)
        for sound in [*sounds, b""]:
            for at in range(0, len(pause) + len(sound), 320):
                if at == len(pause):
                    self._said.append((loop.time(), sound))
                frame = np.frombuffer((pause + sound)[at : at + 320], "<i2")
                self._leg.rtp.send(to_alaw(frame), self._leg.media)
                due_s += 0.02
                wait_s = due_s + late.uniform(0, jitter_ms) / 1000 - loop.time()
                await asyncio.sleep(max(0.0, wait_s))

    def heard_by(self, hearer: Leg, watch: Watch) -> tuple[float, NDArray[np.float64]]:
        """The median SNR of the bursts in dB, and the delay in ms of each that was said and heard
        while the machine was calm; of all of them if there are not four such."""
        heard, at_s = stream(hearer)
        found = [find(samples(sound), heard) for _, sound in self._said]
        delays = [
            (at_s[place // 160] + place % 160 / RATE - said_s) * 1000
            for (said_s, _), (place, _) in zip(self._said, found, strict=True)
        ]
        calm = [delay for delay, (at, _) in zip(delays, self._said, strict=True) if watch.calm(at)]
        kept = calm if len(calm) >= 4 else delays
        print(f"{watch.stalls} stalls, {len(calm)} of {len(delays)} bursts in calm")
        return float(np.median([snr_db for _, snr_db in found])), np.array(kept)


def stream(leg: Leg) -> tuple[NDArray[np.float64], list[float]]:
    """All that a leg's far end was sent, and when each 20 ms of it came."""
    sound = [ALAW[np.frombuffer(data, np.uint8)] for _, data in leg.rtp.packets]
    assert {len(each) for each in sound} == {160}
    return np.concatenate(sound).astype(np.float64), [at for at, _ in leg.rtp.packets]
