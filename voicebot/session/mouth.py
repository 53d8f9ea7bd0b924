"""Speaking in a call: as the voice speaks, knowing at any time what the caller has heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from telephony import FRAME_MS, SAMPLE_RATE, Hangup
from telephony.gain import PAUSE_DB
from voicebot.errors import VoiceError
from voicebot.session.rendering import Learn, Rendering, Renderings, learn_nothing
from voicebot.session.said import Said
from voicebot.speech.api import Clause, Pcm
from voicebot.speech.chain import Spoken, Utterance
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

PATIENCE_S = 7.0


class Line(Protocol):
    """What a mouth speaks into: a `telephony.Call`, or less."""

    @property
    def ended(self) -> Hangup | None: ...

    @property
    def held(self) -> bool: ...

    @property
    def queued_ms(self) -> int: ...

    def play(self, pcm: bytes) -> None: ...

    def flush(self) -> int: ...

    def fade_out(self) -> None: ...

    def set_gain(self, gain_db: float) -> None: ...


class Mouth:
    """One call's voice. Used from the call's event loop only.

    A clause that makes no sound for `patience_s` is a VoiceError: nobody waits for ever. `learn` is
    told how long a clause took to its first sound.
    """

    def __init__(
        self,
        call: Line,
        speaker: Speaker,
        scheduler: InferenceScheduler,
        patience_s: float = PATIENCE_S,
        learn: Learn = learn_nothing,
    ) -> None:
        self._call = call
        self._speaker = speaker
        self._patience_s = patience_s
        self._said = Said()
        self._talking = False
        self._gain_db = 0.0
        self._renderings = Renderings(speaker, scheduler, learn)
        self._saying: Rendering | None = None

    # --- what is going on -----------------------------------------------------------------------
    @property
    def saying(self) -> str:
        """The utterance being spoken; empty while none is."""
        return self._said.text if self.speaking else ""

    @property
    def speaking(self) -> bool:
        """Whether an utterance of ours has begun and not ended, pauses inside it included."""
        return self._talking or self._call.queued_ms > 0

    @property
    def sounding(self) -> bool:
        """Whether audio of ours is leaving, pauses between clauses included."""
        return self._call.queued_ms > 0

    @property
    def ending(self) -> bool:
        """Whether the last clause of the utterance has begun; true where nothing is said."""
        return self._said.ending(self._call.queued_ms)

    def sounded(self, ago_ms: float = 0.0) -> tuple[str, ...] | None:
        """What of the last utterance had begun to sound `ago_ms` ago, clause by clause.

        None if it was stopped: `stop` told then what had been heard.
        """
        return self._said.sounded(self._call.queued_ms + ago_ms)

    # --- beforehand -----------------------------------------------------------------------------
    def ready(self, text: str) -> bool:
        """Whether the first clause of `text` could sound at once."""
        clauses = self._speaker.clauses(text)
        if not clauses or self._speaker.cached(clauses[0]) is not None:
            return True
        rendering = self._renderings.found(clauses[0])
        return rendering is not None and rendering.begun

    def begin(self, text: str) -> None:
        """Start rendering the first clause of `text`, should it be said.

        It replaces what was begun before and is neither said nor waited for.
        """
        clauses = self._speaker.clauses(text)
        if clauses and self._speaker.cached(clauses[0]) is None:
            self._renderings.guess(clauses[0])

    async def prefetch(self, text: str) -> None:
        """Have the beginning of `text` ready, without a sound; cancelled: nobody wants it."""
        clauses = self._speaker.clauses(text)
        if not clauses or self._speaker.cached(clauses[0]) is not None:
            return
        rendering = self._renderings.guess(clauses[0])
        with self._renderings.waiting_for(rendering):
            await rendering.piece(0)

    # --- speaking -------------------------------------------------------------------------------
    async def say(self, text: str, on_first_sound: Callable[[], None] | None = None) -> None:
        """Speak `text`; returns when its last sample has left.

        Sound is handed to the line as the voice makes it, and the next clause is begun as soon as
        the last one is made. `on_first_sound` is called as the first sample is handed over.
        """
        clauses = self._speaker.clauses(text)
        self._said.begin([clause.text for clause in clauses])
        utterance = Utterance()
        try:
            for number, clause in enumerate(clauses):
                begun = on_first_sound if number == 0 else None
                utterance = await self._say_clause(number, clause, utterance, begun)
            await self.finished()
        finally:
            self._talking = False

    async def _say_clause(
        self,
        number: int,
        clause: Clause,
        utterance: Utterance,
        on_first_sound: Callable[[], None] | None,
    ) -> Utterance:
        """Hand one clause to the line, and the pause after it; returns the voice it was in."""
        ready = self._speaker.cached(clause, utterance)
        if ready is not None:
            self._play(number, ready, clause.text)
            if on_first_sound:
                on_first_sound()
        else:
            priority = Priority.FIRST_CLAUSE if number == 0 else Priority.PARTIAL
            rendering = self._renderings.of(clause, priority, utterance)
            utterance = rendering.utterance
            self._claim(rendering)
            try:
                await self._play_as_made(number, rendering, on_first_sound)
            finally:  # one that hangs must not be found again, nor keep its worker
                self._let_go(rendering)
        self._call.play(silence(clause.pause_ms))
        self._said.pause(clause.pause_ms)
        return utterance

    async def _play_as_made(
        self, number: int, rendering: Rendering, on_first_sound: Callable[[], None] | None
    ) -> None:
        text = rendering.clause.text
        async with self._patience(len(text)):
            head = await self._head(rendering)
        for each in head:
            self._play(number, each.pcm, each.text)
        if on_first_sound:
            on_first_sound()
        played = len(head)
        while True:
            async with self._patience(len(text)):
                piece = await rendering.piece(played)
            if piece is None:
                return
            self._play(number, piece.pcm, piece.text)
            played += 1

    async def _head(self, rendering: Rendering) -> list[Spoken]:
        """As much of a clause as must be there so that the line does not run dry in it."""
        head: list[Spoken] = []
        made_ms = 0.0
        wait_s: float | None = None
        with contextlib.suppress(TimeoutError):  # the rest will come in time
            while True:
                async with asyncio.timeout(wait_s):
                    piece = await rendering.piece(len(head))
                if piece is None:
                    break
                head.append(piece)
                made_ms += duration_ms(piece.pcm)
                text, queued_ms = rendering.clause.text, self._call.queued_ms
                pace = self._speaker.pace
                wait_s = pace.wait_ms(piece.voice, text, made_ms, queued_ms) / 1000
                if not wait_s:
                    break
        return head

    def _play(self, number: int, pcm: Pcm, text: str) -> None:
        self._talking = True
        self._call.play(pcm.tobytes())
        self._said.sound(number, text, duration_ms(pcm))

    def interject(self, text: str) -> None:
        """Say `text` at once if all of it is prepared and nothing sounds."""
        clauses = self._speaker.clauses(text)
        voice = Utterance()
        found = (self._speaker.cached(each, voice) for each in clauses)
        prepared = [pcm for pcm in found if pcm is not None]
        if self.sounding or len(prepared) < len(clauses):
            return
        for clause, pcm in zip(clauses, prepared, strict=True):
            self._call.play(pcm.tobytes() + silence(clause.pause_ms))
            self._said.aside(duration_ms(pcm))
            self._said.pause(clause.pause_ms)

    async def finished(self) -> None:
        """Wait until everything queued has left."""
        # The line offers no event for "played out", and the wait is known to the frame.
        while (left_ms := self._call.queued_ms) > 0 and self._call.ended is None:  # noqa: ASYNC110
            await asyncio.sleep(max(left_ms, FRAME_MS) / 1000)

    # --- being spoken over ----------------------------------------------------------------------
    def duck(self, by_db: float) -> None:
        """Speak on, but so much softer."""
        self._gain_db = -by_db
        self._call.set_gain(self._gain_db)

    def unduck(self) -> None:
        """Back to full level."""
        self._gain_db = 0.0
        self._call.set_gain(0.0)

    def stop(self) -> tuple[str, str]:
        """Stop at once; returns (heard, unheard) text: to the word where the voice tells words,
        else to the clause.

        A clause that was cut counts as unheard: the caller cannot be held to half of it. What of
        it is still being made is stopped too, unless somebody else wants it.
        """
        self._talking = False
        heard = self._said.heard(self._fall_silent())
        self._said.forget()
        self.unduck()
        if self._saying is not None:
            self._let_go(self._saying)
        return heard

    def _fall_silent(self) -> float:
        """Without a click; returns how many ms of what was queued are never heard."""
        if self._gain_db <= PAUSE_DB or self._call.held:  # nothing sounds that could click
            return float(self._call.flush())
        queued_ms = self._call.queued_ms
        self._call.fade_out()
        return float(queued_ms - self._call.queued_ms)

    async def close(self) -> None:
        """The call is over: what is still being rendered for it is not waited for."""
        await self._renderings.close()

    # --- what is being made ---------------------------------------------------------------------
    @contextlib.asynccontextmanager
    async def _patience(self, characters: int) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience_s):
                yield
        except TimeoutError:  # not the text: what callers are told belongs into no log
            raise VoiceError(
                f"voice: no sound of a clause of {characters} characters within "
                f"{self._patience_s:g} s"
            ) from None

    def _claim(self, rendering: Rendering) -> None:
        self._saying = rendering
        rendering.being_said = True

    def _let_go(self, rendering: Rendering) -> None:
        """It is said no further."""
        if self._saying is rendering:
            self._saying = None
            rendering.being_said = False
            self._renderings.drop(rendering)


def duration_ms(pcm: Pcm) -> float:
    """How long that plays."""
    return len(pcm) * 1000 / SAMPLE_RATE


def silence(length_ms: float) -> bytes:
    """Digital silence of that length, 8 kHz s16le."""
    return bytes(2 * int(length_ms * SAMPLE_RATE / 1000))
