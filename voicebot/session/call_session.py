"""One call from ring to hang-up.

Three kinds of work share a call: *listening* (frames to turn events, never waits for a model),
a *speculation* (the reply to what was said so far, without a sound) and a *turn* (speaks, hands
off, hangs up). The dialog state moves only with the first sound of a reply: whatever came before
it can be thrown away when the caller goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import structlog

from telephony import Call, HangupBy
from voicebot.dialog.events import (
    Action,
    Digit,
    Event,
    Handoff,
    HandoffEnded,
    HangUp,
    NoInput,
    Say,
    SayKind,
)
from voicebot.dialog.state import DialogState, Phase
from voicebot.pack import Prompts
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.echo_tap import EchoTap
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Considered, Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.turns import events as turn
from voicebot.turns.budget import Budget
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.watchdog import DeadAirWatchdog

log = structlog.get_logger(__name__)

DESK_TIMEOUT_S = 5.0
T = TypeVar("T")


class Desk(Protocol):
    """Brings a human to a call."""

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        """Ring the seats; returns when it failed or when the talk is over.

        The value is ``accepted`` or the typed outcome (`telephony.TransferOutcome`).
        """


@dataclass
class _Speculation:
    """A reply being worked out. `filled`: the caller has heard a filler while waiting for it."""

    task: asyncio.Task[Considered]
    budget: Budget
    filled: bool = False


class CallSession:
    """Runs one call. `run` returns when the call has ended; it never raises for the call's sake."""

    def __init__(
        self,
        call: Call,
        *,
        taker: TurnTaker,
        thinker: Thinker,
        conversation: Conversation,
        mouth: Mouth,
        desk: Desk,
        prompts: Prompts,
        pack_name: str,
        turns: TurnSettings,
        budget: BudgetSettings,
        observer: facts.Observer,
    ) -> None:
        self._call = call
        self._taker = taker
        self._thinker = thinker
        self._conversation = conversation
        self._mouth = mouth
        self._desk = desk
        self._prompts = prompts
        self._pack_name = pack_name
        self._turns = turns
        self._limit_ms = budget.limit_ms
        self._observer = observer
        self._echo = EchoTap()
        self._watchdog = DeadAirWatchdog(turns.watchdog_ms)
        self._opening = conversation.start()
        self._state = self._opening.state
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._turn: asyncio.Task[None] | None = None
        self._speculation: _Speculation | None = None  # while the caller may still go on
        self._taken: _Speculation | None = None  # the running turn's, until its first sound
        self._earlier: _Speculation | None = None  # cut short: its words belong to the next turn
        self._committed = True
        self._interruptible = True
        self._barged_in = False
        self._unheard = ""
        self._fillers = 0
        self._answered_s = 0.0
        self._outcome = "answered"

    # --- life of the call -----------------------------------------------------------------
    async def run(self) -> None:
        """Answer, talk, end. The last event the observer hears is `CallEnded`.

        Raises LineError if the call cannot be answered (the caller gave up).
        """
        self._call.attach(self._echo)
        await self._call.answer()
        self._answered_s = asyncio.get_running_loop().time()
        info = self._call.info
        self._tell(facts.CallAnswered(0, info.caller, info.callee, info.codec, self._pack_name))
        self._spawn(self._watch_digits())
        self._listening = self._spawn(self._listen())
        self._start_turn(self._perform(self._opening, None))
        try:
            ended = await self._call.wait_ended()
            if not self._interruptible and self._turn:
                # The hand-off sees the same end, and is the one to say how it came out.
                await asyncio.wait({self._turn}, timeout=DESK_TIMEOUT_S)
        finally:
            await self._cancel(*self._tasks)
        if self._outcome == "answered" and ended.by is HangupBy.REMOTE:
            self._outcome = "caller_hung_up"
        self._tell(facts.CallEnded(self._now_ms(), ended.by, ended.reason, self._outcome))

    async def _listen(self) -> None:
        """Feed the turn-taker, frame by frame; what fails here must not leave the bot deaf."""
        self._echo.restart()
        try:
            async for frame in self._call.frames():
                events = self._taker.feed(
                    frame,
                    bot_speaking=self._mouth.speaking,
                    echo_level_db=self._echo.level_db(frame),
                )
                for event in events:
                    self._on_turn_event(event)
                self._mind_dead_air()
        except Exception as error:
            log.exception("listening failed", call_id=self._call.info.call_id)
            self._start_turn(self._give_up(f"{type(error).__name__}: {error}", "error"))

    async def _watch_digits(self) -> None:
        async for digit in self._call.digits():
            self._tell(facts.DigitPressed(self._now_ms(), digit))
            if not self._interruptible:
                continue
            thought = await self._conversation.consider(self._state, Digit(digit))
            if thought.actions:
                self._drop_speculation()
                self._interrupt()
                self._start_turn(self._perform(thought, None))

    # --- turn events ----------------------------------------------------------------------
    def _on_turn_event(self, event: turn.TurnEvent) -> None:
        if not self._interruptible:
            return
        match event:
            case turn.SpeechStarted():
                self._watchdog.caller_started()
                self._caller_goes_on()
            case turn.SpeculateNow(speech_end_ms=end_ms):
                self._speculate(end_ms)
            case turn.SpeechResumed():
                self._drop_speculation()
            case turn.BargeIn(onset_ms=onset_ms):
                self._barged_in = True
                self._interrupt(self._taker.now_ms - onset_ms)
            case turn.TurnEnded():
                self._watchdog.caller_ended(event.speech_end_ms)
                speculation = self._speculation or self._speculate(event.speech_end_ms)
                self._speculation = None
                self._start_turn(self._take_turn(event, speculation))
            case turn.NoInputElapsed():
                if not self._turn_runs():
                    self._start_turn(self._reply_to(NoInput()))
            case _:
                pass  # ducking comes with a later version

    def _caller_goes_on(self) -> None:
        """The caller speaks while we are silent but at work: what they said is not all of it."""
        if self._turn_runs() and not self._mouth.speaking:
            self._interrupt()

    def _speculate(self, speech_end_ms: int) -> _Speculation:
        """Start working out the reply to what was said so far."""
        self._drop_speculation()
        clock = asyncio.get_running_loop().time
        behind_ms = self._taker.now_ms - speech_end_ms
        budget = Budget(clock() - behind_ms / 1000, self._limit_ms, clock)
        task = self._spawn(
            self._thinker.think(
                self._taker.utterance(),
                self._state,
                budget,
                earlier=self._earlier.task if self._earlier else None,
                barged_in=self._barged_in,
            )
        )
        self._speculation = _Speculation(task, budget)
        return self._speculation

    def _drop_speculation(self) -> None:
        if self._speculation:
            self._speculation.task.cancel()
            self._speculation = None

    def _interrupt(self, after_ms: int = 0) -> None:
        """Stop the bot's sound and the turn that makes it, `after_ms` into the interruption.

        A turn that has not made a sound yet is as if it had never been: its words are kept for
        the next one. A notice that is cut (hand-over, goodbye) has not come to pass.
        """
        speaking = self._mouth.speaking
        heard, unheard = self._mouth.stop()
        if self._turn_runs() and self._turn:
            self._turn.cancel()
            if not self._committed:
                self._earlier, self._taken = self._taken or self._earlier, None
        self._turn = None
        if self._state.phase is not Phase.TALKING:
            self._state = replace(self._state, phase=Phase.TALKING)
        if speaking:
            self._unheard = unheard
            self._tell(facts.BotInterrupted(self._now_ms(), heard, unheard, after_ms))

    def _mind_dead_air(self) -> None:
        """Whatever hangs: first something prepared is said, then a human is brought."""
        if not self._interruptible or self._mouth.speaking:
            return
        dead = self._watchdog.check(self._taker.now_ms)
        if dead is None:
            return
        if dead.count == 1:
            self._mouth.interject(self._next_filler())
        else:
            self._start_turn(self._give_up(f"no sound for {dead.silent_ms:.0f} ms", "stalled"))

    # --- turns ----------------------------------------------------------------------------
    def _turn_runs(self) -> bool:
        return self._turn is not None and not self._turn.done()

    def _start_turn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._turn_runs():
            self._interrupt()
        self._committed = False
        self._turn = self._spawn(self._guarded(work))
        self._turn.add_done_callback(lambda _: work.close())  # it may never have begun

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A turn that fails must not leave the caller in silence."""
        try:
            await work
            return
        except Exception as error:
            log.exception("turn failed", call_id=self._call.info.call_id)
            what = f"{type(error).__name__}: {error}"
        if self._interruptible:
            try:
                await self._give_up(what, "error")
                return
            except Exception:
                log.exception("hand-off failed", call_id=self._call.info.call_id)
        self._trouble(what, "the call is ended with an apology")
        self._outcome = "failed"
        await self._mouth.say(self._prompts.get("seat_failed"))
        await self._call.hangup()

    async def _give_up(self, what: str, reason: str) -> None:
        """Say so, and bring a human."""
        self._interruptible = False
        self._trouble(what, "handed to a human")
        await self._speak(Say(self._prompts.get("handoff"), SayKind.HANDOFF), None)
        await self._perform_handoff(Handoff(reason))

    async def _take_turn(self, ended: turn.TurnEnded, speculation: _Speculation) -> None:
        self._taken = speculation
        considered = await self._thought_in_time(speculation)
        barged_in, self._barged_in = self._barged_in, False
        if considered is None:
            await self._give_up("no reply within the watchdog's time", "stalled")
            return
        offset_ms = self._now_ms() - self._taker.now_ms
        self._tell(report.caller_spoke(self._now_ms(), considered, ended, offset_ms, barged_in))
        if considered.thought is None:
            await self._resume_after_noise(barged_in)
            return
        if considered.late and not speculation.filled:
            await self._say_filler(speculation.budget, "the answer is still being voiced")
        await self._perform(considered.thought, speculation.budget)

    async def _thought_in_time(self, speculation: _Speculation) -> Considered | None:
        """The reply, with a filler if it is late, or None when the watchdog's time is over."""
        task, budget = speculation.task, speculation.budget
        done, _ = await asyncio.wait({task}, timeout=max(budget.remaining(), 0) / 1000)
        if not done:
            speculation.filled = True
            await self._say_filler(budget, "nothing to say within the limit")
            left_s = (self._turns.watchdog_ms - budget.elapsed_ms()) / 1000
            done, _ = await asyncio.wait({task}, timeout=max(left_s, 0.5))
        if not done:
            task.cancel()
            return None
        return task.result()

    def _next_filler(self) -> str:
        """Another one each time."""
        self._fillers += 1
        return self._prompts.get("filler", self._fillers - 1)

    async def _say_filler(self, budget: Budget, why: str) -> None:
        budget.note("filler", budget.elapsed_ms(), why)
        await self._speak(Say(self._next_filler(), SayKind.FILLER), budget)

    async def _resume_after_noise(self, barged_in: bool) -> None:
        """Sound without words: if it stopped the bot, the bot says the rest."""
        self._taken = None
        self._committed = True
        self._watchdog.call_ended()  # nobody asked anything, so nothing is owed
        unheard, self._unheard = self._unheard, ""
        if barged_in and unheard:
            await self._mouth.say(unheard)

    async def _reply_to(self, event: Event) -> None:
        await self._perform(await self._conversation.consider(self._state, event), None)

    async def _perform(self, thought: Thought, budget: Budget | None) -> None:
        """Carry a thought's actions out; it is committed with the first of them."""
        if any(isinstance(action, Handoff) for action in thought.actions):
            self._interruptible = False  # the notice and the ringing belong together
        if not thought.actions:
            self._commit(thought)
        for number, action in enumerate(thought.actions):
            if isinstance(action, Say):
                first = number == 0
                await self._speak(action, budget if first else None, thought)
            else:
                self._commit(thought)
                await self._act(action)

    def _commit(self, thought: Thought) -> None:
        """The reply has begun: from here on it has happened."""
        if self._committed:
            return
        self._committed = True
        self._state = thought.state
        self._taken = self._earlier = None
        self._unheard = ""
        for result in thought.searches:
            self._tell(report.searched(self._now_ms(), result, thought.chosen_by))

    async def _act(self, action: Action) -> None:
        match action:
            case Handoff():
                await self._perform_handoff(action)
            case HangUp():
                await self._mouth.finished()
                self._outcome = "bot_ended"
                await self._call.hangup()
            case _:
                raise TypeError(f"not an action a session can carry out: {action!r}")

    async def _speak(self, say: Say, budget: Budget | None, thought: Thought | None = None) -> None:
        """Say it; with a `thought`, the first sound commits that."""

        def first_sound() -> None:
            if thought is not None:
                self._commit(thought)
            self._watchdog.bot_started()
            self._tell(report.bot_spoke(self._now_ms(), say, budget))

        await self._mouth.say(say.text, first_sound)
        answered = say.kind is not SayKind.FILLER
        self._watchdog.bot_stopped(self._taker.now_ms, answered=answered)

    # --- a human --------------------------------------------------------------------------
    async def _perform_handoff(self, handoff: Handoff) -> None:
        """Ring the seats; on success caller and seat talk until one hangs up."""
        self._interruptible = False
        self._committed = True
        self._watchdog.call_ended()
        self._drop_speculation()
        self._state = replace(self._state, phase=Phase.HANDING_OFF)
        if self._listening:
            await self._cancel(self._listening)
        outcome = await self._desk.bring_human(self._call, handoff, self._state, self._now_ms)
        if outcome == "accepted":
            self._outcome = "handed_off"
            await self._call.hangup()
            return
        if self._call.ended is not None:
            self._outcome = "caller_gone"
            return
        self._interruptible = True
        self._committed = False
        self._listening = self._spawn(self._listen())
        await self._reply_to(HandoffEnded(outcome))

    # --- small things ---------------------------------------------------------------------
    def _now_ms(self) -> int:
        return int((asyncio.get_running_loop().time() - self._answered_s) * 1000)

    def _tell(self, event: facts.SessionEvent) -> None:
        """Tell the observer; one that fails (a full disk, a closed terminal) harms no call."""
        try:
            self._observer(event)
        except Exception:
            log.exception("observer failed", call_id=self._call.info.call_id)

    def _trouble(self, what: str, consequence: str) -> None:
        self._tell(facts.Trouble(self._now_ms(), what, consequence))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that does not outlive the call."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @staticmethod
    async def _cancel(*tasks: asyncio.Task[Any]) -> None:
        """Cancel and wait; gather keeps their cancellation apart from our own."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
