"""Parts of a bot that the console steers, without a bot: they note what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from voicebot.assist.assistant import HeardTurn, Kind, Suggestion


@dataclass(frozen=True)
class FakeActed:
    """How an action ended."""

    ok: bool = True
    why: str = ""


@dataclass
class FakeCall:
    """A running call that people act on."""

    why: str = ""
    told: list[tuple[str, str, str]] = field(default_factory=list)
    listeners: int = 0

    async def _note(self, action: str, what: str, by: str) -> FakeActed:
        self.told.append((action, what, by))
        return FakeActed(not self.why, self.why)

    async def say(self, text: str, by: str) -> FakeActed:
        return await self._note("say", text, by)

    async def whisper(self, text: str, by: str) -> FakeActed:
        return await self._note("whisper", text, by)

    async def hand_over(self, seat: str | None, by: str) -> FakeActed:
        return await self._note("hand_over", seat or "", by)

    async def join(self, uri: str, by: str) -> FakeActed:
        return await self._note("join", uri, by)

    async def take_over(self, uri: str, by: str) -> FakeActed:
        return await self._note("take_over", uri, by)

    async def listen(self) -> AsyncIterator[bytes]:
        """Twelve seconds of frames, a hundred times as fast as real time."""
        self.listeners += 1
        try:
            for nth in range(600):
                yield bytes([nth % 256]) * 640
                await asyncio.sleep(0.0002)
        finally:
            self.listeners -= 1


class FakeControls(dict[str, FakeCall]):
    """Running calls by id."""


class FakeAdviser:
    """Suggests something whenever a caller says 黄灯."""

    def catch_up(self, turns: Iterable[HeardTurn]) -> tuple[Suggestion, ...]:
        return tuple(each for turn in turns for each in self.hear(turn))

    def hear(self, turn: HeardTurn) -> tuple[Suggestion, ...]:
        if turn.who != "caller" or "黄" not in turn.text:
            return ()
        text = "请问硬盘灯是常亮还是闪烁？"
        return (Suggestion(f"s{turn.index}", Kind.NEXT_CHECK, text, "场景：硬盘", turn.index),)
