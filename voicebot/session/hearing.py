"""The recognition of what a caller says, while they say it: one stream an utterance.

The stream holds exactly the samples of the turn-taker's `utterance()`, so that what was
recognized at the first short silence is what the finished turn says.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from asr_models import Recognition, RecognitionStream, Recognizer, StreamingRecognizer
from asr_models.domain import Domain
from telephony import FRAME_MS, SAMPLE_RATE
from voicebot.session.talk import Talk
from voicebot.session.whole_decodes import WholeDecodes
from voicebot.turns.scheduler import DeadlinePassed, InferenceScheduler, Priority

T = TypeVar("T")
PARTIAL_MUST_START_MS = 60.0
"""A partial that finds no free worker by then is dropped: the next one knows more."""


@dataclass(frozen=True)
class Guess:
    """The quick text: `text` in the domain's words, `raw` as the recognizer wrote it."""

    text: str
    raw: str
    confidence: float


@dataclass(frozen=True)
class Understood:
    """The best reading: `text` in the domain's words, and the `others` that it might have been."""

    recognition: Recognition
    text: str
    others: tuple[str, ...]


def understood(recognition: Recognition, domain: Domain) -> Understood:
    """What was recognized, in the domain's words. Takes up to a tenth of a second."""
    text = domain.understand(recognition).text
    # What a guard refused was not said, in none of its readings.
    said = recognition.alternatives if recognition.text else ()
    readings = (domain.repair(other.text).text for other in said)
    others = tuple(dict.fromkeys(reading for reading in readings if reading != text))
    return Understood(recognition, text, others)


class Utterance:
    """One stream, used by one worker at a time.

    What it says is brought to the domain's words by the same worker: repairing five hypotheses
    takes up to a tenth of a second, for which the loop would keep the audio of all calls waiting.
    """

    def __init__(
        self, stream: RecognitionStream, domain: Domain, scheduler: InferenceScheduler
    ) -> None:
        self._stream = stream
        self._domain = domain
        self._scheduler = scheduler
        self._computing = threading.Lock()
        self._over = asyncio.Event()

    @property
    def samples(self) -> int:
        """How many samples it holds."""
        return self._stream.samples

    @property
    def computing(self) -> bool:
        """Whether a worker is busy with it, be it for somebody who waits no more."""
        return self._computing.locked()

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        """Add what the caller said since."""
        self._stream.accept(pcm)

    async def quick(self, until: int) -> Guess:
        """The quick text of the first `until` samples."""
        return await self._run(Priority.FINAL_ASR, lambda: self._guess(until), "quick asr")

    async def final(self, until: int) -> Understood:
        """The best text of the first `until` samples."""
        return await self._run(Priority.FINAL_ASR, lambda: self._understood(until), "asr")

    async def refresh(self) -> None:
        """A partial of all so far: what it finds stable, later readings need not find again."""
        try:
            await self._run(
                Priority.PARTIAL, self._stream.partial, "partial asr", PARTIAL_MUST_START_MS
            )
        except DeadlinePassed:
            return  # the machine is busy with what callers wait for

    def _guess(self, until: int) -> Guess:
        partial = self._stream.partial(until)
        return Guess(self._domain.repair(partial.text).text, partial.text, partial.confidence)

    def _understood(self, until: int) -> Understood:
        return understood(self._stream.final(until), self._domain)

    async def _run(
        self,
        priority: Priority,
        compute: Callable[[], T],
        stage: str,
        deadline_ms: float | None = None,
    ) -> T:
        loop = asyncio.get_running_loop()

        def alone() -> T:
            try:
                with self._computing:
                    return compute()
            finally:
                with contextlib.suppress(RuntimeError):  # nobody waits where the loop is gone
                    loop.call_soon_threadsafe(self._over.set)

        # Who gives up waiting leaves the worker at work. The next reading waits for it here: in
        # the lock it would hold a second worker, of which other calls are in need.
        while self._computing.locked():
            self._over.clear()
            await self._over.wait()
        return await self._scheduler.run(priority, alone, stage=stage, deadline_ms=deadline_ms)


