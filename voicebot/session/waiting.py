"""What a caller hears until a human is there: how it stands, music, ringing; never silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from telephony import Call
from telephony.tones import play_music, play_ringback
from voicebot.dialog.events import Say, SayKind
from voicebot.errors import VoicebotError
from voicebot.handoff import Waits
from voicebot.handoff.estimate import spoken_wait
from voicebot.pack import Prompts
from voicebot.session import report
from voicebot.session.events import Observer
from voicebot.session.mouth import Mouth

Tone = Callable[[Call], Awaitable[None]]
log = structlog.get_logger(__name__)


class WaitingSound:
    """One caller's sound while seats are rung and waited for. Begins with the first order.

    Args:
        prompts: of the pack: ``queue_position``, ``queue_wait``, ``queue_key``.
        key: the key that asks for a call back; empty: none does.
        now_ms: the call's clock.
    """

    def __init__(
        self,
        call: Call,
        mouth: Mouth,
        prompts: Prompts,
        key: str,
        observer: Observer,
        now_ms: Callable[[], int],
    ) -> None:
        self._call = call
        self._mouth = mouth
        self._prompts = prompts
        self._key = key
        self._observer = observer
        self._now_ms = now_ms
        self._told = 0
        self._text = ""
        self._wanted: Tone = play_ringback
        self._playing: Tone | None = None
        self._tone: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    # --- orders -------------------------------------------------------------------------------
    def ring(self) -> None:
        """A seat's telephone rings, and so the caller hears; what is being said is said first."""
        self._wanted = play_ringback
        self._go()

    def wait(self, waits: Waits) -> None:
        """Say how it stands, then play music."""
        self._wanted = play_music
        self._text = self.words(waits)
        self._told += 1
        self._go()

    async def stop(self) -> None:
        """Silence, and nothing left behind. Idempotent."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None

    def words(self, waits: Waits) -> str:
        """The place in the queue; the wait, if it can honestly be told; every other time the key
        that asks for a call back."""
        position = self._prompts.get("queue_position", self._told)
        text = position.replace("{position}", str(waits.position))
        if waits.expected_wait_s is not None:
            wait = self._prompts.get("queue_wait", self._told)
            text += wait.replace("{wait}", spoken_wait(waits.expected_wait_s))
        if self._key and self._told % 2 == 0:
            text += self._prompts.get("queue_key", self._told // 2).replace("{key}", self._key)
        return text

    # --- sounds -------------------------------------------------------------------------------
    def _go(self) -> None:
        self._wake.set()
        if self._work is None:
            self._work = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._call.ended is None:
                self._wake.clear()
                text, self._text = self._text, ""
                if text:
                    await self._say(text)
                await self._play()
                await self._wake.wait()
        finally:
            self._mouth.stop()
            await self._stop_tone()

    async def _say(self, text: str) -> None:
        """The tone goes on until the voice is ready; a voice that fails leaves the tone."""
        try:
            if not self._mouth.ready(text):
                await self._play()
                await self._mouth.prefetch(text)
            await self._stop_tone()
            say = Say(text, SayKind.NOTICE)
            await self._mouth.say(
                text, lambda: self._observer(report.bot_spoke(self._now_ms(), say, None))
            )
        except VoicebotError as error:
            log.error("waiting_not_told", call_id=self._call.info.call_id, why=str(error))
        except Exception:
            log.exception("waiting_not_told", call_id=self._call.info.call_id)

    async def _play(self) -> None:
        if self._playing is not self._wanted:
            await self._stop_tone()
            self._playing = self._wanted
            self._tone = asyncio.ensure_future(self._wanted(self._call))

    async def _stop_tone(self) -> None:
        tone, self._tone, self._playing = self._tone, None, None
        if tone is not None:
            tone.cancel()
            await asyncio.gather(tone, return_exceptions=True)
