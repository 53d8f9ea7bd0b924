"""Sentences as they come in on a call, with a pause in them or without."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from telephony.api import FRAME_MS, FRAME_SAMPLES
from tests.bench.bench_turns import Float, at_level, noise, spoken_span_ms
from tests.bench.clips import Clip, read_8k

LEAD_MS, TAIL_MS = 1000, 2600


@dataclass(frozen=True)
class Case:
    """A sentence in a call: what came in, where the speech ends, where a pause begins."""

    received: Float
    end_ms: int
    pause: tuple[int, int] | None = None


def in_a_call(clip: Float, seed: int, pause: tuple[int, int] | None = None) -> Case:
    """The clip after a second of line noise. `pause` (where, how long), ms: the silence that is
    there is stretched to that length."""
    _, end_ms = spoken_span_ms(clip)
    span = None
    if pause is not None:
        at_ms, length_ms = pause
        begin_ms, silent_ms = silence_at(clip, at_ms)
        added_ms = max(0, length_ms - silent_ms)
        parts = clip[: at_ms * 8], np.zeros(added_ms * 8), clip[at_ms * 8 :]
        clip = np.concatenate(parts)
        end_ms += added_ms
        span = LEAD_MS + begin_ms, LEAD_MS + begin_ms + length_ms
    received = np.concatenate((np.zeros(LEAD_MS * 8), clip, np.zeros(TAIL_MS * 8)))
    return Case(received + noise(len(received), seed), LEAD_MS + end_ms, span)


def silence_at(clip: Float, at_ms: int) -> tuple[int, int]:
    """Begin and length of the silence around `at_ms`: what is 30 dB under the loudest 20 ms."""
    whole = len(clip) // FRAME_SAMPLES * FRAME_SAMPLES
    power = np.square(clip[:whole]).reshape(-1, FRAME_SAMPLES).mean(axis=1)
    loud = power > power.max() * 1e-3
    here = at_ms // FRAME_MS
    begin = end = here
    while begin > 0 and not loud[begin - 1]:
        begin -= 1
    while end < len(loud) and not loud[end]:
        end += 1
    return begin * FRAME_MS, (end - begin) * FRAME_MS


def softest_ms(clip: Float) -> int:
    """The middle of the softest 40 ms in the middle of the clip's speech."""
    begin, end = spoken_span_ms(clip)
    low, high = begin + (end - begin) * 3 // 10, begin + (end - begin) * 7 // 10
    starts = range(low, max(high, low + 1), 10)
    power = [float(np.square(clip[at * 8 : at * 8 + 320]).sum()) for at in starts]
    return starts[int(np.argmin(power))] + 20


def samples(clip: Clip, rng: random.Random) -> Float:
    return at_level(read_8k(clip.path).astype(np.float64) / 32768.0, rng.uniform(-32, -18))


def trimmed(clip: Float) -> Float:
    begin, end = spoken_span_ms(clip)
    return clip[begin * 8 : end * 8]
