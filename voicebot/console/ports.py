"""What the console asks of the parts of the bot that it steers; who gives them is elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from voicebot.assist.assistant import HeardTurn, Suggestion


class Acted(Protocol):
    """How an action ended: `why` is a stable key, empty where it came true."""

    @property
    def ok(self) -> bool: ...
    @property
    def why(self) -> str: ...


class CallControl(Protocol):
    """A running call that people may act on (`voicebot.session.control.CallControl`)."""

    async def say(self, text: str, by: str) -> Acted: ...
    async def whisper(self, text: str, by: str) -> Acted: ...
    async def hand_over(self, seat: str | None, by: str) -> Acted: ...
    async def join(self, uri: str, by: str) -> Acted: ...
    async def take_over(self, uri: str, by: str) -> Acted: ...
    def listen(self) -> AsyncIterator[bytes]:
        """Stereo s16le frames of 20 ms at 8 kHz, caller left, bot or seat right."""


class Controls(Protocol):
    """The running calls by the ids under which they are kept."""

    def get(self, call_id: str, /) -> CallControl | None: ...


class Adviser(Protocol):
    """One call's assistant (`voicebot.assist.assistant.Assistant`)."""

    def catch_up(self, turns: Iterable[HeardTurn]) -> tuple[Suggestion, ...]: ...
    def hear(self, turn: HeardTurn) -> tuple[Suggestion, ...]: ...
