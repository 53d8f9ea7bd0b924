"""Sound levels in dBFS and the adaptive noise floor."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

SILENCE_DB = -96.0
"""Level given to digital silence: a step below the least bit of 16 (-90.3 dBFS)."""

FULL_SCALE = 32768.0


def level_db(samples: npt.NDArray[np.int16]) -> float:
    """RMS level of int16 samples, shape (n,), in dBFS; never below `SILENCE_DB`."""
    if samples.size == 0:
        return SILENCE_DB
    wide = samples.astype(np.float64)
    mean_square = float(np.dot(wide, wide)) / samples.size
    if mean_square == 0.0:
        return SILENCE_DB
    return max(SILENCE_DB, 10.0 * math.log10(mean_square / FULL_SCALE**2))


class NoiseFloor:
    """Level of the line when nobody speaks, tracked frame by frame.

    Falls quickly (the quietest moments are the floor) and rises slowly, and only while no speech
    is heard, so that a long sentence is not learned as noise. Frames of digital silence (lost
    packets, a muted handset) are not the room and are left out.

    Args:
        start_db: assumed before the first frame.
        rise_db_per_s: how fast a louder room is accepted.
    """

    FASTEST_FALL = 0.3
    LOWEST_DB = -75.0

    def __init__(self, start_db: float = -60.0, rise_db_per_s: float = 6.0) -> None:
        self.level_db = start_db
        self._rise_a_frame_db = rise_db_per_s * 0.02

    def feed(self, frame_level_db: float, *, is_speech: bool) -> float:
        """Take one 20 ms frame's level in; returns the floor in dBFS."""
        if frame_level_db <= SILENCE_DB:
            return self.level_db
        if frame_level_db < self.level_db:
            fallen = self.level_db + self.FASTEST_FALL * (frame_level_db - self.level_db)
            self.level_db = max(self.LOWEST_DB, fallen)
        elif not is_speech:
            self.level_db = min(frame_level_db, self.level_db + self._rise_a_frame_db)
        return self.level_db
