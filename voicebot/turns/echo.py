"""How loud may the bot's own voice come back? Estimated from what was sent and what came in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telephony.api import FRAME_MS, FRAME_SAMPLES
from voicebot.turns.levels import FULL_SCALE, SILENCE_DB

MAX_DELAY_MS = 500
"""Longest echo delay looked for: line, jitter buffers and the caller's room together."""
WINDOW_MS = 200
"""Received audio that is compared with the sent audio at a time."""

AUDIBLE_POWER = 10.0**-6.5
"""Received sound below this power (-65 dBFS) is not worth explaining."""

_DELAY_FRAMES = MAX_DELAY_MS // FRAME_MS
_DELAY_SAMPLES = _DELAY_FRAMES * FRAME_SAMPLES
_WINDOW_SAMPLES = WINDOW_MS // FRAME_MS * FRAME_SAMPLES
_RATIO_FRAMES = 25


class EchoEstimator:
    """Expected level of the bot's echo, frame by frame, on one call.

    Two observations feed one coupling (echo level minus sent level, dB):

    - **Correlation**, every `PERIOD_FRAMES` while the bot is heard: the normalised
      cross-correlation of the last `WINDOW_MS` received with what was sent up to `MAX_DELAY_MS`
      before. A clear peak gives the delay and the coupling within 200 ms. (Envelopes correlate
      by chance with any speech, and need a second or more to tell.)
    - **Energy ratio**: the echo cannot be louder than all that came in. It pulls the coupling
      down when the line returns nothing, also where a vocoder has destroyed the correlation.

    Until something was observed the coupling is `COLD_DB`, the worst that a line returns. The
    estimate rises again by `LEAK_DB_PER_S` of bot speech, so that a phone put on loudspeaker is
    noticed without a clear correlation, too.
    """

    COLD_DB = -6.0
    LEAK_DB_PER_S = 1.0
    PERIOD_FRAMES = 4
    LOUDEST_DB = -3.0
    FALL = 0.5
    """Part of the way that one clear observation lowers the coupling; it raises it at once."""
    CLEAR = 0.6
    """Correlation that is no chance: 99 in 100 windows of unrelated speech stay below it."""
    CERTAIN = 0.85
    """Correlation believed by itself. A merely clear one must find the same delay twice to be
    learned; until then it holds for `PERIOD_FRAMES` only: chance costs a caller 80 ms, no more."""
    AGREE_MS = 6.0
    ACTIVE_DB = -50.0
    DECAY_DB_PER_FRAME = 2.0
    """Echo dies away no faster than this after the sent sound has: the room's reverberation."""

    def __init__(self) -> None:
        self.coupling_db = self.COLD_DB
        self.delay_ms: float | None = None
        self._sent = np.zeros(_WINDOW_SAMPLES + _DELAY_SAMPLES, np.float32)
        self._received = np.zeros(_WINDOW_SAMPLES, np.float32)
        self._sent_power = np.zeros(_DELAY_FRAMES + _RATIO_FRAMES)
        self._received_power = np.zeros(_RATIO_FRAMES)
        self._expected_db = SILENCE_DB
        self._active_frames = 0
        self._candidate_ms = -math.inf
        self._unconfirmed: tuple[float, float] | None = None

    def feed(self, received: bytes, sent: bytes | None) -> float | None:
        """Take the frame that came in and the one that went out in the same 20 ms.

        Args:
            received: s16le at 8 kHz, 20 ms.
            sent: the bot's frame, 20 ms; None while the bot is silent.

        Returns:
            The level in dBFS at which the bot's echo may be in `received`, or None where no echo
            is to be expected. Raises ValueError if a frame has another length.
        """
        samples = _frame(received)
        sent_samples = _frame(sent) if sent is not None else np.zeros(FRAME_SAMPLES, np.float32)
        _push(self._received, samples)
        _push(self._sent, sent_samples)
        _push(self._received_power, np.array([_power(samples)]))
        _push(self._sent_power, np.array([_power(sent_samples)]))
        if _db(float(self._sent_power[-_DELAY_FRAMES - 1 :].max())) < self.ACTIVE_DB:
            self._expected_db = SILENCE_DB
            return None
        self._learn()
        now_db = self._echo_db(self.delay_ms, self.coupling_db)
        self._expected_db = max(now_db, self._expected_db - self.DECAY_DB_PER_FRAME)
        if self._unconfirmed is None:
            return self._expected_db
        return max(self._expected_db, self._echo_db(*self._unconfirmed))

    def _echo_db(self, delay_ms: float | None, coupling_db: float) -> float:
        """Echo of the loudest sent frame that may arrive now, at this delay and coupling."""
        if delay_ms is None:
            return _db(float(self._sent_power[-_DELAY_FRAMES - 1 :].max())) + coupling_db
        end = len(self._sent_power) - max(int(delay_ms // FRAME_MS) - 1, 0)
        return _db(float(self._sent_power[max(0, end - 4) : end].max())) + coupling_db

    def _learn(self) -> None:
        self._active_frames += 1
        if self.coupling_db < self.COLD_DB:
            self.coupling_db += self.LEAK_DB_PER_S * FRAME_MS / 1000.0
        self._learn_from_energy()
        if self._active_frames % self.PERIOD_FRAMES == 0:
            self._learn_from_correlation()

    def _learn_from_energy(self) -> None:
        """Lower the coupling to (received energy / sent energy), whatever the delay may be."""
        sums = np.convolve(self._sent_power, np.ones(_RATIO_FRAMES), "valid")
        quietest = float(sums.min()) / _RATIO_FRAMES
        if _db(quietest) < self.ACTIVE_DB + 10.0:
            return
        ratio_db = _db(float(self._received_power.mean())) - _db(quietest)
        self.coupling_db = min(self.coupling_db, ratio_db)

    def _learn_from_correlation(self) -> None:
        """Take all that came in for echo where its shape is clearly the sent one's.

        A caller who is to count stands `barge_in_margin_db` over the echo, and then the
        correlation is not clear (6 dB over it: .45 at most): a barge-in is not learned as echo.
        """
        self._unconfirmed = None
        found = _best_match(self._received, self._sent)
        if found is None or found.correlation < self.CLEAR:
            return
        delay_ms = found.delay_samples * FRAME_MS / FRAME_SAMPLES
        observed_db = min(self.LOUDEST_DB, found.ratio_db)
        agrees = abs(delay_ms - self._candidate_ms) <= self.AGREE_MS
        self._candidate_ms = delay_ms
        if not agrees and found.correlation < self.CERTAIN:
            self._unconfirmed = (delay_ms, observed_db)
            return
        self.delay_ms = delay_ms
        step = 1.0 if observed_db > self.coupling_db else self.FALL
        self.coupling_db += step * (observed_db - self.coupling_db)


@dataclass(frozen=True)
class _Match:
    """Best delay, the normalised correlation there, and received over sent energy there."""

    correlation: float
    delay_samples: int
    ratio_db: float


def _best_match(received: npt.NDArray[np.float32], sent: npt.NDArray[np.float32]) -> _Match | None:
    """Where `received` is best explained by a stretch of `sent`.

    Only stretches at least as loud as `received` are looked at: an echo is weaker than its
    source, and a near-silent stretch fits anything when normalised. None if there is no such
    stretch, or nothing was received.
    """
    received_energy = float(np.dot(received, received))
    if received_energy < AUDIBLE_POWER * len(received):
        return None
    running = np.concatenate(([0.0], np.cumsum(np.square(sent, dtype=np.float64))))
    energies = running[len(received) :] - running[: -len(received)]
    possible = energies >= received_energy
    if not possible.any():
        return None
    # Circular correlation of size len(sent) is exact at the delays that are looked at.
    spectrum = np.fft.rfft(sent) * np.conj(np.fft.rfft(received, len(sent)))
    products = np.abs(np.fft.irfft(spectrum, len(sent))[: len(energies)])
    scores = np.where(possible, products / np.sqrt(np.maximum(energies, received_energy)), 0.0)
    at = int(np.argmax(scores))
    return _Match(
        correlation=float(scores[at]) / math.sqrt(received_energy),
        delay_samples=len(energies) - 1 - at,
        ratio_db=_db(received_energy / float(energies[at])),
    )


def _frame(pcm: bytes) -> npt.NDArray[np.float32]:
    samples = np.frombuffer(pcm, np.int16)
    if len(samples) != FRAME_SAMPLES:
        raise ValueError(f"echo: a frame is {FRAME_SAMPLES} samples, got {len(samples)}")
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def _push(ring: npt.NDArray[np.floating], new: npt.NDArray[np.floating]) -> None:
    ring[: -len(new)] = ring[len(new) :]
    ring[-len(new) :] = new


def _power(samples: npt.NDArray[np.float32]) -> float:
    return float(np.dot(samples, samples)) / len(samples)


def _db(power: float) -> float:
    return max(SILENCE_DB, 10.0 * math.log10(power)) if power > 0.0 else SILENCE_DB
