"""One call from ring to hang-up.

Three tasks share a call: *listening* (frames to turn events, never waits for a model), a
*speculation* (the reply to what was said so far, without a sound) and a *turn* (speaks, hands
off, hangs up). The dialog state moves only when a turn is committed, so that everything
before the first sound can be thrown away when the caller goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Protocol

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
from voicebot.dialog.state import DialogState
from voicebot.pack import Prompts
from voicebot.session import events as facts
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.echo_tap import EchoTap
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Considered, Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.turns import events as turn
from voicebot.turns.budget import Budget
from voicebot.turns.turn_taker import TurnTaker

log = structlog.get_logger(__name__)

# A caller who goes on within this time of their last words is in the same sentence.
CARRY_WITHIN_MS = 3000
DESK_TIMEOUT_S = 5.0


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
        self._budget_settings = budget
        self._observer = observer
        self._echo = EchoTap()
        self._opening = conversation.start()
        self._state = self._opening.state
        self._speculation: _Speculation | None = None
        self._turn: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._committed = True
        self._interruptible = True
        self._barged_in = False
        self._carried: tuple[str, int] = ("", 0)
        self._pending_text: tuple[str, int] = ("", 0)
        self._unheard = ""
        self._fillers = 0
        self._answered_s = 0.0
        self._last_sound_s: float | None = None
        self._outcome = "answered"

    # --- life of the call -----------------------------------------------------------------
    async def run(self) -> None:
        """Answer, talk, end. The last event the observer sees is `CallEnded`."""
        loop = asyncio.get_running_loop()
        self._call.attach(self._echo)
        await self._call.answer()
        self._answered_s = loop.time()
        info = self._call.info
        self._tell(facts.CallAnswered(0, info.caller, info.callee, info.codec, self._pack_name))
        digits = asyncio.create_task(self._watch_digits())
        self._listening = asyncio.create_task(self._listen())
        self._turn = asyncio.create_task(self._guarded(self._perform(self._opening, None)))
        try:
            ended = await self._call.wait_ended()
            if not self._interruptible and self._turn:
                # The hand-off sees the same end, and is the one to say how it came out.
                await asyncio.wait({self._turn}, timeout=DESK_TIMEOUT_S)
        finally:
            await self._cancel(digits, self._listening, self._turn)
            if self._speculation:
                await self._cancel(self._speculation.task)
        if self._outcome == "answered" and ended.by is HangupBy.REMOTE:
            self._outcome = "caller_hung_up"
        self._tell(facts.CallEnded(self._now_ms(), ended.by, ended.reason, self._outcome))

    async def _listen(self) -> None:
        async for frame in self._call.frames():
            events = self._taker.feed(
                frame,
                bot_speaking=self._mouth.speaking,
                echo_level_db=self._echo.level_db(frame),
            )
            for event in events:
                self._on_turn_event(event)

    async def _watch_digits(self) -> None:
        async for digit in self._call.digits():
            self._tell(facts.DigitPressed(self._now_ms(), digit))
            if self._interruptible:
                self._interrupt()
                self._start_turn(self._reply_to(Digit(digit)))

    # --- turn events ----------------------------------------------------------------------
    def _on_turn_event(self, event: turn.TurnEvent) -> None:
        match event:
            case turn.SpeechStarted():
                self._caller_goes_on()
            case turn.SpeculateNow(speech_end_ms=end_ms):
                self._speculate(end_ms)
            case turn.SpeechResumed():
                self._drop_speculation()
            case turn.BargeIn():
                if self._interruptible:
                    self._barged_in = True
                    self._interrupt()
            case turn.TurnEnded():
                if self._interruptible:
                    self._end_turn(event)
            case turn.NoInputElapsed():
                if self._interruptible and self._committed and not self._mouth.speaking:
                    self._start_turn(self._reply_to(NoInput()))
            case _:
                pass

    def _caller_goes_on(self) -> None:
        """The caller speaks again before we said anything: the old words belong to the new."""
        if self._turn and not self._turn.done() and not self._committed:
            self._turn.cancel()
            text, end_ms = self._pending_text
            if text:
                self._carried = (text, end_ms)
            self._committed = True

    def _speculate(self, speech_end_ms: int) -> _Speculation:
        """Start working out the reply to what was said so far."""
        self._drop_speculation()
        behind_ms = self._taker.now_ms - speech_end_ms
        now_s = asyncio.get_running_loop().time()
        self._last_sound_s = now_s - behind_ms / 1000
        budget = Budget(
            self._last_sound_s,
            self._budget_settings.limit_ms,
            asyncio.get_running_loop().time,
        )
        carried, carried_end_ms = self._carried
        if carried and self._taker.now_ms - carried_end_ms > CARRY_WITHIN_MS + 5000:
            carried = ""
        task = asyncio.create_task(
            self._thinker.think(
                self._taker.utterance(),
                self._state,
                budget,
                carried=carried,
                barged_in=self._barged_in,
            )
        )
        self._speculation = _Speculation(task, budget)
        return self._speculation

    def _drop_speculation(self) -> None:
        if self._speculation:
            self._speculation.task.cancel()
            self._speculation = None

    def _end_turn(self, ended: turn.TurnEnded) -> None:
        speculation = self._speculation or self._speculate(ended.speech_end_ms)
        self._speculation = None
        self._start_turn(self._take_turn(ended, speculation))

    def _interrupt(self) -> None:
        """Stop the bot's sound and the turn that makes it."""
        started_s = time.perf_counter()
        speaking = self._mouth.speaking
        heard, unheard = self._mouth.stop()
        if self._turn and not self._turn.done():
            self._turn.cancel()
        if speaking:
            stopped_ms = int((time.perf_counter() - started_s) * 1000)
            self._unheard = unheard
            self._tell(facts.BotInterrupted(self._now_ms(), heard, unheard, stopped_ms))

    # --- turns ----------------------------------------------------------------------------
    def _start_turn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._turn and not self._turn.done():
            self._turn.cancel()
        self._committed = False
        self._turn = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A turn that fails must not leave the caller in silence."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.exception("turn failed", call_id=self._call.info.call_id)
            self._trouble(f"{type(error).__name__}: {error}", "handed to a human")
            await self._perform_handoff(Handoff("error"))

    async def _take_turn(self, ended: turn.TurnEnded, speculation: _Speculation) -> None:
        considered = await self._thought_in_time(speculation)
        barged_in, self._barged_in = self._barged_in, False
        if considered is None:
            self._trouble("no reply within the watchdog's time", "offered a human")
            await self._perform_handoff(Handoff("stalled"))
            return
        recognition = considered.recognition
        offset_ms = self._now_ms() - self._taker.now_ms
        self._tell(
            facts.CallerSpoke(
                self._now_ms(),
                considered.text,
                recognition.confidence,
                ended.speech_start_ms + offset_ms,
                ended.speech_end_ms + offset_ms,
                barged_in,
                tuple(a.text for a in recognition.alternatives[1:]),
                recognition.rejected,
                recognition.text,
            )
        )
        if considered.thought is None:
            await self._resume_after_noise(barged_in)
            return
        self._carried = ("", 0)
        self._pending_text = (considered.text, ended.speech_end_ms)
        if considered.late and not speculation.filled:
            self._committed = True
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

    async def _say_filler(self, budget: Budget, why: str) -> None:
        """Something short and prepared, another one each time, so that nobody waits in silence."""
        budget.note("filler", budget.elapsed_ms(), why)
        filler = self._prompts.get("filler", self._fillers)
        self._fillers += 1
        await self._speak(Say(filler, SayKind.FILLER), budget)

    async def _resume_after_noise(self, barged_in: bool) -> None:
        """Sound without words: if it stopped the bot, the bot says the rest."""
        self._committed = True
        unheard, self._unheard = self._unheard, ""
        if barged_in and unheard:
            await self._mouth.say(unheard)

    async def _reply_to(self, event: Event) -> None:
        thought = await self._conversation.consider(self._state, event)
        self._last_sound_s = None
        await self._perform(thought, None)

    async def _perform(self, thought: Thought, budget: Budget | None) -> None:
        """Commit a thought and carry its actions out."""
        self._state = thought.state
        self._committed = True
        self._unheard = ""
        for result in thought.searches:
            self._tell(
                facts.Searched(
                    self._now_ms(),
                    result.query,
                    tuple(hit.id for hit in result.hits),
                    result.answerable,
                    result.scene.id if result.scene else "",
                    result.scene_probability,
                    result.elapsed_ms,
                    thought.chosen_by,
                )
            )
        first = True
        for action in thought.actions:
            await self._act(action, budget if first else None)
            first = False

    async def _act(self, action: Action, budget: Budget | None) -> None:
        match action:
            case Say():
                await self._speak(action, budget)
            case Handoff():
                await self._perform_handoff(action)
            case HangUp():
                await self._mouth.finished()
                self._outcome = "bot_ended"
                await self._call.hangup()
            case _:
                raise TypeError(f"not an action a session can carry out: {action!r}")

    async def _speak(self, say: Say, budget: Budget | None) -> None:
        def first_sound() -> None:
            self._tell(
                facts.BotSpoke(
                    self._now_ms(),
                    say.text,
                    say.kind,
                    say.confidence,
                    None if budget is None else int(budget.elapsed_ms()),
                    tuple(asdict(c) for c in say.citations),
                    say.scene,
                    say.slot,
                    say.branch,
                    () if budget is None else tuple(asdict(s) for s in budget.stages),
                )
            )

        await self._mouth.say(say.text, first_sound)

    # --- a human --------------------------------------------------------------------------
    async def _perform_handoff(self, handoff: Handoff) -> None:
        """Ring the seats; on success caller and seat talk until one hangs up."""
        self._interruptible = False
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
        self._listening = asyncio.create_task(self._listen())
        await self._reply_to(HandoffEnded(outcome))

    # --- small things ---------------------------------------------------------------------
    def _now_ms(self) -> int:
        return int((asyncio.get_running_loop().time() - self._answered_s) * 1000)

    def _tell(self, event: facts.SessionEvent) -> None:
        self._observer(event)

    def _trouble(self, what: str, consequence: str) -> None:
        self._tell(facts.Trouble(self._now_ms(), what, consequence))

    @staticmethod
    async def _cancel(*tasks: asyncio.Task[None] | asyncio.Task[Considered]) -> None:
        for task in tasks:
            task.cancel()
        # gather keeps their cancellation apart from our own
        await asyncio.gather(*tasks, return_exceptions=True)
