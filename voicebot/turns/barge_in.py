"""Does speech over the bot count? Two stages: suspected (duck), then certain (stop)."""

from __future__ import annotations

import enum


class BargeInStage(enum.Enum):
    """How far the evidence of a barge-in has come."""

    NONE = 0
    SUSPECTED = 1
    CERTAIN = 2


class BargeInGate:
    """Echo-safe judgement of speech over the bot.

    A frame counts only if the detector hears speech and its level stands `margin_db` over the
    echo that is to be expected at that moment: the detector alone hears the bot's own voice
    coming back. `SUSPECTED` of `barge_in_ms` of counted speech is a suspicion, all of it certainty.

    Args:
        barge_in_ms: counted speech that stops the bot.
        margin_db: by how much the caller must exceed the echo estimate.
    """

    SUSPECTED = 7 / 16
    """So that the bot gives way within a quarter second of the first sound, line included."""
    REACH_MS = 80
    """Sound this long before the detector heard speech counts for the suspicion, not for the stop:
    it is slow with the fricative that a word begins with."""
    GAP_MS = 200
    """Silence forgiven inside a barge-in: soft syllables sink under the echo's margin."""

    def __init__(self, barge_in_ms: int, margin_db: float) -> None:
        self._barge_in_ms = barge_in_ms
        self._margin_db = margin_db

    def counts(self, *, is_speech: bool, level_db: float, echo_level_db: float | None) -> bool:
        """Whether this frame is the caller's speech; `echo_level_db` None: no echo expected."""
        if not is_speech:
            return False
        return echo_level_db is None or level_db >= echo_level_db + self._margin_db

    def stage(self, speech_ms: int) -> BargeInStage:
        """The stage that `speech_ms` of counted speech amounts to."""
        if speech_ms >= self._barge_in_ms:
            return BargeInStage.CERTAIN
        if speech_ms >= self.SUSPECTED * self._barge_in_ms:
            return BargeInStage.SUSPECTED
        return BargeInStage.NONE