class Stretch:
    """The beginning of an utterance, up to a silence; each reading is computed once."""

    def __init__(self, utterance: Utterance, until: int, talk: Talk) -> None:
        self._utterance = utterance
        self._until = until
        self._talk = talk
        self._quick: asyncio.Task[Guess] | None = None
        self._final: asyncio.Task[Understood] | None = None

    async def quick(self) -> Guess:
        """Its text, soon."""
        if self._quick is None:
            self._quick = self._talk.spawn(self._utterance.quick(self._until))
        return await asyncio.shield(self._quick)

    async def final(self) -> Understood:
        """Its text, as well as the ears can."""
        if self._final is None:
            self._final = self._talk.spawn(self._utterance.final(self._until))
        return await asyncio.shield(self._final)

    def drop(self) -> None:
        """Nobody needs it any more."""
        for task in (self._quick, self._final):
            if task is not None:
                task.cancel()


class Hearing:
    """A call's ears: follows the caller frame by frame, from the loop of the call.

    Args:
        recognizer: one that streams, or else each reading is a whole decode.
        domain: what the recognizer's words mean here.
        scheduler: where readings are computed.
        prompt: domain context for the recognizer.
        partial_ms: a partial after so much speech; 0: none.
    """

    def __init__(
        self,
        recognizer: Recognizer | StreamingRecognizer,
        domain: Domain,
        scheduler: InferenceScheduler,
        prompt: str = "",
        partial_ms: int = 0,
    ) -> None:
        self._recognizer = recognizer
        self._domain = domain
        self._scheduler = scheduler
        self._prompt = prompt
        self._partial_ms = partial_ms if hasattr(recognizer, "stream") else 0
        self._running: Utterance | None = None
        self._since_partial_ms = 0
        self._paused = False

    @property
    def follows(self) -> bool:
        """Whether an utterance runs."""
        return self._running is not None

    def follow(
        self,
        frame: bytes,
        utterance: Callable[[], npt.NDArray[np.int16]],
        *,
        figures: bool = False,
    ) -> None:
        """The caller may be speaking; `utterance` is all so far, this frame included.

        `figures`: they are asked for a number, which counts where an utterance begins.
        """
        if self._running is None:
            self._running = self._begin(utterance(), figures)
        else:
            self._running.accept(np.frombuffer(frame, np.int16))

    def stretch(self, utterance: npt.NDArray[np.int16], talk: Talk) -> Stretch:
        """What to recognize in a silence: the samples of `utterance`, a beginning of all so far."""
        if self._running is None or self._running.samples < len(utterance):
            self._running = self._begin(utterance, talk.takes_figures)
        self._paused = True
        return Stretch(self._running, len(utterance), talk)

    def went_on(self) -> None:
        """The caller speaks again after the silence."""
        self._paused = False
        self._since_partial_ms = 0

    def end(self) -> None:
        """The caller's turn is over, or was none; its readings may still be under way."""
        self._running = None

    def refresh(self, talk: Talk) -> None:
        """Once a frame while the caller speaks: now and then a partial, never two at a time."""
        running = self._running
        if not self._partial_ms or running is None or self._paused:
            return
        self._since_partial_ms += FRAME_MS
        idle = not running.computing and not self._scheduler.queued
        if self._since_partial_ms >= self._partial_ms and idle:
            self._since_partial_ms = 0
            talk.spawn(running.refresh())

    def _begin(self, so_far: npt.NDArray[np.int16], figures: bool) -> Utterance:
        stream: RecognitionStream = (
            self._recognizer.stream(prompt=self._prompt, sample_rate=SAMPLE_RATE, figures=figures)
            if hasattr(self._recognizer, "stream")
            else WholeDecodes(self._recognizer, self._prompt, SAMPLE_RATE)
        )
        stream.accept(so_far)
        self._paused = False
        self._since_partial_ms = len(so_far) * 1000 // SAMPLE_RATE
        return Utterance(stream, self._domain, self._scheduler)
