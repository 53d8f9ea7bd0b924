"""Saying an utterance in a call: not into a hold, never the same filler twice, and told of."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import replace

from telephony import FRAME_MS
from voicebot.dialog.events import Say, SayKind
from voicebot.pack import Prompts
from voicebot.session import report
from voicebot.session.asked import Expects, nothing_expected
from voicebot.session.conversation import Thought
from voicebot.session.mouth import Mouth
from voicebot.session.talk import Talk
from voicebot.turns.budget import Budget
from voicebot.turns.endpoint import ExpectedAnswer
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.watchdog import DeadAirWatchdog

# Said beside the talk: never what a caller who comes back wants to hear again.
_ASIDES = (SayKind.FILLER, SayKind.NOTICE, SayKind.HANDOFF)


class Speaking:
    """One call's utterances; `taker`'s frame clock is the watchdog's, `on_say` hears of each."""

    def __init__(
        self,
        talk: Talk,
        mouth: Mouth,
        prompts: Prompts,
        taker: TurnTaker,
        watchdog: DeadAirWatchdog,
        expects: Expects = nothing_expected,
        on_say: Callable[[Say], None] = lambda say: None,
    ) -> None:
        self._talk = talk
        self._mouth = mouth
        self._prompts = prompts
        self._taker = taker
        self._watchdog = watchdog
        self._expects = expects
        self._asked = ExpectedAnswer.OPEN
        self._on_say = on_say
        # Who rings often does not hear the same one first each time.
        self._fillers = zlib.crc32(talk.call.info.call_id.encode()) % 1000
        self._last_said = ""
        self._said_again = False

    @property
    def expected(self) -> ExpectedAnswer:
        """What kind of answer the caller may give now: open until a question's last clause."""
        return self._asked if self._mouth.ending else ExpectedAnswer.OPEN

    def unheard(self) -> None:
        """The utterance was cut before its question: nothing was asked."""
        self._asked = ExpectedAnswer.OPEN

    async def say(
        self,
        say: Say,
        budget: Budget | None = None,
        on_first_sound: Callable[[], None] = lambda: None,
        thought: Thought | None = None,
    ) -> None:
        """Say it; returns when it was heard. `budget` tells how long the caller has waited.

        `thought` is what it belongs to, if to any.
        """
        waited_for_caller = await self._off_hold()
        self._watchdog.promised(self._taker.now_ms)

        def first_sound() -> None:
            on_first_sound()
            self._asked = self._expects(say, self._talk.state)
            self._on_say(say)
            self._watchdog.bot_started()
            since = None if waited_for_caller else budget
            self._talk.tell(report.bot_spoke(self._talk.now_ms(), say, since, thought))
            if say.kind not in _ASIDES:
                self._last_said, self._said_again = say.text, False

        await self._mouth.say(say.text, first_sound)
        answered = say.kind is not SayKind.FILLER
        self._watchdog.bot_stopped(self._taker.now_ms, answered=answered)

    async def prompt(self, name: str, kind: SayKind, budget: Budget | None = None) -> None:
        """Say one of the pack's fixed utterances."""
        await self.say(self.fixed(name, kind), budget)

    def fixed(self, name: str, kind: SayKind) -> Say:
        """One of the pack's fixed utterances."""
        return Say(self._prompts.get(name), kind)

    async def filler(self, budget: Budget, why: str) -> None:
        """Something to bridge a wait; not for a caller who does not hear it, or is dictating."""
        if self._talk.call.held or self._talk.takes_figures:
            return
        budget.note("filler", budget.elapsed_ms(), why)
        await self.say(Say(self._next_filler(), SayKind.FILLER), budget)

    def interject_filler(self) -> None:
        """A filler at once, whatever the turn is at."""
        self._mouth.interject(self._next_filler())

    async def welcome_back(self) -> None:
        """The caller is back from a hold: say so, and what was asked once more."""
        again = ""
        if self._last_said.endswith(("？", "?")) and not self._said_again:
            again = self._last_said
            self._said_again = True
        await self.say(Say(self._prompts.get("back_from_hold") + again, SayKind.NOTICE))

    def led_back(self, cut: Thought) -> Thought:
        """What a hold cut off, to be said to a caller who is back from it."""
        back = self._prompts.get("back_from_hold")
        first, *rest = cut.actions
        if isinstance(first, Say):
            led = replace(first, text=back + first.text)
            return replace(cut, actions=(led, *rest))
        return replace(cut, actions=(Say(back, SayKind.NOTICE), *cut.actions))

    def _next_filler(self) -> str:
        """Another one each time."""
        self._fillers += 1
        return self._prompts.get("filler", self._fillers - 1)

    async def _off_hold(self) -> bool:
        """Wait until the caller hears us; whether that took any time."""
        call, waited = self._talk.call, False
        # The line tells of hold by a flag only.
        while call.held and call.ended is None:
            waited = True
            await asyncio.sleep(FRAME_MS / 1000)
        return waited
