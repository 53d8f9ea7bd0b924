"""Whose turn is it? Frames in, turn events out; no clock, no I/O, no model of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from telephony.api import FRAME_MS
from voicebot.settings import TurnSettings
from voicebot.turns.barge_in import BargeInGate, BargeInStage
from voicebot.turns.clear_sound import ClearSound
from voicebot.turns.content_barge_in import ContentBargeIn, Verdict
from voicebot.turns.endpoint import EndpointStrategy, ExpectedAnswer, FixedEndpoint, TurnSoFar
from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    NoInputElapsed,
    SpeculateNow,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnEndReason,
    TurnEvent,
)
from voicebot.turns.pauses import PauseWatch
from voicebot.turns.speech_run import SpeechRun
from voicebot.turns.utterance import UtteranceAudio
from voicebot.turns.vad import FrameVad

PREROLL_MS = 300
SOUND_REACH_MS = 300
"""The pre-roll begins this much earlier where the sound before the onset was already clear."""
ONSET_GAP_MS = 100
"""Silence forgiven inside an onset: the closure of a plosive, a dip between two windows."""
RESUME_MS = 60
"""Speech this long after a pause is the caller going on; less is a click or a breath."""


class TurnTaker:
    """Turns of one call, decided frame by frame on the frame clock (see `events`).

    Args:
        settings: the times and levels.
        vad: this call's speech detector.
        endpoint: how much silence ends a turn; default: `settings.endpoint_ms`, fixed.
        content: decides speech over the bot by what it says; default: `settings.barge_in_ms` of
            speech stop the bot, whatever it says.
    """

    def __init__(
        self,
        settings: TurnSettings,
        vad: FrameVad,
        *,
        endpoint: EndpointStrategy | None = None,
        content: ContentBargeIn | None = None,
    ) -> None:
        self._settings = settings
        self._vad = vad
        self._endpoint = endpoint or FixedEndpoint(settings.endpoint_ms)
        self._pauses = PauseWatch(self._endpoint)
        self._content = content
        self._overlapping = False
        self._gate = BargeInGate(settings.barge_in_ms, settings.barge_in_margin_db)
        self._audio = UtteranceAudio(PREROLL_MS + SOUND_REACH_MS)
        self._run = SpeechRun()
        self._suspected = False
        self._in_turn = False
        self._speech_start_ms = 0
        self._speech_end_ms = 0
        self._speculated_at: int | None = None
        self._quiet_ms = 0
        self._sound, self._over_echo = ClearSound(), ClearSound()
        self._heard_from_ms = self._reach_ms = 0
        self._text = ""
        self._confidence = 1.0
        self._earlier_text = ""
        self._expected = ExpectedAnswer.OPEN

    @property
    def now_ms(self) -> int:
        """The frame clock: ms of audio fed so far."""
        return self._audio.frames_fed * FRAME_MS

    @property
    def in_turn(self) -> bool:
        """Whether the caller holds the turn now, or speaks over the bot and may get it."""
        return self._in_turn

    def utterance(self) -> npt.NDArray[np.int16]:
        """The running turn's audio up to now (else the last turn's), int16 at 8 kHz, shape (n,).

        Begins `PREROLL_MS` before the onset, or up to `SOUND_REACH_MS` earlier where the detector
        was slow: where a clear sound ran into the onset and the bot was silent. An ended turn
        that was speculated on is cut where `SpeculateNow` was said, so that it equals what was
        speculated on.
        """
        return self._audio.samples()

    def heard(
        self,
        text: str,
        *,
        speech_end_ms: int | None = None,
        confidence: float = 1.0,
        bot_text: str = "",
    ) -> None:
        """Tell what the running turn's speculative recognition said; the endpoint may use it.

        Args:
            text: the recognition of `utterance()` as it was at `SpeculateNow`.
            speech_end_ms: that event's; a text of another stretch of speech (the caller has gone
                on since) is then ignored. None: the text is of the newest speculation.
            confidence: the recognizer's, 0..1.
            bot_text: what the bot is saying meanwhile, if it is: its echo is no barge-in.
        """
        if speech_end_ms is None or speech_end_ms == self._speech_end_ms:
            self._text, self._confidence = text, confidence
            if self._overlapping and self._content:
                self._content.heard(text, self._expected, confidence=confidence, bot_text=bot_text)

    def expect(self, answer: ExpectedAnswer) -> None:
        """Tell what kind of answer the bot has asked for; the endpoint may use it."""
        self._expected = answer

    def forget(self) -> None:
        """What was being said is nobody's business any more: no turn comes of it."""
        self._in_turn = self._overlapping = self._suspected = False
        self._run.clear()
        self._audio.finish(self._audio.frames_fed)

    def feed(
        self, frame: bytes, *, bot_speaking: bool, echo_level_db: float | None = None
    ) -> list[TurnEvent]:
        """Take the next 20 ms frame; returns what happened, in order.

        Args:
            frame: `FRAME_BYTES` of s16le at 8 kHz, as received.
            bot_speaking: whether the bot's audio is leaving now.
            echo_level_db: level at which the bot's echo may come back in this frame, dBFS
                (`echo.EchoEstimator`); None: no echo expected. Raises ValueError for a frame of
                another length.
        """
        if bot_speaking:
            self._pauses.bot_spoke()
        reading = self._vad.feed(frame)
        start_ms = self.now_ms
        over_the_echo = self._gate.counts(
            is_speech=True, level_db=reading.level_db, echo_level_db=echo_level_db
        )
        counts = reading.is_speech and over_the_echo
        own_sound = not bot_speaking and echo_level_db is None
        self._sound.feed(start_ms, reading, callers=own_sound)
        self._over_echo.feed(start_ms, reading, callers=over_the_echo)
        onset = self._run.onset_ms
        self._audio.add(frame, keep_from=None if onset is None else onset // FRAME_MS)
        if self._in_turn:
            events = self._within_turn(start_ms, counts)
            if self._overlapping:
                events += self._decide_overlap(counts, reading.level_db, bot_speaking)
            elif counts and self._content and own_sound:
                self._content.learn_level(reading.level_db)
            return events
        return self._between_turns(start_ms, counts, bot_speaking)

    # --- between turns -----------------------------------------------------------------------
    def _between_turns(self, start_ms: int, counts: bool, bot_speaking: bool) -> list[TurnEvent]:
        gap_ms = BargeInGate.GAP_MS if bot_speaking else ONSET_GAP_MS
        if counts and self._run.onset_ms is None:
            self._heard_from_ms = self._sound.begun_ms(start_ms, SOUND_REACH_MS)
            self._reach_ms = start_ms - self._over_echo.begun_ms(start_ms, BargeInGate.REACH_MS)
        died = self._run.feed(start_ms, self.now_ms, counts=counts, gap_ms=gap_ms)
        events: list[TurnEvent] = []
        if died and self._suspected:
            events.append(BargeInDismissed(self.now_ms))
            self._suspected = False
        if bot_speaking:
            events += self._over_the_bot()
        elif self._run.onset_ms is not None and self._run.speech_ms >= self._settings.onset_ms:
            events.append(self._begin(self._run.onset_ms))
        return events + self._no_input(bot_speaking)

    def _over_the_bot(self) -> list[TurnEvent]:
        onset_ms = self._run.onset_ms
        stage = self._gate.stage(self._run.speech_ms)
        suspected = self._gate.stage(self._run.speech_ms + self._reach_ms)
        if onset_ms is None or suspected is BargeInStage.NONE:
            return []
        events: list[TurnEvent] = []
        if not self._suspected:
            self._suspected = True
            events.append(BargeInSuspected(self.now_ms, onset_ms))
        if stage is BargeInStage.CERTAIN and self._content:
            self._content.begin(self._run.speech_ms)
            self._begin(onset_ms)
            self._overlapping = True
        elif stage is BargeInStage.CERTAIN:
            events += [BargeIn(self.now_ms, onset_ms), self._begin(onset_ms)]
        return events

    def _begin(self, onset_ms: int) -> SpeechStarted:
        self._in_turn = True
        self._suspected = False
        self._speech_start_ms = onset_ms
        self._speech_end_ms = self._run.speech_end_ms
        self._speculated_at = None
        self._text = self._earlier_text = ""
        self._pauses.turn_began(onset_ms)
        self._audio.begin((self._heard_from_ms - PREROLL_MS) // FRAME_MS)
        self._run.clear()
        return SpeechStarted(self.now_ms, onset_ms)

    def _no_input(self, bot_speaking: bool) -> list[TurnEvent]:
        if bot_speaking or self._in_turn or self._run.onset_ms is not None:
            self._quiet_ms = 0
            return []
        self._quiet_ms += FRAME_MS
        if self._quiet_ms < self._settings.no_input_ms:
            return []
        self._quiet_ms = 0
        return [NoInputElapsed(self.now_ms)]

    def _decide_overlap(self, counts: bool, level_db: float, bot_speaking: bool) -> list[TurnEvent]:
        """Speech over the bot has begun a turn that nobody knows of yet: is it to be one?"""
        started = SpeechStarted(self.now_ms, self._speech_start_ms)
        if not bot_speaking or self._content is None:
            self._overlapping = False
            return [started]
        silence_ms = self.now_ms - self._speech_end_ms
        verdict = self._content.feed(counts=counts, level_db=level_db, silence_ms=silence_ms)
        if verdict is Verdict.WAIT:
            return []
        self._overlapping = False
        if verdict is Verdict.STOP:
            return [BargeIn(self.now_ms, self._speech_start_ms), started]
        self._in_turn = False
        self._audio.finish(self._audio.frames_fed)
        return [BargeInDismissed(self.now_ms)]

    # --- within a turn -----------------------------------------------------------------------
    def _within_turn(self, start_ms: int, counts: bool) -> list[TurnEvent]:
        self._quiet_ms = 0
        events: list[TurnEvent] = []
        self._run.feed(start_ms, self.now_ms, counts=counts, gap_ms=0)
        if self._speaking_again():
            self._pauses.resumed(self._speech_end_ms, self._run.onset_ms or self._speech_end_ms)
            self._speech_end_ms = self.now_ms
            if self._speculated_at is not None:
                self._speculated_at = None
                self._earlier_text, self._text = self._text or self._earlier_text, ""
                if self._content:
                    self._content.went_on()
                events.append(SpeechResumed(self.now_ms))
        elif not counts:
            events += self._silence(start_ms)
        too_long = self.now_ms - self._speech_start_ms >= self._settings.max_turn_ms
        if self._in_turn and too_long and not self._overlapping:
            events.append(self._end(TurnEndReason.MAX_LENGTH))
        return events

    def _speaking_again(self) -> bool:
        """Whether this frame's speech is the turn's (an unbroken run, or long enough by itself)."""
        onset = self._run.onset_ms
        if onset is None:
            return False
        return onset == self._speech_end_ms or self._run.speech_ms >= RESUME_MS

    def _silence(self, start_ms: int) -> list[TurnEvent]:
        silence_ms = self.now_ms - self._speech_end_ms
        events: list[TurnEvent] = []
        needed_ms = self._endpoint.needed_silence_ms(
            TurnSoFar(
                speech_ms=self._speech_end_ms - self._speech_start_ms,
                silence_ms=silence_ms,
                text=self._text,
                expected=self._expected,
                earlier_text=self._earlier_text,
                confidence=self._confidence,
            )
        )
        # A sound that has just begun may be the caller going on: it is judged first.
        going_on = self._sound.just_began(start_ms, self._speech_end_ms)
        ended = silence_ms >= needed_ms and not self._overlapping and not going_on
        if self._speculated_at is None and (ended or silence_ms >= self._settings.speculate_ms):
            self._speculated_at = self._audio.frames_fed
            events.append(SpeculateNow(self.now_ms, self._speech_end_ms))
        if ended:
            events.append(self._end(TurnEndReason.SILENCE))
        return events

    def _end(self, reason: TurnEndReason) -> TurnEnded:
        self._in_turn = False
        self._run.clear()
        if reason is TurnEndReason.SILENCE:
            self._pauses.turn_ended(self._speech_end_ms)
        now = self._audio.frames_fed
        self._audio.finish(now if self._speculated_at is None else self._speculated_at)
        return TurnEnded(self.now_ms, self._speech_start_ms, self._speech_end_ms, reason)
