"""The bot's side of a supervisor's wishes: what is said when nobody speaks, and handing over."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from voicebot.dialog.events import Handoff, Say, SayKind
from voicebot.pack import Prompts
from voicebot.session.conversation import Thought
from voicebot.session.mouth import Mouth
from voicebot.session.replies import Replies
from voicebot.session.talk import Talk
from voicebot.turns.turn_taker import TurnTaker

MOST_WAITING = 5
CHANCE_S = 20.0
"""How long a sentence waits for a moment in which neither bot nor caller speaks."""


@dataclass(eq=False)
class _Asked:
    """A sentence that waits; `ready`: it could sound at once; `begun`: its first sound has left."""

    say: Say
    begun: asyncio.Future[None]
    ready: bool = False


class Floor:
    """One call's. Used from the call's event loop only."""

    def __init__(
        self, talk: Talk, taker: TurnTaker, mouth: Mouth, replies: Replies, prompts: Prompts
    ) -> None:
        self.talk = talk
        self._taker = taker
        self._mouth = mouth
        self._replies = replies
        self._prompts = prompts
        self._waiting: deque[_Asked] = deque()

    @property
    def full(self) -> bool:
        """Whether so many sentences wait that no more are taken."""
        return len(self._waiting) >= MOST_WAITING

    async def say(self, text: str, by: str) -> bool:
        """Say it in the next moment in which nobody speaks; True with its first sound.

        False where no such moment came within `CHANCE_S`, or the bot no longer has the call. Raises
        what the voice fails with, before anything was said.
        """
        asked = _Asked(
            Say(text, SayKind.SUPERVISOR, by=by), asyncio.get_running_loop().create_future()
        )
        self._waiting.append(asked)
        try:
            async with asyncio.timeout(CHANCE_S):
                # The caller is owed nothing here: a slow voice must not look like a hung turn.
                await self._mouth.prefetch(text)
                asked.ready = True
                await asked.begun
        except TimeoutError:
            return False
        finally:
            if asked in self._waiting:
                self._waiting.remove(asked)
        return True

    def due(self) -> None:
        """Once a frame: begin the sentence that waits longest, if nobody speaks or is owed a word.

        Not while the caller looks for the next figures of a number, nor while a human is called.
        """
        if not self._waiting or not self._waiting[0].ready:
            return
        if not self.talk.interruptible or self.talk.takes_figures:
            return
        if self._replies.running or self._mouth.speaking or self._taker.in_turn:
            return
        self._replies.start(self._say(self._waiting[0]))

    def said(self, say: Say) -> None:
        """An utterance of the bot's has begun to sound."""
        for asked in self._waiting:
            if asked.say is say and not asked.begun.done():
                asked.begun.set_result(None)

    def hand_over(self, handoff: Handoff, *, announced: bool = True) -> None:
        """Bring a human now, whatever the bot is at; `announced` says so to the caller first."""
        notice = Say(self._prompts.get("handoff"), SayKind.HANDOFF)
        actions = (notice, handoff) if announced else (handoff,)
        self._replies.start(self._replies.perform(Thought(self.talk.state, actions), None))
        self.talk.interruptible = False  # at once: the turn begins with the loop's next round

    def stop_recording(self) -> None:
        """The caller has said to a human that they wish no recording."""
        self._replies.stop_recording("speech")

    async def _say(self, asked: _Asked) -> None:
        """A caller who begins to speak before its first sound is answered first."""
        state = self.talk.state
        await self._replies.perform(Thought(state, (asked.say,)), None)
