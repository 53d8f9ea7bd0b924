"""Where the unbroken clear sound began that a frame belongs to; the detector is slower."""

from __future__ import annotations

from voicebot.turns.vad import VadReading

OVER_NOISE_DB = 12.0
JUDGED_WITHIN_MS = 120
"""The detector has heard a sound this long when it says whether it is speech."""


class ClearSound:
    """Follows one line; a sound is clear that stands `OVER_NOISE_DB` over its noise."""

    def __init__(self) -> None:
        self.since_ms: int | None = None

    def feed(self, start_ms: int, reading: VadReading, *, callers: bool) -> None:
        """Take in the frame that begins at `start_ms`; `callers`: the bot has no part in it."""
        if not callers or reading.level_db <= reading.noise_db + OVER_NOISE_DB:
            self.since_ms = None
        elif self.since_ms is None:
            self.since_ms = start_ms

    def begun_ms(self, start_ms: int, reach_ms: int) -> int:
        """When the sound began that runs into `start_ms`, at most `reach_ms` before."""
        since_ms = start_ms if self.since_ms is None else self.since_ms
        return max(since_ms, start_ms - reach_ms)

    def just_began(self, start_ms: int, after_ms: int) -> bool:
        """Whether a sound that the detector cannot have judged yet began later than `after_ms`."""
        if self.since_ms is None or self.since_ms <= after_ms:
            return False
        return start_ms - self.since_ms < JUDGED_WITHIN_MS
