"""An endpoint that listens: to what was said, to what was asked, to how this caller pauses.

The text comes late: a recognizer that does not stream needs 350 to 600 ms of CPU after the first
short silence. Until then only acoustic facts are known, and no sentence can be called whole: the
turn waits `unheard_ms`, which a mid-sentence pause seldom reaches. So a turn ends when its text
arrives (whole sentence), at `unheard_ms` (the text is late) or later (the text is open). A faster
recognizer makes turns end sooner without a change here.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from voicebot.turns.completeness import Completeness, CompletenessJudge, Reason
from voicebot.turns.completeness_model import default_judge
from voicebot.turns.endpoint import ExpectedAnswer, TurnSoFar
from voicebot.turns.pauses import PauseStatistics
from voicebot.turns.spoken_text import bare


@dataclass(frozen=True)
class Patience:
    """How much silence (ms) each case is worth, before the caller's own pauses scale it.

    `whole_ms` ends a sentence that is surely whole, `unsure_ms` one that may be, `open_ms` one
    that surely is not; what is between lies between. `unheard_ms` holds while there is no text.
    `number_ms` is for digits that are being dictated. Nothing is ever shorter than `min_ms` or
    longer than `max_ms`.
    """

    min_ms: int = 240
    max_ms: int = 2000
    whole_ms: int = 280
    unsure_ms: int = 760
    open_ms: int = 1200
    unheard_ms: int = 760
    unheard_yes_no_ms: int = 560
    number_ms: int = 1400

    def __post_init__(self) -> None:
        """Raise ValueError for bounds that contradict each other."""
        rising = (self.min_ms, self.whole_ms, self.unsure_ms, self.open_ms, self.max_ms)
        if self.min_ms <= 0 or list(rising) != sorted(rising):
            raise ValueError(
                "patience: expected 0 < min_ms <= whole_ms <= unsure_ms <= open_ms <= max_ms, got "
                + ", ".join(map(str, rising))
            )


class Ground(enum.StrEnum):
    """What a decision rests on."""

    NO_TEXT_YET = "no_text_yet"
    SENTENCE = "sentence"
    SHORT_ANSWER = "short_answer"
    DICTATION = "dictation"


@dataclass(frozen=True)
class EndpointDecision:
    """The silence that would end the turn now, and why; for records and the console."""

    needed_ms: int
    ground: Ground
    completeness: Completeness | None = None


SURELY_OPEN, UNSURE_FROM, UNSURE_TO, SURELY_WHOLE = 0.08, 0.2, 0.5, 0.8
UNDECIDED = 0.5
TRUSTED = 0.4
"""Texts of this confidence are taken at their word."""
PATIENCE_QUANTILE = 0.9
PATIENCE_RANGE = (0.85, 1.7)
_DIGITS_AT_END = re.compile(r"[零〇洞一幺二两三四五六七拐八九勾0-9a-z]{2,}$")
_DICTATION_OVER = re.compile(r"(好了|完了|没了|就这些|就这样|就是这个|谢谢|是的|对)$")


@dataclass
class AdaptiveEndpoint:
    """One call's endpoint; keeps that call's pause statistics. Pass it to its `TurnTaker`."""

    patience: Patience = field(default_factory=Patience)
    judge: CompletenessJudge = field(default_factory=default_judge)
    pauses: PauseStatistics = field(default_factory=PauseStatistics)
    last: EndpointDecision | None = None
    _judged: tuple[str, Completeness] | None = None

    def needed_silence_ms(self, turn: TurnSoFar) -> int:
        """The silence that ends this turn, from what is known by now; cheap to ask every frame."""
        self.last = self._decide(turn)
        return self.last.needed_ms

    def caller_paused(self, pause_ms: int, *, cut: bool = False) -> None:
        """A pause the caller made; `cut` if the turn was wrongly ended in it (it counts twice)."""
        for _ in range(2 if cut else 1):
            self.pauses.add(pause_ms)

    def scale(self) -> float:
        """This caller's pauses over everybody's, within `PATIENCE_RANGE`."""
        own = self.pauses.quantile_ms(PATIENCE_QUANTILE)
        ratio = own / self.pauses.usual_quantile_ms(PATIENCE_QUANTILE)
        return min(max(ratio, PATIENCE_RANGE[0]), PATIENCE_RANGE[1])

    def _decide(self, turn: TurnSoFar) -> EndpointDecision:
        if not bare(turn.text):
            return self._bounded(self._unheard_ms(turn), Ground.NO_TEXT_YET)
        judged = self._judge(turn.text)
        if self._dictating(turn.text, turn.expected):
            return self._bounded(self.patience.number_ms * self.scale(), Ground.DICTATION, judged)
        if turn.expected is ExpectedAnswer.YES_NO and judged.reason is Reason.WHOLE_ANSWER:
            return self._bounded(self.patience.min_ms, Ground.SHORT_ANSWER, judged)
        score = _doubted(judged.score, turn.confidence)
        return self._bounded(self._sentence_ms(score), Ground.SENTENCE, judged)

    def _unheard_ms(self, turn: TurnSoFar) -> float:
        if self._dictating(turn.earlier_text, turn.expected):
            return self.patience.number_ms * self.scale()
        if turn.expected is ExpectedAnswer.YES_NO and not turn.earlier_text:
            return self.patience.unheard_yes_no_ms * self.scale()
        return self.patience.unheard_ms * self.scale()

    def _dictating(self, text: str, expected: ExpectedAnswer) -> bool:
        """Whether more digits are to be expected: a code at the end, or one asked for."""
        said = bare(text)
        if _DICTATION_OVER.search(said):
            return False
        if expected is ExpectedAnswer.NUMBER and not said:
            return True
        return _DIGITS_AT_END.search(said) is not None and (
            expected in (ExpectedAnswer.NUMBER, ExpectedAnswer.OPEN)
        )

    def _sentence_ms(self, score: float) -> float:
        """From `open_ms` (open) to `whole_ms` (whole); pauses stretch what is not surely whole."""
        scale, patience = self.scale(), self.patience
        scores = (SURELY_OPEN, UNSURE_FROM, UNSURE_TO, SURELY_WHOLE)
        unsure_ms = patience.unsure_ms * scale
        waits = (patience.open_ms * scale, unsure_ms, unsure_ms, float(patience.whole_ms))
        return _between(score, scores, waits)

    def _bounded(
        self, needed_ms: float, ground: Ground, completeness: Completeness | None = None
    ) -> EndpointDecision:
        low, high = self.patience.min_ms, self.patience.max_ms
        return EndpointDecision(int(min(max(needed_ms, low), high)), ground, completeness)

    def _judge(self, text: str) -> Completeness:
        if self._judged is None or self._judged[0] != text:
            self._judged = (text, self.judge.judge(text))
        return self._judged[1]


def _doubted(score: float, confidence: float) -> float:
    """A text that the ears are not sure of leaves it undecided whether the sentence is whole."""
    return UNDECIDED + (score - UNDECIDED) * min(1.0, confidence / TRUSTED)


def _between(at: float, marks: Sequence[float], values: Sequence[float]) -> float:
    """Piecewise linear: `values[i]` at the rising `marks[i]`, constant outside."""
    if at <= marks[0]:
        return values[0]
    for low, high, first, last in zip(marks, marks[1:], values, values[1:], strict=False):
        if at <= high:
            return first + (at - low) / (high - low) * (last - first)
    return values[-1]
