"""One call in virtual time: frames, the bot's own audio, and texts that arrive late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.silero import SileroVad
from telephony.api import FRAME_MS, FRAME_SAMPLES
from tests.bench.turns.cases import Case
from tests.bench.turns.ears import Ears, Text, Utterance
from tests.bench.turns.sound import PER_MS, Float, echo_of, frames, noise
from voicebot.settings import TurnSettings
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.echo import EchoEstimator
from voicebot.turns.endpoint import EndpointStrategy
from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    SpeculateNow,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnEvent,
)
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector

_ECHO_MS = 320


@dataclass
class Outcome:
    """What became of one call. `gaps_ms`: when the bot's audio was held, each from and to."""

    events: list[TurnEvent] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    heard_ms: list[int] = field(default_factory=list)
    gaps_ms: list[tuple[int, int]] = field(default_factory=list)
    stopped_ms: int | None = None

    def times(self, kind: type[TurnEvent]) -> list[int]:
        return [event.at_ms for event in self.events if isinstance(event, kind)]

    @property
    def ended_ms(self) -> int:
        """When the newest turn ended; -1: none has."""
        ended = isinstance(self.events[-1], TurnEnded) if self.events else False
        return self.events[-1].at_ms if ended else -1

    @property
    def is_settled(self) -> bool:
        """Whether no suspicion is open."""
        return not self.events or not isinstance(
            self.events[-1], BargeInSuspected | SpeculateNow | SpeechResumed
        )


@dataclass
class Variant:
    """How the turns are decided in a run."""

    settings: TurnSettings
    endpoint: EndpointStrategy | None = None
    content: ContentBargeIn | None = None
    hears: bool = True
    partial_ms: int = 0


Until = Callable[[Outcome, int], bool]
"""Asked after each frame, with what happened and the frame clock in ms."""


def _to_the_end(outcome: Outcome, now_ms: int) -> bool:
    return False


class Lab:
    """Runs cases through the turn code as a call would."""

    def __init__(self, vad: Path, ears: Ears) -> None:
        self._silero = SileroVad(vad)
        self._ears = ears
        self.frames = 0

    def run(self, case: Case, variant: Variant, until: Until = _to_the_end) -> Outcome:
        """One call from its first frame until `until` says that all is known."""
        vad = SpeechDetector(self._silero.fork(), threshold=variant.settings.speech_threshold)
        taker = TurnTaker(variant.settings, vad, endpoint=variant.endpoint, content=variant.content)
        line, bot = _Line(case), _Bot(case)
        echo, outcome = EchoEstimator(), Outcome()
        hearing = _Hearing(taker, self._ears, case.bot_text, variant.partial_ms, outcome) if variant.hears else None
        for number in range(line.length):
            went = bot.next_frame()
            came = line.received(number, went)
            if hearing:
                hearing.arrive()
            level_db = echo.feed(came, went)
            events = taker.feed(came, bot_speaking=bot.speaking, echo_level_db=level_db)
            for event in events:
                bot.on(event)
                if hearing:
                    hearing.on(event)
            if hearing:
                hearing.listen()
            outcome.events += events
            outcome.stopped_ms = bot.stopped_ms
            self.frames += 1
            if until(outcome, taker.now_ms):
                break
        bot.finish(taker.now_ms)
        outcome.gaps_ms = bot.gaps_ms
        return outcome


class _Line:
    """The caller's side: their speech, the line's noise, and the echo of what was sent."""

    def __init__(self, case: Case) -> None:
        self._sound = case.caller + noise(len(case.caller), case.seed)
        self.length = len(self._sound) // FRAME_SAMPLES
        self._case = case

    def received(self, number: int, sent: bytes | None) -> bytes:
        """The frame that comes in while `sent` goes out."""
        start = number * FRAME_SAMPLES
        if sent is not None and self._case.echo is not None:
            loss_db, delay_ms = self._case.echo
            spoken = np.frombuffer(sent, np.int16).astype(np.float64) / 32767.0
            padded = np.concatenate((spoken, np.zeros(_ECHO_MS * PER_MS)))
            returned: Float = echo_of(padded, loss_db, delay_ms, self._case.seed)
            room = self._sound[start : start + len(returned)]
            room += returned[: len(room)]
        return frames(self._sound[start : start + FRAME_SAMPLES])[0]


