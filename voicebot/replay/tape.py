"""Measure a call from its stereo tape: who made sound when, and how long replies took.

The tape is ground truth: it holds what was on the wire, not what a program believes. Left is
the caller, right the bot. Sound is found by energy in 10 ms windows against each channel's own
noise floor, so the figures need no model and no clock of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW_MS = 10
# Line noise lies well under this; the quietest speech in G.711 calls lies well over it.
MIN_LEVEL_DBFS = -45.0
OVER_FLOOR_DB = 10.0
# Gaps inside a sentence: shorter ones belong to it.
JOIN_GAP_MS = 450
MIN_SOUND_MS = 60


@dataclass(frozen=True)
class Sound:
    """A stretch of sound on one channel, in ms from the start of the tape."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Reply:
    """The bot's first sound after a caller's last one. `latency_ms` is what the caller waited."""

    caller: Sound
    bot_start_ms: int

    @property
    def latency_ms(self) -> int:
        return self.bot_start_ms - self.caller.end_ms


@dataclass(frozen=True)
class Interruption:
    """The caller spoke over the bot: when, and when the bot fell silent (both in ms)."""

    caller_start_ms: int
    bot_end_ms: int

    @property
    def stop_ms(self) -> int:
        return self.bot_end_ms - self.caller_start_ms


def sounds(
    samples: npt.NDArray[np.int16], sample_rate: int = 8000, join_gap_ms: int = JOIN_GAP_MS
) -> list[Sound]:
    """Stretches of sound in mono int16 `samples`, shape (n,)."""
    window = sample_rate * WINDOW_MS // 1000
    count = len(samples) // window
    if count == 0:
        return []
    frames = samples[: count * window].reshape(count, window).astype(np.float64)
    rms = np.sqrt(np.mean(frames**2, axis=1)) / 32768.0
    level = 20 * np.log10(np.maximum(rms, 1e-6))
    floor = float(np.percentile(level, 20))
    threshold = max(MIN_LEVEL_DBFS, floor + OVER_FLOOR_DB)
    active = level > threshold
    found: list[Sound] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        start_ms, end_ms = int(start) * WINDOW_MS, int(end) * WINDOW_MS
        if found and start_ms - found[-1].end_ms < join_gap_ms:
            found[-1] = Sound(found[-1].start_ms, end_ms)
        else:
            found.append(Sound(start_ms, end_ms))
    return [s for s in found if s.end_ms - s.start_ms >= MIN_SOUND_MS]


def replies(caller: list[Sound], bot: list[Sound]) -> list[Reply]:
    """The bot's reply to each caller sound that ended in the bot's silence and was answered.

    A caller sound which the caller follows with another before the bot speaks is part of the
    same turn; the wait counts from the last one.
    """
    result: list[Reply] = []
    for number, sound in enumerate(caller):
        if any(b.start_ms < sound.end_ms < b.end_ms for b in bot):
            continue
        start = next((b.start_ms for b in bot if b.start_ms >= sound.end_ms), None)
        following = caller[number + 1].start_ms if number + 1 < len(caller) else None
        if start is None or (following is not None and following < start):
            continue
        result.append(Reply(sound, start))
    return result


def interruptions(caller: list[Sound], bot: list[Sound]) -> list[Interruption]:
    """Caller sounds that began while the bot spoke, with the moment the bot fell silent."""
    result: list[Interruption] = []
    for sound in caller:
        over = next((b for b in bot if b.start_ms < sound.start_ms < b.end_ms), None)
        if over is not None:
            result.append(Interruption(sound.start_ms, over.end_ms))
    return result


def percentile(values: list[int], share: float) -> float:
    """Linear-interpolated percentile; NaN for no values. `share` in 0..100."""
    return float(np.percentile(values, share)) if values else float("nan")
