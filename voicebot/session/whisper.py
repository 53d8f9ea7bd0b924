"""What only the seat hears: the problem before it is joined, a supervisor's words afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import structlog

from telephony import Call, DialResult, Endpoint, Hangup, TransferOutcome
from telephony.mixing import Overlay
from voicebot.handoff.call_facts import PROBLEM
from voicebot.handoff.package import SummaryPackage
from voicebot.session.mouth import Line, Mouth

MOST_CHARS = 60
"""Of the problem: what a voice says within some ten seconds."""
HUNG_UP = "hung up before it was joined"
log = structlog.get_logger(__name__)

MakeMouth = Callable[[Line], Mouth]


def whisper_text(package: SummaryPackage) -> str:
    """The package's problem in one sentence; empty where it has none."""
    problem = next(iter(package.get(PROBLEM)), "")
    if not problem:
        return ""
    short = problem if len(problem) <= MOST_CHARS else problem[: MOST_CHARS - 1] + "…"
    return f"客户问题：{short}"


async def whisper_before(seat: Call, text: str, make_mouth: MakeMouth, limit_s: float) -> bool:
    """Tell a seat that has answered; returns when it was told, cut at `limit_s` or by a key that it
    presses, or has left.

    False if the seat is no longer there. What the voice fails at costs the whisper, not the seat.
    """
    saying = asyncio.create_task(make_mouth(seat).say(text))
    enough = asyncio.create_task(_key_or_end(seat))
    try:
        await asyncio.wait({saying, enough}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if saying.done() and (error := saying.exception()) is not None:
            log.warning("whisper_not_said", reason=f"{type(error).__name__}: {error}")
        if not saying.done():
            seat.fade_out()
    finally:
        for task in (saying, enough):
            task.cancel()
        await asyncio.gather(saying, enough, return_exceptions=True)
    return seat.ended is None


async def _key_or_end(seat: Call) -> None:
    async for _ in seat.digits():
        return
    await seat.wait_ended()


class WhisperingEndpoint:
    """An `Endpoint` whose seats are told `text` after they pick up, before `dial` gives them back.

    `dial` takes `limit_s` longer than the ringing that it is allowed. A seat that hangs up while
    it is told has declined.
    """

    def __init__(
        self, endpoint: Endpoint, text: str, make_mouth: MakeMouth, limit_s: float
    ) -> None:
        self._endpoint = endpoint
        self._text = text
        self._make_mouth = make_mouth
        self._limit_s = limit_s

    async def dial(
        self,
        uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        trunk: str = "",
    ) -> DialResult:
        """As the endpoint's."""
        result = await self._endpoint.dial(uri, headers=headers, timeout_s=timeout_s, trunk=trunk)
        if result.call is None:
            return result
        try:
            stays = await whisper_before(result.call, self._text, self._make_mouth, self._limit_s)
        except BaseException:  # nobody else knows of this leg
            await result.call.hangup()
            raise
        if stays:
            return result
        return replace(result, outcome=TransferOutcome.DECLINED, call=None, reason=HUNG_UP)

    # --- the rest is the endpoint's own ---------------------------------------------------------
    async def start(self) -> None:
        """As the endpoint's."""
        await self._endpoint.start()

    async def stop(self) -> None:
        """As the endpoint's."""
        await self._endpoint.stop()

    async def drain(self, timeout_s: float | None = None) -> bool:
        """As the endpoint's."""
        return await self._endpoint.drain(timeout_s)

    def incoming(self) -> AsyncIterator[Call]:
        """As the endpoint's."""
        return self._endpoint.incoming()


class Aside:
    """What a mouth speaks into, heard beside the talk by one leg: a `session.mouth.Line`."""

    def __init__(self, overlay: Overlay, up: Callable[[], bool]) -> None:
        self._overlay = overlay
        self._up = up

    @property
    def ended(self) -> Hangup | None:
        """Nobody waits for words that nobody hears: the mouth is told when the leg has left."""
        return None

    @property
    def held(self) -> bool:
        """It never is."""
        return False

    @property
    def queued_ms(self) -> int:
        """What waits to be heard; nothing once the leg has left."""
        return self._overlay.queued_ms if self._up() else 0

    def play(self, pcm: bytes) -> None:
        """Queue audio."""
        self._overlay.play(pcm)

    def flush(self) -> int:
        """Stop it."""
        return self._overlay.flush()

    def fade_out(self) -> None:
        """Stop it: in a mix a cut is masked."""
        self._overlay.flush()

    def set_gain(self, gain_db: float) -> None:
        """It is as loud as it is."""
