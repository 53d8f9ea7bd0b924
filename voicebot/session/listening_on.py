"""The bot goes on listening while caller and seat talk: each leg's turns, recognized behind all
that a caller waits for.

Recognition here is background work: it never takes the last worker, and turns that wait too long
are let go instead of queued up. Nothing that fails here reaches the talk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import structlog

from asr_models import Recognizer
from asr_models.domain import Domain
from telephony import SAMPLE_RATE
from voicebot.session import events as facts
from voicebot.session.hearing import Understood, understood
from voicebot.turns.events import TurnEnded
from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.turn_taker import TurnTaker

MOST_WAITING = 6
"""Turns of one call that wait to be recognized; older ones are let go."""
STAGE = "listening on"
log = structlog.get_logger(__name__)

Read = Callable[[npt.NDArray[np.int16]], Awaitable[Understood]]
MakeTaker = Callable[[], TurnTaker]


@dataclass(frozen=True)
class BackgroundEars:
    """Reads finished turns (int16 at 8 kHz, shape (n,)) when nobody waits for anything else.

    `make_taker` makes what finds the turns of one leg.
    """

    recognizer: Recognizer
    domain: Domain
    scheduler: InferenceScheduler
    make_taker: MakeTaker
    prompt: str = ""

    async def read(self, pcm: npt.NDArray[np.int16]) -> Understood:
        """The best reading."""

        def compute() -> Understood:
            heard = self.recognizer.recognize(pcm, SAMPLE_RATE, prompt=self.prompt)
            return understood(heard, self.domain)

        return await self.scheduler.run(Priority.BACKGROUND, compute, stage=STAGE)


@dataclass(frozen=True)
class _Turn:
    """Something said on one leg; times on the call's clock."""

    who: str
    pcm: npt.NDArray[np.int16]
    start_ms: int
    end_ms: int


class _Leg:
    """Finds the turns of one leg."""

    def __init__(self, who: str, taker: TurnTaker, now_ms: int) -> None:
        self._who = who
        self._taker = taker
        self._offset_ms = now_ms

    def feed(self, frame: bytes) -> list[_Turn]:
        """The turns that ended with this frame."""
        ended = [
            event
            for event in self._taker.feed(frame, bot_speaking=False)
            if isinstance(event, TurnEnded)
        ]
        return [
            _Turn(
                self._who,
                self._taker.utterance(),
                event.speech_start_ms + self._offset_ms,
                event.speech_end_ms + self._offset_ms,
            )
            for event in ended
        ]


class ListeningOn:
    """One talk's. `feed` takes a frame of a leg; `names` are the legs' humans, "" the caller.

    Turns are told in the order in which they ended, each as soon as it is recognized.
    """

    def __init__(
        self,
        ears: BackgroundEars,
        names: dict[str, str],
        tell: facts.Observer,
        now_ms: Callable[[], int],
    ) -> None:
        self._ears = ears
        self._names = names
        self._tell = tell
        self._now_ms = now_ms
        self._legs: dict[str, _Leg] = {}
        self._waiting: deque[_Turn] = deque()
        self._work: asyncio.Task[None] | None = None
        self._closed = False
        self._let_go = 0

    def joined(self, leg: str, name: str) -> None:
        """Somebody new is on this leg."""
        self._names[leg] = name
        self._legs.pop(leg, None)

    def feed(self, leg: str, frame: bytes) -> None:
        """Audio of a leg, 20 ms. Never raises: the talk matters more than what is heard of it."""
        if self._closed:
            return
        try:
            if leg not in self._legs:
                who = self._names.get(leg, "")
                self._legs[leg] = _Leg(who, self._ears.make_taker(), self._now_ms())
            for turn in self._legs[leg].feed(frame):
                self._take(turn)
        except Exception:
            log.exception("listening_on_failed", leg=leg)
            self._closed = True

    async def close(self) -> None:
        """Listen no more; what waits to be recognized is let go. Idempotent."""
        self._closed = True
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None
        if self._let_go:
            what = f"{self._let_go} turns of caller and seat were not recognized: too busy"
            self._tell(facts.Trouble(self._now_ms(), what, "they are on the tape only"))
            self._let_go = 0

    def _take(self, turn: _Turn) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._let_go += 1
        self._waiting.append(turn)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._recognize())

    async def _recognize(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            try:
                heard = await self._ears.read(turn.pcm)
            except Exception:
                log.exception("a_turn_was_not_recognized", who=turn.who)
                continue
            if heard.text:
                self._tell(self._fact(turn, heard))

    def _fact(self, turn: _Turn, heard: Understood) -> facts.SessionEvent:
        recognition = heard.recognition
        others = tuple(other.text for other in recognition.alternatives[1:])
        said = (heard.text, recognition.confidence, turn.start_ms, turn.end_ms)
        raw = recognition.text
        if turn.who:
            return facts.SeatSpoke(self._now_ms(), turn.who, *said, others, raw)
        return facts.CallerSpoke(self._now_ms(), *said, alternatives=others, raw_text=raw)
