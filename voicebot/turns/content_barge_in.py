"""Speech over the bot, decided by what it says: duck first, then stop or resume.

The bot is ducked as soon as somebody may be speaking (`BargeInSuspected`). What is said decides
the rest, and where no text has come, length does: nobody says 嗯 for a second. Sans I/O; the
turn-taker feeds frames, the session the text.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from telephony.api import FRAME_MS
from voicebot.turns.endpoint import ExpectedAnswer
from voicebot.turns.listener_signal import Overlap, classify_overlap
from voicebot.turns.own_words import without_own_words


class Verdict(enum.Enum):
    """What becomes of the ducked bot."""

    WAIT = "wait"
    STOP = "stop"
    RESUME = "resume"


@dataclass(frozen=True)
class OverlapRules:
    """How long (ms) speech over the bot may go without a text.

    `certain_ms` of counted speech stop the bot; `loud_certain_ms` are enough from a caller who
    is not softer than usual by more than `loud_margin_db`: a listener murmurs. `give_up_ms` of
    silence without a text bring the bot back.
    """

    certain_ms: int = 1000
    loud_certain_ms: int = 800
    loud_margin_db: float = 3.0
    give_up_ms: int = 1200

    def __post_init__(self) -> None:
        """Raise ValueError for lengths that contradict each other."""
        if not 0 < self.loud_certain_ms <= self.certain_ms:
            raise ValueError(
                "overlap: expected 0 < loud_certain_ms <= certain_ms, got "
                f"{self.loud_certain_ms} and {self.certain_ms}"
            )


_FIGURE = re.compile(r"[0-9零〇洞一幺二两三四五六七拐八九勾]")
LEARNING_RATE = 0.01
"""A frame's share in the caller's usual level: the last two seconds of speech count most."""


class ContentBargeIn:
    """Decides one overlap after the other; one object a call.

    Use: `begin` when the evidence of speech is in, `heard` when the recognition of the overlap
    so far has come, `went_on` when speech came after it; `feed` every frame gives the verdict.
    """

    def __init__(self, rules: OverlapRules | None = None) -> None:
        self._rules = rules or OverlapRules()
        self._usual_db: float | None = None
        self._speech_ms = 0
        self._level_sum = 0.0
        self._levels = 0
        self._by_text = Verdict.WAIT
        self.last: Overlap | None = None

    def learn_level(self, level_db: float) -> None:
        """A frame (dBFS) of the caller's speech while the bot is silent."""
        if self._usual_db is None:
            self._usual_db = level_db
        self._usual_db += LEARNING_RATE * (level_db - self._usual_db)

    def begin(self, speech_ms: int) -> None:
        """An overlap has begun; `speech_ms` of counted speech led to it."""
        self._speech_ms = speech_ms
        self._level_sum = 0.0
        self._levels = 0
        self._by_text = Verdict.WAIT
        self.last = None

    def feed(self, *, counts: bool, level_db: float, silence_ms: int) -> Verdict:
        """Take a frame in. `counts`: it is the caller's speech; `silence_ms`: since the last."""
        if counts:
            self._speech_ms += FRAME_MS
            self._level_sum += level_db
            self._levels += 1
        if self._speech_ms >= self._limit_ms():
            return Verdict.STOP
        if self._by_text is Verdict.WAIT and silence_ms >= self._rules.give_up_ms:
            return Verdict.RESUME
        return self._by_text

    def went_on(self) -> None:
        """The caller has spoken on: the text is not all of it."""
        self._by_text = Verdict.WAIT

    def heard(
        self,
        text: str,
        expected: ExpectedAnswer = ExpectedAnswer.OPEN,
        *,
        confidence: float = 1.0,
        bot_text: str = "",
    ) -> Verdict:
        """Judge the overlap's text.

        Args:
            text: the recognition of all of the overlap so far.
            expected: what a question asks for that the caller has heard already.
            confidence: the recognizer's, 0..1.
            bot_text: what the bot is saying; its echo is not the caller's.
        """
        # Ears are never sure of figures; where they were asked for, they are an answer.
        figures = expected is ExpectedAnswer.NUMBER and _FIGURE.search(text) is not None
        self.last = classify_overlap(
            without_own_words(text, bot_text),
            asked_yes_no=expected is ExpectedAnswer.YES_NO,
            confidence=1.0 if figures else confidence,
        )
        self._by_text = Verdict.STOP if self.last.stops_the_bot else Verdict.RESUME
        return self._by_text

    def _limit_ms(self) -> int:
        if self._usual_db is None or not self._levels:
            return self._rules.certain_ms
        loud = self._level_sum / self._levels >= self._usual_db - self._rules.loud_margin_db
        return self._rules.loud_certain_ms if loud else self._rules.certain_ms
