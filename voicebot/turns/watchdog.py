"""Dead air after a caller's turn is never endless, whatever hangs. Sans I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeadAir:
    """The caller has waited `silent_ms` since `since_ms`; `count` is 1 the first time.

    The first time the session says a filler; the next times it offers a human.
    """

    at_ms: float
    since_ms: float
    silent_ms: float
    count: int


class DeadAirWatchdog:
    """Told what changes, says when the bot owes the caller a sound for too long.

    From the end of a caller's turn the bot owes an answer, and each `watchdog_ms` without a
    sound from either side is one `DeadAir`. A filler stops the clock only while it sounds: it is
    no answer. All times are ms on one clock of the caller's choice.

    Args:
        watchdog_ms: dead air that is too long.
    """

    def __init__(self, watchdog_ms: int) -> None:
        self._watchdog_ms = watchdog_ms
        self._owed = False
        self._silent_since_ms: float | None = None
        self._count = 0

    def caller_started(self) -> None:
        """The caller speaks: nothing is owed while they do."""
        self._settle()

    def caller_ended(self, at_ms: float) -> None:
        """The caller's turn ended; `at_ms` is their last sound. The bot owes an answer."""
        self._owed = True
        self._count = 0
        self._silent_since_ms = at_ms

    def promised(self, at_ms: float) -> None:
        """The bot is about to say more: from `at_ms` on that is owed, if nothing was."""
        if not self._owed:
            self.caller_ended(at_ms)

    def bot_started(self) -> None:
        """The bot's sound begins (answer or filler)."""
        self._silent_since_ms = None

    def bot_stopped(self, at_ms: float, *, answered: bool) -> None:
        """The bot's sound ended; `answered` False: it was a filler, or it was cut short."""
        if answered:
            self._settle()
        elif self._owed:
            self._silent_since_ms = at_ms

    def call_ended(self) -> None:
        """Nobody is there to wait (hang-up, or the caller talks to a human)."""
        self._settle()

    @property
    def next_check_ms(self) -> float | None:
        """When `check` would next report, if nothing changes; None: not while things are so."""
        if not self._owed or self._silent_since_ms is None:
            return None
        return self._silent_since_ms + self._watchdog_ms

    def check(self, now_ms: float) -> DeadAir | None:
        """Dead air that has become too long by `now_ms`, said once for each `watchdog_ms`."""
        due_ms = self.next_check_ms
        if due_ms is None or self._silent_since_ms is None or now_ms < due_ms:
            return None
        self._count += 1
        since_ms = self._silent_since_ms
        self._silent_since_ms = now_ms
        return DeadAir(now_ms, since_ms, now_ms - since_ms, self._count)

    def _settle(self) -> None:
        self._owed = False
        self._silent_since_ms = None
        self._count = 0
