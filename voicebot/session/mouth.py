"""Speaking in a call: clause by clause, knowing at any time what the caller has heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telephony import FRAME_MS, SAMPLE_RATE, Call
from voicebot.errors import VoiceError
from voicebot.session.talk import cancel
from voicebot.speech.api import Clause
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

Pcm = npt.NDArray[np.int16]
VOICE_STAGE = "voice"
PATIENCE_S = 7.0


@dataclass
class _Queued:
    """A clause handed to the line: its sound and the pause after it, in ms."""

    text: str
    sound_ms: float
    pause_ms: float


class Mouth:
    """One call's voice. Used from the call's event loop only.

    A clause that is not rendered within `patience_s` is a VoiceError: nobody waits for ever.
    """

    def __init__(
        self,
        call: Call,
        speaker: Speaker,
        scheduler: InferenceScheduler,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._call = call
        self._speaker = speaker
        self._scheduler = scheduler
        self._patience_s = patience_s
        self._queued: list[_Queued] = []
        self._waiting: list[Clause] = []
        self._talking = False
        self._rendering: dict[str, asyncio.Task[Pcm]] = {}

    @property
    def saying(self) -> str:
        """The utterance being spoken; empty while none is."""
        if not self.speaking:
            return ""
        heard = "".join(item.text for item in self._queued)
        return heard + "".join(clause.text for clause in self._waiting)

    @property
    def speaking(self) -> bool:
        """Whether an utterance of ours has begun and not ended, pauses inside it included."""
        return self._talking or self._call.queued_ms > 0

    @property
    def sounding(self) -> bool:
        """Whether audio of ours is leaving, pauses between clauses included."""
        return self._call.queued_ms > 0

    def ready(self, text: str) -> bool:
        """Whether the first clause of `text` could sound at once."""
        clauses = self._speaker.clauses(text)
        return not clauses or self._speaker.cached(clauses[0]) is not None

    def begin(self, text: str) -> None:
        """Start rendering the first clause of `text`, should it be said."""
        clauses = self._speaker.clauses(text)
        if clauses and self._speaker.cached(clauses[0]) is None:
            self._job(clauses[0], Priority.FIRST_CLAUSE)

    async def prefetch(self, text: str) -> None:
        """Have the first clause of `text` ready, without a sound."""
        clauses = self._speaker.clauses(text)
        if clauses:
            await self._pcm(clauses[0], Priority.FIRST_CLAUSE)

    async def say(self, text: str, on_first_sound: Callable[[], None] | None = None) -> None:
        """Speak `text`; returns when its last sample has left.

        The next clause is rendered while the last one plays. `on_first_sound` is called as
        the first sample is handed to the line.
        """
        clauses = self._speaker.clauses(text)
        self._queued.clear()
        self._waiting = list(clauses)
        try:
            for number, clause in enumerate(clauses):
                priority = Priority.FIRST_CLAUSE if number == 0 else Priority.PARTIAL
                pcm = await self._in_time(clause, priority)
                self._talking = True
                self._call.play(pcm.tobytes() + silence(clause.pause_ms))
                self._waiting.pop(0)
                sound_ms = len(pcm) * 1000 / SAMPLE_RATE
                self._queued.append(_Queued(clause.text, sound_ms, clause.pause_ms))
                if number == 0 and on_first_sound:
                    on_first_sound()
            await self.finished()
        finally:
            self._talking = False

    def interject(self, text: str) -> None:
        """Say `text` at once if it is prepared and nothing sounds."""
        clauses = self._speaker.clauses(text)
        prepared = [self._speaker.cached(clause) for clause in clauses]
        if self.sounding:
            return
        for clause, pcm in zip(clauses, prepared, strict=True):
            if pcm is None:
                return
            self._call.play(pcm.tobytes() + silence(clause.pause_ms))
            if self._queued:  # or `stop` would take it for the end of the last utterance
                sound_ms = len(pcm) * 1000 / SAMPLE_RATE
                self._queued.append(_Queued("", sound_ms, clause.pause_ms))

    async def finished(self) -> None:
        """Wait until everything queued has left."""
        # The line offers no event for "played out", and the wait is known to the frame.
        while (left_ms := self._call.queued_ms) > 0 and self._call.ended is None:  # noqa: ASYNC110
            await asyncio.sleep(max(left_ms, FRAME_MS) / 1000)

    def sounded(self, ago_ms: float = 0.0) -> tuple[str, ...] | None:
        """The clauses of the last utterance that had begun to sound `ago_ms` ago.

        None if it was stopped: `stop` told then what had been heard.
        """
        if not self._queued:
            return None
        all_ms = sum(item.sound_ms + item.pause_ms for item in self._queued)
        played_ms = all_ms - self._call.queued_ms - ago_ms
        begun, start_ms = [], 0.0
        for item in self._queued:
            if start_ms <= played_ms:
                begun.append(item.text)
            start_ms += item.sound_ms + item.pause_ms
        return tuple(begun)

    @property
    def ending(self) -> bool:
        """Whether the last clause of the utterance has begun; true where nothing is said."""
        if self._waiting:
            return False
        last = self._queued[-1] if self._queued else None
        return last is None or self._call.queued_ms <= last.sound_ms + last.pause_ms

    def duck(self, by_db: float) -> None:
        """Speak on, but so much softer."""
        self._call.set_gain(-by_db)

    def unduck(self) -> None:
        """Back to full level."""
        self._call.set_gain(0.0)

    def stop(self) -> tuple[str, str]:
        """Stop at once; returns (heard, unheard) text, to the clause.

        A clause that was cut counts as unheard: the caller cannot be held to half of it.
        """
        self._talking = False
        left_ms = float(self._call.flush())
        self.unduck()
        unheard: list[str] = []
        while self._queued and left_ms > self._queued[-1].pause_ms:
            last = self._queued.pop()
            unheard.insert(0, last.text)
            left_ms -= last.sound_ms + last.pause_ms
        heard = "".join(item.text for item in self._queued)
        unheard += [clause.text for clause in self._waiting]
        self._queued.clear()
        self._waiting = []
        return heard, "".join(unheard)

    async def close(self) -> None:
        """The call is over: what is still being rendered for it is not waited for."""
        await cancel(*self._rendering.values())

    async def _in_time(self, clause: Clause, priority: Priority) -> Pcm:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._pcm(clause, priority)
        except TimeoutError:
            raise VoiceError(
                f"voice: no sound of {clause.text[:20]!r} within {self._patience_s:g} s"
            ) from None

    async def _pcm(self, clause: Clause, priority: Priority) -> Pcm:
        ready = self._speaker.cached(clause)
        if ready is not None:
            return ready
        # Shielded, so that whoever stops waiting does not throw the work away.
        return await asyncio.shield(self._job(clause, priority))

    def _job(self, clause: Clause, priority: Priority) -> asyncio.Task[Pcm]:
        """The rendering of a clause: one, however many wait for it; a second would hold a worker
        for nothing."""
        job = self._rendering.get(clause.text)
        if job is None:
            job = asyncio.create_task(
                self._scheduler.run(priority, self._speaker.render, clause, stage=VOICE_STAGE)
            )
            self._rendering[clause.text] = job
            job.add_done_callback(lambda done: self._rendered(clause.text, done))
        return job

    def _rendered(self, text: str, job: asyncio.Task[Pcm]) -> None:
        self._rendering.pop(text, None)
        if not job.cancelled():
            job.exception()  # seen: there may be nobody who waits for it


def silence(duration_ms: float) -> bytes:
    """Digital silence of that length, 8 kHz s16le."""
    return bytes(2 * int(duration_ms * SAMPLE_RATE / 1000))
