"""Caller and human, from the human's answer to the end of the talk: whisper, bridge, third leg."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from telephony import Call, Endpoint, LineError
from telephony.bridge import Bridge, BridgeEnd
from telephony.tones import play_ringback
from voicebot.dialog.events import Say, SayKind
from voicebot.handoff.package import SummaryPackage
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.listening_on import BackgroundEars, ListeningOn
from voicebot.session.opt_out import take_wish
from voicebot.session.talk import cancel
from voicebot.session.whisper import (
    Aside,
    MakeMouth,
    WhisperingEndpoint,
    whisper_before,
    whisper_text,
)
from voicebot.settings import HandoffSettings

NOTICE_LIMIT_S = 15.0
log = structlog.get_logger(__name__)

NowMs = Callable[[], int]


@dataclass(frozen=True)
class Arrival:
    """A human who was rung by name and has answered: `take_over`'s supervisor."""

    name: str
    call: Call


class Meeting:
    """One call's. An observer of its session: a wish for no recording ends the listening on.

    Args:
        settings: whether there is a whisper, and whether the bot listens on.
        make_mouth: the bot's voice into a leg; None: it says nothing to anybody here.
        ears: what listens on; None: nothing does.
        tell: hears the turns.

    `stop_recording` is what a caller's wish for no recording does that was said to the seat.
    """

    def __init__(
        self,
        settings: HandoffSettings,
        make_mouth: MakeMouth | None = None,
        ears: BackgroundEars | None = None,
        tell: facts.Observer = lambda event: None,
    ) -> None:
        self._settings = settings
        self._make_mouth = make_mouth
        self._ears = ears if settings.listen_on else None
        self._tell = tell
        self.stop_recording: Callable[[], None] = lambda: None
        self._agreed = not settings.listen_on_notice
        self._not_recorded = False
        self._bridge: Bridge | None = None
        self._listening: ListeningOn | None = None
        self._third: Call | None = None
        self._whispering = asyncio.Lock()
        self._whispers: set[asyncio.Task[None]] = set()
        self.arrival: Arrival | None = None

    def __call__(self, event: facts.SessionEvent) -> None:
        """Take note of what concerns the talk."""
        if isinstance(event, facts.RecordingStopped):
            self._not_recorded = True

    # --- before they talk -----------------------------------------------------------------------
    async def announce(self, call: Call, now_ms: NowMs) -> None:
        """Say to the caller that they will be listened to, where that is so and was not said."""
        bot_stays = self._settings.mode == "bridge" or self.arrival is not None
        silent = self._ears is None or self._agreed or self._make_mouth is None
        if self._make_mouth is None or silent or not bot_stays:
            return
        say = Say(self._settings.listen_on_notice, SayKind.NOTICE)
        mouth = self._make_mouth(call)
        try:
            async with asyncio.timeout(NOTICE_LIMIT_S):
                await mouth.say(say.text, lambda: self._tell(report.bot_spoke(now_ms(), say, None)))
            self._agreed = call.ended is None
        except Exception as error:
            what = f"the notice of listening on was not said: {type(error).__name__}: {error}"
            self._tell(facts.Trouble(now_ms(), what, "the bot does not listen on"))
        finally:
            mouth.stop()
            await mouth.close()

    def ringing(self, endpoint: Endpoint, package: SummaryPackage) -> Endpoint:
        """What to ring the seats with, so that each hears the problem before it is joined."""
        text = whisper_text(package) if self._settings.whisper else ""
        if not text or self._make_mouth is None:
            return endpoint
        return WhisperingEndpoint(endpoint, text, self._make_mouth, self._settings.whisper_limit_s)

    async def welcome(self, call: Call, seat: Call, package: SummaryPackage, now_ms: NowMs) -> None:
        """Who takes the call over hears the problem while the caller hears the notice, and that it
        rings."""
        text = whisper_text(package) if self._settings.whisper else ""
        if not text or self._make_mouth is None:
            await self.announce(call, now_ms)
            return
        limit_s = self._settings.whisper_limit_s
        told = asyncio.create_task(whisper_before(seat, text, self._make_mouth, limit_s))
        waits = asyncio.create_task(self._keep_company(call, now_ms))
        try:
            await asyncio.wait({told, waits}, return_when=asyncio.FIRST_COMPLETED)
            await told
        finally:
            await cancel(told, waits)

    async def _keep_company(self, call: Call, now_ms: NowMs) -> None:
        await self.announce(call, now_ms)
        await play_ringback(call)

    # --- the talk -------------------------------------------------------------------------------
    @property
    def bridged(self) -> bool:
        """Whether caller and human hear each other now."""
        return self._bridge is not None and self._bridge.up("a")

    async def talk(self, call: Call, seat: Call, name: str, now_ms: NowMs) -> BridgeEnd:
        """Join them; returns when the caller has left, or nobody is left to talk with."""
        self.arrival = None
        listening = self._listener(name, now_ms)
        bridge = Bridge(call, seat, self._heard)
        self._bridge, self._listening = bridge, listening
        try:
            return await bridge.run()
        finally:
            self._bridge = self._listening = None
            await cancel(*self._whispers)
            if listening is not None:
                await listening.close()
            if self._third is not None:
                third, self._third = self._third, None
                await third.hangup()

    def join(self, third: Call, name: str) -> None:
        """A third leg, until it leaves or the talk ends. Raises LineError if it cannot be."""
        if self._bridge is None:
            raise LineError("join: caller and seat are not joined")
        self._bridge.join(third)
        self._third = third
        if self._listening is not None:
            self._listening.joined("c", name)

    async def whisper(self, text: str) -> bool:
        """Say `text` so that only the seat hears it; True with its first sound.

        False if the seat has left before. One whisper after the other.
        """
        begun = asyncio.get_running_loop().create_future()

        def over(task: asyncio.Task[None]) -> None:
            self._whispers.discard(task)
            if not begun.done():
                begun.set_result(False)

        task = asyncio.create_task(self._whisper(text, begun))
        self._whispers.add(task)
        task.add_done_callback(over)
        return bool(await begun)

    async def _whisper(self, text: str, begun: asyncio.Future[bool]) -> None:
        async with self._whispering:
            bridge = self._bridge
            if bridge is None or not bridge.up("b") or self._make_mouth is None:
                return
            overlay = bridge.beside("b")
            mouth = self._make_mouth(Aside(overlay, lambda: bridge.up("b")))

            def first_sound() -> None:
                if not begun.done():
                    begun.set_result(True)

            try:
                await mouth.say(text, first_sound)
            except Exception as error:
                log.warning("whisper_not_said", reason=f"{type(error).__name__}: {error}")
            finally:
                with contextlib.suppress(LineError):
                    bridge.remove("b", overlay)
                await mouth.close()

    # --- listening on ---------------------------------------------------------------------------
    def _listener(self, name: str, now_ms: NowMs) -> ListeningOn | None:
        if self._ears is None or not self._agreed or self._not_recorded:
            return None
        return ListeningOn(self._ears, {"b": name}, self._hear, now_ms)

    def _heard(self, leg: str, frame: bytes) -> None:
        if self._listening is not None and not self._not_recorded:
            self._listening.feed(leg, frame)

    def _hear(self, event: facts.SessionEvent) -> None:
        """A turn of the talk; the caller may say to the seat that they wish no recording."""
        if self._not_recorded:
            return
        self._tell(event)
        if isinstance(event, facts.CallerSpoke) and take_wish(event.text)[1]:
            self.stop_recording()
