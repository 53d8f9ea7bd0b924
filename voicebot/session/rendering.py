"""A clause being spoken by a worker thread, and its sound as it reaches the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from voicebot.speech.api import Clause
from voicebot.speech.chain import Spoken, Utterance
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

VOICE_STAGE = "voice"


class Rendering:
    """One clause on its way; begins at once. Used from the event loop that it was made in.

    `waiting` is the number of those who want it beside whoever says it.
    """

    def __init__(
        self,
        speaker: Speaker,
        scheduler: InferenceScheduler,
        clause: Clause,
        priority: Priority,
        utterance: Utterance,
    ) -> None:
        self.clause = clause
        self.utterance = utterance
        self.waiting = 0
        self._speaker = speaker
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
        for spoken in self._speaker.stream(self.clause, stop=self._stop, utterance=self.utterance):
            with contextlib.suppress(RuntimeError):  # the loop is gone, and the call with it
                self._loop.call_soon_threadsafe(self._came, spoken)

    def _came(self, spoken: Spoken) -> None:
        self._pieces.append(spoken)
        self._news.set()

    def _over(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # seen: there may be nobody who waits for it
        self._news.set()
