"""What a call's turns need of others: who brings a human, and what listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from telephony import Call
from voicebot.dialog.events import BookCallBack, Handoff, HandoffEnded
from voicebot.dialog.state import DialogState


class Desk(Protocol):
    """Brings a human to a call."""

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring the seats; returns when it failed or when the talk is over.

        The value is ``accepted`` or the typed outcome (`voicebot.handoff.Outcome`).
        """

    def key(self, digit: str) -> None:
        """The caller pressed a key while a human is called."""

    def ended(self, call: Call, outcome: str) -> HandoffEnded:
        """What the dialog is told of a hand-off that was no success: may it offer a call back?"""

    async def book(self, call: Call, booking: BookCallBack, now_ms: Callable[[], int]) -> bool:
        """Promise the caller a call; False where that cannot be kept."""


class Ears(Protocol):
    """What listens; it rests while a human has the call."""

    def listen(self) -> None:
        """Begin, from now."""

    async def rest(self) -> None:
        """Stop, and forget what was being said."""
