"""Replies being worked out before they are owed; each can be thrown away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicebot.session.hearing import Hearing
from voicebot.session.mouth import Mouth
from voicebot.session.talk import Talk
from voicebot.session.thinker import Considered, Thinker
from voicebot.turns.budget import Budget
from voicebot.turns.turn_taker import TurnTaker


@dataclass
class Speculation:
    """A reply being worked out. `filled`: the caller has heard a filler while waiting for it."""

    task: asyncio.Task[Considered]
    budget: Budget
    filled: bool = False


class Speculations:
    """A call's replies in the making: at most three of them matter at any time.

    The one to what is being said, while the caller may still go on; the running turn's, until
    its first sound; and one that was cut short, whose words belong to the next turn.
    """

    def __init__(
        self,
        talk: Talk,
        hearing: Hearing,
        thinker: Thinker,
        taker: TurnTaker,
        mouth: Mouth,
        limit_ms: int,
    ) -> None:
        self._talk = talk
        self._hearing = hearing
        self._thinker = thinker
        self._taker = taker
        self._mouth = mouth
        self._limit_ms = limit_ms
        self._current: Speculation | None = None
        self._taken: Speculation | None = None
        self._earlier: Speculation | None = None

    def begin(self, speech_end_ms: int) -> Speculation:
        """Start working out the reply to what was said so far."""
        self.drop()
        clock = asyncio.get_running_loop().time
        behind_ms = self._taker.now_ms - speech_end_ms
        budget = Budget(clock() - behind_ms / 1000, self._limit_ms, clock)

        def on_text(text: str, confidence: float) -> None:
            self._taker.heard(
                text,
                speech_end_ms=speech_end_ms,
                confidence=confidence,
                bot_text=self._mouth.saying,
            )

        task = self._talk.spawn(
            self._thinker.think(
                self._hearing.stretch(self._taker.utterance()),
                self._talk.state,
                budget,
                on_text=on_text,
                earlier=self._earlier.task if self._earlier else None,
                barged_in=self._talk.barged_in or self._mouth.speaking,
            )
        )
        self._current = Speculation(task, budget)
        return self._current

    def drop(self) -> None:
        """The caller goes on: what was worked out is of no use."""
        if self._current:
            self._current.task.cancel()
            self._current = None

    def turn_ended(self, speech_end_ms: int) -> Speculation:
        """The turn is over: its reply is owed now."""
        speculation = self._current or self.begin(speech_end_ms)
        self._current = None
        return speculation

    def take(self, speculation: Speculation) -> None:
        """The running turn is about this one."""
        self._taken = speculation

    def cut_short(self) -> None:
        """The running turn ends without a sound: its words are kept for the next one."""
        self._earlier, self._taken = self._taken or self._earlier, None

    def begun(self) -> None:
        """The reply has begun: nothing of what came before is open."""
        self._taken = self._earlier = None

    def empty(self) -> None:
        """The turn held no words; those of one that was cut short stay open."""
        self._taken = None
