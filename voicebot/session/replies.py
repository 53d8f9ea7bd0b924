"""A call's turns: speaking, handing over, hanging up; one at a time.

The dialog state moves only with the first sound of a reply: whatever came before it can be
thrown away when the caller goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from voicebot.dialog.events import (
    BookCallBack,
    Event,
    Handoff,
    SayKind,
)
from voicebot.dialog.state import Phase
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Conversation
from voicebot.session.mouth import Mouth
from voicebot.session.partners import Desk, Ears
from voicebot.session.performing import Performing
from voicebot.session.speaking import Speaking
from voicebot.session.speculation import Speculation, Speculations
from voicebot.session.talk import Talk
from voicebot.session.thinker import Considered
from voicebot.turns import events as turn
from voicebot.turns.budget import Budget
from voicebot.turns.endpoint import ExpectedAnswer
from voicebot.turns.listener_signal import classify_overlap
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.watchdog import DeadAirWatchdog

APOLOGY_TIMEOUT_S = 10.0
log = structlog.get_logger(__name__)


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
        self._performing = Performing(
            talk, speculations, mouth, speaking, self._hand_off, self._owe_nothing, self._book
        )
        self.perform = self._performing.perform
        self._turn: asyncio.Task[None] | None = None
        self._recording_stopped = False

    # --- the running turn -----------------------------------------------------------------
    @property
    def running(self) -> asyncio.Task[None] | None:
        """The turn that runs now."""
        return self._turn if self._turn is not None and not self._turn.done() else None

    def start(self, work: Coroutine[Any, Any, None], owed_since_ms: int | None = None) -> None:
        """Begin a turn; one that still runs is cut. The caller is owed a sound from then on."""
        if self.running:
            self.interrupt()
        self._watchdog.caller_ended(self._taker.now_ms if owed_since_ms is None else owed_since_ms)
        self._talk.committed = False
        self._turn = self._talk.spawn(self._guarded(work))
        self._turn.add_done_callback(lambda _: work.close())  # it may never have begun

    def barge_in(self, onset_ms: int) -> None:
        """The caller speaks over the bot since `onset_ms` (frame clock), and means it."""
        self._talk.barged_in = True
        self.interrupt(self._taker.now_ms - onset_ms)

    def interrupt(self, after_ms: int = 0) -> None:
        """Stop the bot's sound and the turn that makes it, `after_ms` into the interruption.

        A turn that has not made a sound yet is as if it had never been: its words are kept for
        the next one. A notice that is cut (hand-over, goodbye) has not come to pass.
        """
        talk = self._talk
        speaking, question_heard = self._mouth.speaking, self._mouth.ending
        heard, unheard = self._mouth.stop()
        if running := self.running:
            running.cancel()
            if not talk.committed:
                self._speculations.cut_short()
        self._turn = None
        self._performing.cut(unheard, question_heard=question_heard)
        if not question_heard:
            self._speaking.unheard()
        if talk.state.phase is not Phase.TALKING:
            talk.state = replace(talk.state, phase=Phase.TALKING)
        if speaking:
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
        considered = await self._thought_in_time(speculation)
        barged_in, talk.barged_in = talk.barged_in, False
        if considered is None:
            await self.give_up("no reply within the watchdog's time", "stalled")
            return
        # The words of a turn that was cut before it was told are in this one's.
        began_ms, talk.untold_from_ms = talk.untold_from_ms, None
        if began_ms is not None:
            ended = replace(ended, speech_start_ms=min(began_ms, ended.speech_start_ms))
        offset_ms = talk.now_ms() - self._taker.now_ms
        talk.tell(report.caller_spoke(talk.now_ms(), considered, ended, offset_ms, barged_in))
        if considered.not_recorded:
            self.stop_recording("speech")
            await self.confirm_no_recording(speculation.budget)
        cut = talk.cut if self._means_nothing(considered) else None
        if cut is not None:
            talk.tell(facts.BotResumed(talk.now_ms()))
            await self.perform(cut, None)
            return
        if considered.thought is None:
            self._owe_nothing()
            return
        if considered.late and not speculation.filled:
            await self._speaking.filler(speculation.budget, "the answer is still being voiced")
        budget = None if considered.not_recorded else speculation.budget
        await self.perform(considered.thought, budget)

    def _means_nothing(self, considered: Considered) -> bool:
        """Whether what stopped the bot was no interruption: no words, or a listener's."""
        overlap = classify_overlap(
            considered.text,
            asked_yes_no=self._speaking.expected is ExpectedAnswer.YES_NO,
            confidence=considered.recognition.confidence,
        )
        return considered.thought is None or not overlap.stops_the_bot

    async def welcome_back(self) -> None:
        """The caller is back from a hold: say what they missed, or what was asked, once more."""
        cut = self._talk.cut
        if cut is None:
            await self._speaking.welcome_back()
        else:
            await self.perform(self._speaking.led_back(cut), None)

    async def reply_to(self, event: Event) -> None:
        """Say and do what follows from something that needs no recognition."""
        await self.perform(await self._conversation.consider(self._talk.state, event), None)

    async def give_up(self, what: str, reason: str) -> None:
        """Say so, and bring a human."""
        self._talk.interruptible = False
        self._talk.trouble(what, "handed to a human")
        await self._performing.notice(self._speaking.fixed("handoff", SayKind.HANDOFF))
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
        await speculation.done_or_late()
        if not task.done():
            speculation.filled = True
            late = speculation.late.is_set()
            why = "a language model is asked" if late else "nothing to say within the limit"
            await self._speaking.filler(budget, why)
            left_s = (self._watchdog_ms - budget.elapsed_ms()) / 1000
            await asyncio.wait({task}, timeout=max(left_s, 0.5))
        if not task.done():
            task.cancel()
            return None
        return task.result()

    # --- handing over ----------------------------------------------------------------------
    def key(self, digit: str) -> None:
        """A key while a human is called."""
        self._desk.key(digit)

    def _owe_nothing(self) -> None:
        """Nobody asked anything, so nothing is open."""
        self._speculations.empty()
        self._talk.committed = True
        self._watchdog.call_ended()

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
        self._watchdog.caller_ended(self._taker.now_ms)
        self._ears.listen()
        await self.reply_to(self._desk.ended(talk.call, outcome))

    async def _book(self, booking: BookCallBack) -> bool:
        try:
            return await self._desk.book(self._talk.call, booking, self._talk.now_ms)
        except Exception as error:
            log.exception("no call back booked", call_id=self._talk.call.info.call_id)
            self._talk.trouble(f"{type(error).__name__}: {error}", "no call back is booked")
        return False
