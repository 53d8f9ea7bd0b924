"""One call from ring to hang-up.

Three kinds of work share a call: *listening* (frames to turn events; here), a *speculation* (the
reply to what was said so far; speculation.py) and a *turn* (speaks, hangs up; replies.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from telephony import Call, HangupBy
from voicebot.dialog.dictation_view import DictationView
from voicebot.dialog.events import NoInput, Say, SayKind
from voicebot.pack import Prompts
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.announcement import Announcement, Received
from voicebot.session.asked import Expects, nothing_expected
from voicebot.session.control import CallControl
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.dictating import Dictating
from voicebot.session.echo_tap import EchoTap
from voicebot.session.floor import Floor
from voicebot.session.hearing import Hearing
from voicebot.session.holding import Holding
from voicebot.session.keypad import Keypad
from voicebot.session.mouth import Mouth
from voicebot.session.partners import Desk
from voicebot.session.replies import Replies
from voicebot.session.speaking import Speaking
from voicebot.session.speculation import Speculations
from voicebot.session.talk import Talk, cancel
from voicebot.session.thinker import Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.turns import events as turn
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.watchdog import DeadAirWatchdog

log = structlog.get_logger(__name__)

DESK_TIMEOUT_S = 5.0


class CallSession:
    """Runs one call. `run` returns when the call has ended; it never raises for the call's sake.

    `announce` is said before the greeting, and to its end; `stop_recording` does what the wish for
    no recording asks for, and `opt_out_digit` is a key that says so. `expects` tells what kind of
    answer an utterance asks for; `dictations` reads dictated numbers off the dialog's state;
    `control` is what people may do to the call.
    """

    def __init__(
        self,
        call: Call,
        *,
        taker: TurnTaker,
        hearing: Hearing,
        thinker: Thinker,
        conversation: Conversation,
        mouth: Mouth,
        desk: Desk,
        prompts: Prompts,
        pack_name: str,
        turns: TurnSettings,
        budget: BudgetSettings,
        observer: facts.Observer,
        announce: str = "",
        opt_out_digit: str = "",
        stop_recording: Callable[[], None] = lambda: None,
        dictations: DictationView | None = None,
        expects: Expects = nothing_expected,
        control: CallControl | None = None,
    ) -> None:
        self._call = call
        self._taker = taker
        self._hearing = hearing
        self._conversation = conversation
        self._mouth = mouth
        self._pack_name = pack_name
        self._duck_db = turns.duck_db
        self._opening = _opening(conversation, announce)
        self._talk = Talk(call, self._opening.state, observer)
        self._announcement = Announcement(announce)
        self._echo = EchoTap()
        self._watchdog = DeadAirWatchdog(turns.watchdog_ms)
        self._speculations = Speculations(
            self._talk, hearing, thinker, taker, mouth, budget.limit_ms, budget.patience_ms
        )
        self._dictating = Dictating(self._talk, taker, mouth, dictations)
        self._speaking = Speaking(
            self._talk, mouth, prompts, taker, self._watchdog, expects, self._said
        )
        self._replies = Replies(
            self._talk,
            self._speculations,
            taker,
            self._watchdog,
            conversation,
            mouth,
            self._speaking,
            desk,
            self,
            prompts.get("seat_failed"),
            stop_recording,
            turns.watchdog_ms,
        )
        self._keypad = Keypad(
            self._talk,
            conversation,
            self._speculations,
            self._replies,
            self._dictating,
            opt_out_digit,
            turns.watchdog_ms / 1000,
        )
        self._floor = Floor(self._talk, taker, mouth, self._replies, prompts)
        self._control = control
        self._holding = Holding(
            self._talk,
            self._speculations,
            self._replies,
            taker,
            mouth,
            self._echo,
            turns.max_hold_ms,
        )
        self._listening: asyncio.Task[None] | None = None
        self._sounding = False

    # --- life of the call -----------------------------------------------------------------
    async def run(self) -> None:
        """Answer, talk, end. The last event the observer hears is `CallEnded`.

        Raises LineError if the call cannot be answered (the caller gave up).
        """
        talk = self._talk
        self._call.attach(self._echo)
        await self._call.answer()
        talk.answered()
        talk.tell(report.answered(self._call, self._pack_name))
        talk.spawn(self._keypad.watch())
        if self._control is not None:
            self._control.open(self._floor)
        self.listen()
        self._replies.start(self._replies.perform(self._opening, None))
        try:
            ended = await self._call.wait_ended()
            if not talk.interruptible and (handing_off := self._replies.running):
                # The hand-off sees the same end, and is the one to say how it came out.
                await asyncio.wait({handing_off}, timeout=DESK_TIMEOUT_S)
        finally:
            if self._control is not None:
                await self._control.close()
            await talk.end_tasks()
            await self._mouth.close()
        if talk.outcome == "answered" and ended.by is HangupBy.REMOTE:
            talk.outcome = "caller_hung_up"
        if figures := report.line_quality(talk.now_ms(), self._call.quality):
            talk.tell(figures)
        talk.tell(facts.CallEnded(talk.now_ms(), ended.by, ended.reason, talk.outcome))

    def listen(self) -> None:
        """Listen from now on."""
        self._listening = self._talk.spawn(self._listen())

    async def rest(self) -> None:
        """Listen no more, and forget what was being said."""
        self._speculations.drop()
        self._mouth.unduck()
        if self._listening:
            await cancel(self._listening)
        self._taker.forget()
        self._hearing.end()

    async def _listen(self) -> None:
        """Feed the turn-taker, frame by frame; what fails here must not leave the bot deaf."""
        self._echo.restart()
        try:
            async for frame in self._call.frames():
                if self._holding.holds():
                    continue
                now = Received(frame, self._mouth.speaking, self._echo.level_db(frame))
                for received in self._announcement.due(now):
                    self._listen_to(received)
                if paused := self._dictating.due(busy=self._replies.running is not None):
                    self._replies.start(self._replies.reply_to(paused))
                self._floor.due()
                self._mind_dead_air()
        except Exception as error:
            log.exception("listening failed", call_id=self._call.info.call_id)
            what = f"{type(error).__name__}: {error}"
            self._replies.start(self._replies.give_up(what, "error"))

    def _listen_to(self, received: Received) -> None:
        self._taker.expect(self._dictating.expected or self._speaking.expected)
        speaking, echo_db = received.bot_speaking, received.echo_level_db
        events = self._taker.feed(received.frame, bot_speaking=speaking, echo_level_db=echo_db)
        self._hear(received.frame)
        for event in events:
            self._on_turn_event(event)
        if not self._taker.in_turn:
            self._hearing.end()

    def _said(self, say: Say) -> None:
        self._announcement.said(say)
        self._dictating.said(say)
        self._floor.said(say)

    def _hear(self, frame: bytes) -> None:
        """Let the recognizer follow the caller's turn; the frame that ends it belongs to it."""
        if self._taker.in_turn or self._hearing.follows:
            figures = self._talk.takes_figures
            self._hearing.follow(frame, self._taker.utterance, figures=figures)
            if self._talk.interruptible:
                self._hearing.refresh(self._talk)

    # --- turn events ----------------------------------------------------------------------
    def _on_turn_event(self, event: turn.TurnEvent) -> None:
        talk, replies = self._talk, self._replies
        if isinstance(event, turn.BargeInDismissed | turn.SpeechStarted):
            self._mouth.unduck()
        if not talk.interruptible:
            return
        match event:
            case turn.BargeInSuspected(onset_ms=onset_ms):
                self._dictating.caller_began(onset_ms)
                if talk.takes_figures:  # nobody makes listener's sounds while they dictate
                    replies.barge_in(onset_ms)
                else:
                    self._mouth.duck(self._duck_db)
            case turn.BargeInDismissed():
                talk.tell(facts.ListenerSignal(talk.now_ms(), self._speculations.heard))
                self._speculations.drop()
            case turn.SpeechStarted(speech_start_ms=onset_ms):
                self._dictating.caller_began(onset_ms)
                self._watchdog.caller_started()
                self._caller_goes_on()
            case turn.SpeculateNow(speech_end_ms=end_ms):
                self._speculations.begin(end_ms)
            case turn.SpeechResumed():
                self._hearing.went_on()
                self._speculations.drop()
            case turn.BargeIn(onset_ms=onset_ms):
                replies.barge_in(onset_ms)
                self._speculations.rethink()
            case turn.TurnEnded():
                self._dictating.disturbed(event.speech_end_ms)
                if talk.untold_from_ms is None:
                    talk.untold_from_ms = event.speech_start_ms
                speculation = self._speculations.turn_ended(event.speech_end_ms)
                replies.start(replies.answer(event, speculation), event.speech_end_ms)
                self._speculations.take(speculation)  # at once: the turn may be cut before it runs
            case turn.NoInputElapsed():
                if not replies.running:
                    replies.start(replies.reply_to(NoInput()))

    def _caller_goes_on(self) -> None:
        """The caller speaks while we are silent but at work: what they said is not all of it."""
        if self._replies.running and not self._mouth.speaking:
            self._replies.interrupt()

    def _mind_dead_air(self) -> None:
        """Whatever hangs: first something prepared is said, then a human is brought."""
        sounding, before = self._mouth.sounding, self._sounding
        self._sounding = sounding
        if sounding and not before:
            self._watchdog.bot_started()
        elif before and not sounding:  # ran dry, or over: then the turn itself says so
            self._watchdog.bot_stopped(self._taker.now_ms, answered=False)
        dead = self._watchdog.check(self._taker.now_ms)
        if dead is None or not self._talk.interruptible:
            return
        if dead.count == 1:
            self._speaking.interject_filler()
        else:
            what = f"no sound for {dead.silent_ms:.0f} ms"
            self._replies.start(self._replies.give_up(what, "stalled"))


def _opening(conversation: Conversation, announce: str) -> Thought:
    """What the bot says first."""
    opening = conversation.start()
    if not announce:
        return opening
    return replace(opening, actions=(Say(announce, SayKind.NOTICE), *opening.actions))