class _Bot:
    """The bot's side: its audio is held on a suspicion, goes on where it was, or ends."""

    def __init__(self, case: Case) -> None:
        self._frames = [] if case.bot is None else frames(case.bot)
        self._at = 0
        self._now_ms = 0
        self._held_since: int | None = None
        self.stopped_ms: int | None = None
        self.gaps_ms: list[tuple[int, int]] = []

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun and not ended; it may be held."""
        return self.stopped_ms is None and self._at < len(self._frames)

    def next_frame(self) -> bytes | None:
        """What is sent in the next 20 ms."""
        self._now_ms += FRAME_MS
        if not self.speaking or self._held_since is not None:
            return None
        self._at += 1
        return self._frames[self._at - 1]

    def on(self, event: TurnEvent) -> None:
        """A turn event, from the frame after on."""
        match event:
            case BargeInSuspected() if self.speaking:
                self._held_since = event.at_ms
            case BargeInDismissed():
                self.finish(event.at_ms)
            case BargeIn():
                self.finish(event.at_ms)
                self.stopped_ms = event.at_ms

    def finish(self, at_ms: int) -> None:
        """A gap ends."""
        if self._held_since is not None:
            self.gaps_ms.append((self._held_since, at_ms))
            self._held_since = None


class _Hearing:
    """What a session does with the ears: one worker, a quick text, then the best one."""

    def __init__(
        self, taker: TurnTaker, ears: Ears, bot_text: str, partial_ms: int, outcome: Outcome
    ) -> None:
        self._partial_ms = partial_ms
        self._taker = taker
        self._ears = ears
        self._bot_text = bot_text
        self._outcome = outcome
        self._utterance: Utterance | None = None
        self._free_ms = 0.0
        self._next_partial_ms = 0
        self._coming: tuple[float, int, Text, npt.NDArray[np.int16] | None] | None = None

    def on(self, event: TurnEvent) -> None:
        match event:
            case SpeculateNow():
                pcm = self._taker.utterance()
                quick = self._stream().quick(pcm)
                self._free_ms = max(self._free_ms, event.at_ms) + quick.cost_ms
                self._coming = (self._free_ms, event.speech_end_ms, quick, pcm)
            case SpeechResumed() | BargeInDismissed():
                self._coming = None
            case SpeechStarted():
                self._next_partial_ms = event.at_ms + self._partial_ms

    def listen(self) -> None:
        """After a frame: partials of a caller who speaks on keep the stable beginning warm."""
        taker = self._taker
        if not taker.in_turn:
            self._utterance = None
            return
        if self._utterance is None:
            self._stream()
            self._next_partial_ms = taker.now_ms + self._partial_ms
        due = self._partial_ms > 0 and self._coming is None
        if due and taker.now_ms >= max(self._next_partial_ms, self._free_ms):
            partial = self._stream().quick(taker.utterance())
            self._free_ms = taker.now_ms + partial.cost_ms
            self._next_partial_ms = taker.now_ms + self._partial_ms

    def arrive(self) -> None:
        """Before a frame: a text whose compute is over reaches the turn-taker."""
        if self._coming is None or self._taker.now_ms < self._coming[0]:
            return
        at_ms, speech_end_ms, heard, pcm = self._coming
        self._coming = None
        self._taker.heard(
            heard.text,
            speech_end_ms=speech_end_ms,
            confidence=heard.confidence,
            bot_text=self._bot_text,
        )
        self._outcome.texts.append(heard.text)
        self._outcome.confidences.append(heard.confidence)
        self._outcome.heard_ms.append(self._taker.now_ms)
        if pcm is not None and self._taker.in_turn:
            best = self._stream().final(pcm)
            self._free_ms = at_ms + best.cost_ms
            self._coming = (self._free_ms, speech_end_ms, best, None)

    def _stream(self) -> Utterance:
        if self._utterance is None:
            self._utterance = self._ears.utterance()
        return self._utterance
