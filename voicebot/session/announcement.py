"""The announcement before the greeting is said to its end; speech over it is heard afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from telephony import FRAME_MS
from voicebot.dialog.events import Say

LIMIT_MS = 15_000
"""Whatever becomes of the announcement, nobody is left unheard for longer."""


@dataclass(frozen=True)
class Received:
    """A received frame, with whether the bot spoke then and how loud its echo may be in it."""

    frame: bytes
    bot_speaking: bool
    echo_level_db: float | None


class Announcement:
    """Keeps what is received while `text` is being said: it must not be stopped, nor words lost.

    An empty text announces nothing. Used from the call's loop, once a frame.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs = bool(text)
        self._kept: list[Received] = []

    def said(self, say: Say) -> None:
        """An utterance begins; any other than the announcement comes after it."""
        if say.text != self._text:
            self._runs = False

    def due(self, received: Received) -> list[Received]:
        """What to listen to now, oldest first: nothing, this frame, or all that was kept."""
        self._kept.append(received)
        if self._runs and len(self._kept) * FRAME_MS < LIMIT_MS:
            return []
        self._runs = False
        due, self._kept = self._kept, []
        return due
