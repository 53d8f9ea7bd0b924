"""Clauses being spoken by worker threads, and their sound as it reaches the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from voicebot.session.talk import cancel
from voicebot.speech.api import Clause
from voicebot.speech.chain import Spoken, Utterance
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

VOICE_STAGE = "voice"
FIRST_SOUND_STAGE = "first sound"
"""Of a clause; the whole of it is `VOICE_STAGE`, which holds a worker for so long."""
_KEPT = 4  # first clauses that were made and not said yet

Learn = Callable[[float], None]


def learn_nothing(first_sound_ms: float) -> None:
    """Nobody wants to know."""


class Rendering:
    """One clause on its way; begins at once. Used from the event loop that it was made in.

    `waiting` is the number of those who want it beside whoever says it (`being_said`). `learn` is
    told in a worker thread how many ms the first sound took.
    """

    def __init__(
        self,
        speaker: Speaker,
        scheduler: InferenceScheduler,
        clause: Clause,
        priority: Priority,
        utterance: Utterance,
        learn: Learn = learn_nothing,
    ) -> None:
        self.clause = clause
        self.utterance = utterance
        self.waiting = 0
        self.being_said = False
        self._speaker = speaker
        self._learn = learn
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._pieces: list[Spoken] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(scheduler.run(priority, self._speak, stage=VOICE_STAGE))
        self._task.add_done_callback(self._over)

    @property
    def done(self) -> bool:
        """Whether nothing more comes, be it for an error."""
        return self._task.done()

    @property
    def failed(self) -> bool:
        """Whether it came to no good end."""
        done = self._task.done()
        return done and (self._task.cancelled() or self._task.exception() is not None)

    @property
    def begun(self) -> bool:
        """Whether some of the sound is here."""
        return bool(self._pieces)

    @property
    def wanted(self) -> bool:
        """Whether anybody waits for it or says it."""
        return self.being_said or self.waiting > 0

    async def piece(self, number: int) -> Spoken | None:
        """The piece of this number, when it is there; None after the last one.

        Raises VoiceError, or what else went wrong, after the pieces that came before it.
        """
        while len(self._pieces) <= number:
            if self._task.done():
                if not self._task.cancelled():
                    self._task.result()
                return None
            self._news.clear()
            await self._news.wait()
        return self._pieces[number]

    def abandon(self) -> asyncio.Task[None]:
        """Nobody wants it: what waits for a worker is dropped, what runs is told to stop."""
        self._stop.set()
        self._task.cancel()
        return self._task

    def _speak(self) -> None:
        """In a worker thread."""
        started_s = time.monotonic()
        silent = True
        for spoken in self._speaker.stream(self.clause, stop=self._stop, utterance=self.utterance):
            if silent:
                self._learn((time.monotonic() - started_s) * 1000)
            silent = False
            with contextlib.suppress(RuntimeError):  # the loop is gone, and the call with it
                self._loop.call_soon_threadsafe(self._came, spoken)

    def _came(self, spoken: Spoken) -> None:
        self._pieces.append(spoken)
        self._news.set()

    def _over(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # seen: there may be nobody who waits for it
        self._news.set()


class Renderings:
    """One call's: a clause is made once, however many want it, and only while somebody may.

    Used from the event loop that it was made in.
    """

    def __init__(
        self, speaker: Speaker, scheduler: InferenceScheduler, learn: Learn = learn_nothing
    ) -> None:
        self._speaker = speaker
        self._scheduler = scheduler
        self._learn = learn
        self._all: list[Rendering] = []
        self._guess: Rendering | None = None

    def found(self, clause: Clause) -> Rendering | None:
        """The one of this clause that is under way or there."""
        for rendering in self._all:
            if rendering.clause.text == clause.text and not rendering.failed:
                return rendering
        return None

    def of(self, clause: Clause, priority: Priority, utterance: Utterance) -> Rendering:
        """That of a clause, begun if need be: a second would hold a worker for nothing.

        Not one in a voice that `utterance` has left.
        """
        found = self.found(clause)
        if found is not None and found.utterance.voice >= utterance.voice:
            return found
        idle = [each for each in self._all if each.done and not each.wanted]
        for old in idle[:-_KEPT]:
            self.forget(old)
        made = Rendering(self._speaker, self._scheduler, clause, priority, utterance, self._learn)
        self._all.append(made)
        return made

    def guess(self, clause: Clause) -> Rendering:
        """That of the first clause of what is likely to be said.

        What was guessed before is dropped if nobody has come for it: it would be made ahead of
        what is said.
        """
        made = self.of(clause, Priority.FIRST_CLAUSE, Utterance())
        if self._guess is not None and self._guess is not made:
            self._drop_unfinished(self._guess)
        self._guess = made
        return made

    @contextlib.contextmanager
    def waiting_for(self, rendering: Rendering) -> Iterator[None]:
        """Somebody waits for it, who wants it no more if that is cancelled."""
        rendering.waiting += 1
        try:
            yield
        except BaseException:
            rendering.waiting -= 1
            self._drop_unfinished(rendering)
            raise
        rendering.waiting -= 1

    def _drop_unfinished(self, rendering: Rendering) -> None:
        if not rendering.done:
            self.drop(rendering)

    def drop(self, rendering: Rendering) -> None:
        """It is not needed any more by who says so: nobody finds it, unless others want it."""
        if not rendering.wanted:
            rendering.abandon()
            self.forget(rendering)

    def forget(self, rendering: Rendering) -> None:
        """It was said."""
        with contextlib.suppress(ValueError):
            self._all.remove(rendering)

    async def close(self) -> None:
        """The call is over: what is still being made for it is not waited for."""
        await cancel(*(rendering.abandon() for rendering in self._all))
