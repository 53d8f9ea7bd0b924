"""Replies being worked out before they are owed; each can be thrown away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from voicebot.dialog.state import DialogState
from voicebot.session.hearing import Hearing, Stretch
from voicebot.session.mouth import Mouth
from voicebot.session.talk import Talk, cancel
from voicebot.session.thinker import Considered, Thinker
from voicebot.turns.budget import Budget
from voicebot.turns.turn_taker import TurnTaker


@dataclass
class Speculation:
    """A reply being worked out to `stretch`, which ends at `speech_end_ms`, in `state`.

    `filled`: the caller has heard a filler while waiting for it. `heard`: the text so far.
    `late`: it is known that it will not be there within the limit.
    """

    task: asyncio.Task[Considered]
    budget: Budget
    stretch: Stretch
    speech_end_ms: int
    state: DialogState
    filled: bool = False
    heard: str = ""
    late: asyncio.Event = field(default_factory=asyncio.Event)

    async def done_or_late(self) -> None:
        """Until it is done, is known to be late, or the limit has come."""
        known_late = asyncio.create_task(self.late.wait())
        try:
            await asyncio.wait(
                {self.task, known_late},
                timeout=max(self.budget.remaining(), 0) / 1000,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            await cancel(known_late)


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
        patience_ms: int = 0,
    ) -> None:
        self._talk = talk
        self._hearing = hearing
        self._thinker = thinker
        self._taker = taker
        self._mouth = mouth
        self._limit_ms = limit_ms
        self._patience_ms = patience_ms
        self._current: Speculation | None = None
        self._taken: Speculation | None = None
        self._earlier: Speculation | None = None

    @property
    def heard(self) -> str:
        """What is known of the text of what the caller says now; empty while nothing is."""
        return self._current.heard if self._current else ""

    def begin(self, speech_end_ms: int) -> Speculation:
        """Start working out the reply to what was said so far."""
        self.drop()
        clock = asyncio.get_running_loop().time
        behind_ms = self._taker.now_ms - speech_end_ms
        started_s = clock() - behind_ms / 1000
        budget = Budget(started_s, self._limit_ms, clock, patience_ms=self._patience_ms)
        stretch = self._hearing.stretch(self._taker.utterance(), self._talk)
        self._current = self._think(stretch, speech_end_ms, budget)
        return self._current

    def rethink(self) -> None:
        """The talk stands elsewhere than it did: what was heard stays heard."""
        old = self._current
        if old is not None and old.state != self._talk.state:
            old.task.cancel()
            self._current = self._think(old.stretch, old.speech_end_ms, old.budget)

    def drop(self) -> None:
        """The caller goes on: what was worked out is of no use."""
        if self._current:
            self._current.task.cancel()
            self._current.stretch.drop()
            self._current = None

    def _think(self, stretch: Stretch, speech_end_ms: int, budget: Budget) -> Speculation:
        def on_text(text: str, confidence: float) -> None:
            speculation.heard = text
            self._taker.heard(
                text,
                speech_end_ms=speech_end_ms,
                confidence=confidence,
                bot_text=self._mouth.saying,
            )

        state = self._talk.state
        thought = self._thinker.think(
            stretch,
            state,
            budget,
            on_text=on_text,
            earlier=self._earlier.task if self._earlier else None,
            barged_in=self._talk.barged_in or self._mouth.speaking,
        )
        late = asyncio.Event()
        budget.on_late = late.set
        speculation = Speculation(
            self._talk.spawn(thought), budget, stretch, speech_end_ms, state, late=late
        )
        return speculation

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
