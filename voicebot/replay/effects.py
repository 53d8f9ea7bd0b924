"""What a line does to a caller's sound: noise, echo of the bot, lost packets. Seeded; sans I/O."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from telephony.api import FRAME_BYTES
from telephony.concealment import Concealer
from voicebot.replay.script import Effects

_NOISE_S = 10
ECHO_DELAY_FRAMES = 6


class LineEffects:
    """One call's line; asked frame by frame. The same `seed` gives the same noise and losses."""

    def __init__(self, effects: Effects, seed: str) -> None:
        digest = hashlib.sha256(seed.encode()).digest()
        self._random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        self._effects = effects
        self._noise = self._made_noise()
        self._at = 0
        self._heard: list[bytes] = []
        self._losing = False

    def mixed(self, frame: bytes, heard: bytes) -> bytes:
        """The caller's frame with the noise around them and what of the bot comes back."""
        self._heard.append(heard)
        samples = np.frombuffer(frame, "<i2").astype(np.float64)
        if self._noise is not None:
            samples = samples + self._noise[self._at : self._at + len(samples)]
            self._at = (self._at + len(samples)) % len(self._noise)
        if len(self._heard) > ECHO_DELAY_FRAMES:
            back = self._heard.pop(0)
            if self._effects.echo_db is not None:
                gain = 10 ** (self._effects.echo_db / 20)
                samples = samples + gain * np.frombuffer(back, "<i2")
        return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()

    def lost(self) -> bool:
        """Whether the next packet is lost: a Gilbert model, bursts of `burst` on average."""
        if self._effects.loss <= 0:
            return False
        leave = 1 / self._effects.burst
        enter = min(1.0, leave * self._effects.loss / max(1 - self._effects.loss, 1e-9))
        draw = float(self._random.random())
        self._losing = draw >= leave if self._losing else draw < enter
        return self._losing

    def _made_noise(self) -> npt.NDArray[np.float64] | None:
        if self._effects.snr_db is None:
            return None
        count = _NOISE_S * 8000
        spectrum = np.fft.rfft(self._random.standard_normal(count))
        hertz = np.fft.rfftfreq(count, 1 / 8000)
        if self._effects.noise == "fan":  # a server room: low and broad, with the fans' tones
            shape = 1 / (1 + (hertz / 500) ** 2) + 0.05
            for tone in (190, 380, 570):
                spectrum[int(tone * _NOISE_S)] += 40 * np.sqrt(count)
        else:
            shape = 1 / np.sqrt(1 + hertz / 300)
        shape = shape * ((hertz > 200) | (self._effects.noise == "fan")) * (hertz < 3600)
        noise = np.fft.irfft(spectrum * shape, count)
        rms = 32768 * 10 ** ((self._effects.level_dbov - self._effects.snr_db) / 20)
        return np.asarray(noise / noise.std() * rms)


class Received:
    """What the bot's end makes of packets that come or do not: as the line conceals them."""

    def __init__(self) -> None:
        self._concealer = Concealer()

    def frame(self, pcm: bytes | None) -> bytes:
        """20 ms; None: the packet was lost."""
        if pcm is None:
            return self._concealer.missing(1)
        return self._concealer.received(pcm)[:FRAME_BYTES]
