"""The caller of a replay: hears the bot, says its turns where they belong. Sans I/O.

The same caller rings in virtual time and over SIP: it knows only what it hears. The bot's turn has
ended when it has been quiet for a while; after so short a reply that it may be a filler, longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from telephony.api import FRAME_BYTES, FRAME_MS
from telephony.energy import SpeechMeter
from voicebot.replay.script import Turn
from voicebot.speech.api import Pcm

PATIENCE_MS = 12_000
SHORT_REPLY_MS = 1300
AFTER_SHORT_MS = 1500
"""So much more quiet is waited for behind a short reply."""
QUIET_AT_END_MS = 2500
BOT_MIN_MS = 120


@dataclass(frozen=True)
class VoicedTurn:
    """A turn with its sound (int16, 8 kHz, shape (n,)); empty where nothing is said.

    `tail_ms` is what the sound holds behind the last word: a recording is not cut to the sample.
    """

    turn: Turn
    pcm: Pcm
    tail_ms: int = 0


@dataclass(frozen=True)
class Done:
    """A turn that was played: its number, from 1, and when; `late` says why not where it should."""

    number: int
    start_ms: int
    end_ms: int
    late: str = ""


@dataclass(frozen=True)
class Frame:
    """20 ms of the caller: clean sound, keys pressed meanwhile."""

    pcm: bytes
    digits: str = ""


class Caller:
    """Plays `turns`; `frame` is asked every 20 ms with what was heard in the last 20 ms.

    `hung_up` says that it has gone: after its last turn, or where the script says so. A bot that
    says nothing is spoken to again after `PATIENCE_MS`.
    """

    def __init__(self, turns: Sequence[VoicedTurn], longest_s: float) -> None:
        self._turns = turns
        self._longest_ms = longest_s * 1000
        self._meter = SpeechMeter()
        self._next = 0
        self._saying = b""
        self._begun_ms = 0
        self._late = ""
        self._since_ms = 0
        self.now_ms = 0
        self.hung_up = ""
        self.done: list[Done] = []

    def frame(self, heard: bytes) -> Frame:
        """The next 20 ms; `heard` is s16le 8 kHz, one frame."""
        self._meter.put(heard)
        digits = ""
        if not self._saying:
            digits = self._begin_what_is_due()
        out, self._saying = self._saying[:FRAME_BYTES], self._saying[FRAME_BYTES:]
        self.now_ms += FRAME_MS
        if out and not self._saying:
            self._finish()
        if self.now_ms > self._longest_ms and not self.hung_up:
            self.hung_up = "too long"
        return Frame(out.ljust(FRAME_BYTES, b"\0"), digits)

    def _begin_what_is_due(self) -> str:
        if self._next >= len(self._turns):
            quiet = self._meter.quiet_ms >= QUIET_AT_END_MS and self._waited >= QUIET_AT_END_MS
            answered = self._meter.speech_ms >= BOT_MIN_MS or self._waited > PATIENCE_MS
            if quiet and answered:
                self.hung_up = self.hung_up or "said all"
            return ""
        voiced = self._turns[self._next]
        if not self._due(voiced.turn):
            return ""
        self._begun_ms = self.now_ms
        if voiced.turn.hang_up:
            self.hung_up = self.hung_up or "as scripted"
        self._saying = voiced.pcm.astype("<i2").tobytes()
        if not self._saying:
            self._finish()
        return voiced.turn.dtmf

    def _finish(self) -> None:
        ended_ms = max(self._begun_ms, self.now_ms - self._turns[self._next].tail_ms)
        self._next += 1
        self.done.append(Done(self._next, self._begun_ms, ended_ms, self._late))
        self._late = ""
        self._since_ms = self.now_ms
        self._meter.speech_ms = 0  # a reply begins anew; one that is going on counts on

    @property
    def _waited(self) -> int:
        return self.now_ms - self._since_ms

    def _due(self, turn: Turn) -> bool:
        if turn.at_ms is not None:
            return self.now_ms >= turn.at_ms
        if turn.silence_ms:
            return self._waited >= turn.silence_ms
        if turn.over_bot_ms is not None:
            return self._over(turn.over_bot_ms)
        if self._waited >= PATIENCE_MS and self._meter.speech_ms < BOT_MIN_MS:
            self._late = "the bot said nothing"
            return True
        return self._bot_is_through(turn.pause_ms)

    def _over(self, after_ms: int) -> bool:
        if self._meter.running_ms >= after_ms:
            return True
        if self._bot_is_through(2 * QUIET_AT_END_MS) or (
            self._waited >= PATIENCE_MS and self._meter.speech_ms < BOT_MIN_MS
        ):
            self._late = "the bot was through before it could be interrupted"
            return True
        return False

    def _bot_is_through(self, pause_ms: int) -> bool:
        if self._meter.speech_ms < BOT_MIN_MS:
            return False
        short = self._meter.speech_ms < SHORT_REPLY_MS
        return self._meter.quiet_ms >= pause_ms + (AFTER_SHORT_MS if short else 0)


def empty() -> Pcm:
    """No sound."""
    return np.zeros(0, np.int16)
