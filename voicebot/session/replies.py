"""A call's turns: speaking, handing over, hanging up; one at a time.

The dialog state moves only with the first sound of a reply: whatever came before it can be
thrown away when the caller goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

import structlog

from telephony import Call
from voicebot.dialog.events import (
    Action,
    Event,
    Handoff,
    HandoffEnded,
    HangUp,
    Say,
    SayKind,
)
from voicebot.dialog.state import DialogState, Phase
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.mouth import Mouth
from voicebot.session.speaking import Speaking
from voicebot.session.speculation import Speculation, Speculations
from voicebot.session.talk import Talk
from voicebot.session.thinker import Considered
from voicebot.turns import events as turn
from voicebot.turns.budget import Budget
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.watchdog import DeadAirWatchdog

APOLOGY_TIMEOUT_S = 10.0
log = structlog.get_logger(__name__)


class Desk(Protocol):
    """Brings a human to a call."""

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring the seats; returns when it failed or when the talk is over.

        The value is ``accepted`` or the typed outcome (`telephony.TransferOutcome`).
        """


class Ears(Protocol):
    """What listens; it rests while a human has the call."""

    def listen(self) -> None:
        """Begin, from now."""

    async def rest(self) -> None:
        """Stop, and forget what was being said."""


class Replies:
    """Runs the turns of one call.

    Args:
        talk: the call's state.
        speculations: where a turn's reply comes from.
        taker: its frame clock is the speculations'.
        watchdog: what is owed to the caller.
        apology: said before the call is ended because all else failed.
        stop_recording: what a caller's wish not to be recorded does.
        watchdog_ms: a reply that takes longer ends at a human.
    """

    def __init__(
        self,
        talk: Talk,
        speculations: Speculations,
        taker: TurnTaker,
        watchdog: DeadAirWatchdog,
        conversation: Conversation,
        mouth: Mouth,
        speaking: Speaking,
        desk: Desk,
        ears: Ears,
        apology: str,
        stop_recording: Callable[[], None],
        watchdog_ms: int,
    ) -> None:
        self._talk = talk
        self._speculations = speculations
        self._taker = taker
        self._watchdog = watchdog
        self._conversation = conversation
        self._mouth = mouth
        self._speaking = speaking
        self._desk = desk
        self._ears = ears
        self._apology = apology
        self._stop_recording = stop_recording
        self._watchdog_ms = watchdog_ms
        self._turn: asyncio.Task[None] | None = None
        self._recording_stopped = False

    # --- the running turn -----------------------------------------------------------------
    @property
    def running(self) -> asyncio.Task[None] | None:
        """The turn that runs now."""
        return self._turn if self._turn is not None and not self._turn.done() else None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a turn; one that still runs is cut."""
        if self.running:
            self.interrupt()
        self._talk.committed = False
        self._turn = self._talk.spawn(self._guarded(work))
        self._turn.add_done_callback(lambda _: work.close())  # it may never have begun

    def interrupt(self, after_ms: int = 0) -> None:
        """Stop the bot's sound and the turn that makes it, `after_ms` into the interruption.

        A turn that has not made a sound yet is as if it had never been: its words are kept for
        the next one. A notice that is cut (hand-over, goodbye) has not come to pass.
        """
        talk = self._talk
        speaking = self._mouth.speaking
        heard, unheard = self._mouth.stop()
        if running := self.running:
            running.cancel()
            if not talk.committed:
                self._speculations.cut_short()
        self._turn = None
        if talk.state.phase is not Phase.TALKING:
            talk.state = replace(talk.state, phase=Phase.TALKING)
        if speaking:
            talk.unheard = unheard
            talk.tell(facts.BotInterrupted(talk.now_ms(), heard, unheard, after_ms))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A turn that fails must not leave the caller in silence."""
        talk = self._talk
        try:
            await work
            return
        except Exception as error:
            log.exception("turn failed", call_id=talk.call.info.call_id)
            what = f"{type(error).__name__}: {error}"
        if talk.interruptible:
            try:
                await self.give_up(what, "error")
                return
            except Exception:
                log.exception("hand-off failed", call_id=talk.call.info.call_id)
        talk.trouble(what, "the call is ended with an apology")
        talk.outcome = "failed"
        try:
            async with asyncio.timeout(APOLOGY_TIMEOUT_S):
                await self._mouth.say(self._apology)
        except Exception:  # the voice may be what failed, and a held line never falls silent
            log.exception("apology failed", call_id=talk.call.info.call_id)
        finally:
            await talk.call.hangup()

    # --- what a turn may be ---------------------------------------------------------------
    async def answer(self, ended: turn.TurnEnded, speculation: Speculation) -> None:
        """Say and do what follows from the caller's turn."""
        talk = self._talk
        self._speculations.take(speculation)
        considered = await self._thought_in_time(speculation)
        barged_in, talk.barged_in = talk.barged_in, False
        if considered is None:
            await self.give_up("no reply within the watchdog's time", "stalled")
            return
        offset_ms = talk.now_ms() - self._taker.now_ms
        talk.tell(report.caller_spoke(talk.now_ms(), considered, ended, offset_ms, barged_in))
        if considered.not_recorded:
            self.stop_recording("speech")
            await self.confirm_no_recording(speculation.budget)
        if considered.thought is None:
            self._owe_nothing()
            unheard, talk.unheard = talk.unheard, ""
            if barged_in and unheard:  # sound without words: the bot says the rest
                await self._mouth.say(unheard)
            return
        if considered.late and not speculation.filled:
            await self._speaking.filler(speculation.budget, "the answer is still being voiced")
        budget = None if considered.not_recorded else speculation.budget
        await self.perform(considered.thought, budget)

    async def reply_to(self, event: Event) -> None:
        """Say and do what follows from something that needs no recognition."""
        await self.perform(await self._conversation.consider(self._talk.state, event), None)

    async def give_up(self, what: str, reason: str) -> None:
        """Say so, and bring a human."""
        self._talk.interruptible = False
        self._talk.trouble(what, "handed to a human")
        await self._speaking.prompt("handoff", SayKind.HANDOFF)
        await self._hand_off(Handoff(reason))

    def stop_recording(self, by: str) -> None:
        """Record no further. Idempotent: who says so twice is told twice, and stopped once."""
        if self._recording_stopped:
            return
        self._recording_stopped = True
        self._stop_recording()
        self._talk.tell(facts.RecordingStopped(self._talk.now_ms(), by))

    async def confirm_no_recording(self, budget: Budget | None = None) -> None:
        """Say that nothing is recorded any more."""
        await self._speaking.prompt("recording_stopped", SayKind.NOTICE, budget)

    async def _thought_in_time(self, speculation: Speculation) -> Considered | None:
        """The reply, with a filler if it is late, or None when the watchdog's time is over."""
        task, budget = speculation.task, speculation.budget
        done, _ = await asyncio.wait({task}, timeout=max(budget.remaining(), 0) / 1000)
        if not done:
            speculation.filled = True
            await self._speaking.filler(budget, "nothing to say within the limit")
            left_s = (self._watchdog_ms - budget.elapsed_ms()) / 1000
            done, _ = await asyncio.wait({task}, timeout=max(left_s, 0.5))
        if not done:
            task.cancel()
            return None
        return task.result()

    # --- carrying a thought out -----------------------------------------------------------
    async def perform(self, thought: Thought, budget: Budget | None) -> None:
        """Carry a thought's actions out; it is committed with the first of them."""
        if any(isinstance(action, Handoff) for action in thought.actions):
            self._talk.interruptible = False  # the notice and the ringing belong together
        if not thought.actions:  # the caller is in the middle of something
            self._commit(thought)
            self._owe_nothing()
        for number, action in enumerate(thought.actions):
            if isinstance(action, Say):
                since = budget if number == 0 else None
                await self._speaking.say(action, since, lambda: self._commit(thought))
            else:
                self._commit(thought)
                await self._act(action)

    def _commit(self, thought: Thought) -> None:
        """The reply has begun: from here on it has happened."""
        talk = self._talk
        if talk.committed:
            return
        talk.committed = True
        talk.state = thought.state
        talk.unheard = ""
        self._speculations.begun()
        for result in thought.searches:
            talk.tell(report.searched(talk.now_ms(), result, thought.chosen_by))

    def _owe_nothing(self) -> None:
        """Nobody asked anything, so nothing is open."""
        self._speculations.empty()
        self._talk.committed = True
        self._watchdog.call_ended()

    async def _act(self, action: Action) -> None:
        match action:
            case Handoff():
                await self._hand_off(action)
            case HangUp():
                await self._mouth.finished()
                self._talk.outcome = "bot_ended"
                await self._talk.call.hangup()
            case _:
                raise TypeError(f"not an action a session can carry out: {action!r}")

    async def _hand_off(self, handoff: Handoff) -> None:
        """Ring the seats; on success caller and seat talk until one hangs up."""
        talk = self._talk
        talk.interruptible = False
        talk.committed = True
        self._watchdog.call_ended()
        talk.state = replace(talk.state, phase=Phase.HANDING_OFF)
        await self._ears.rest()
        outcome = await self._desk.bring_human(talk.call, handoff, talk.state, talk.now_ms)
        if outcome == "accepted":
            talk.outcome = "handed_off"
            await talk.call.hangup()
            return
        if talk.call.ended is not None:
            if talk.outcome == "answered":  # else it was we who ended it, and said why
                talk.outcome = "caller_gone"
            return
        talk.interruptible = True
        talk.committed = False
        self._ears.listen()
        await self.reply_to(HandoffEnded(outcome))
