"""Voiced lines whose first and last sound is known to the sample.

Speech fades in and out, so where a recording "begins" is a matter of taste. These lines are cut
where they stand within `EDGE_DB` of their own active level: what is left begins and ends at once,
and its place on a tape is the truth, not an estimate by another detector.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.replay.run import load_caller

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"
Float = npt.NDArray[np.float64]
RATE = 8000
EDGE_DB = 12.0
WINDOW = 80
FADE = 16
LINES = (
    "ask_light", "ask_part", "disk_missing", "off_topic", "disk_missing2", "power", "fan_noise",
    "memory_error", "bmc_password", "raid_driver", "health_red", "memory_max", "no_display",
    "onsite", "network_down", "serial_where", "warranty", "human", "thanks", "dont_know",
)  # fmt: skip
BACKCHANNELS = ("listener", "yes")


@functools.cache
def clip(name: str) -> Float:
    """The line, floats of active level 1 (RMS of its louder windows), shape (n,)."""
    samples = load_caller(FIXTURES / f"{name}.wav").astype(np.float64)
    power = _power(samples)
    active = float(np.mean(power[power > power.max() / 100]))
    return cut(samples / np.sqrt(active))


def cut(samples: Float) -> Float:
    """Less what is fainter than `EDGE_DB` under level 1 at both ends; edges of 2 ms."""
    loud = np.flatnonzero(_power(samples) > 10 ** (-EDGE_DB / 10))
    kept = samples[loud[0] * WINDOW : (loud[-1] + 1) * WINDOW].copy()
    ramp = np.linspace(0, 1, FADE)
    kept[:FADE] *= ramp
    kept[-FADE:] *= ramp[::-1]
    return kept


def longest_pause_ms(samples: Float) -> int:
    """The longest stretch inside the line that is fainter than its edges may be."""
    loud = np.flatnonzero(_power(samples) > 10 ** (-EDGE_DB / 10))
    return int(np.diff(loud).max(initial=1) - 1) * 10


def _power(samples: Float) -> Float:
    count = len(samples) // WINDOW
    return np.asarray((samples[: count * WINDOW].reshape(count, WINDOW) ** 2).mean(axis=1))
