"""Carrying a thought out, action by action; and what is left of it when the caller cuts in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from voicebot.dialog.events import (
    Action,
    BookCallBack,
    Handoff,
    HangUp,
    Say,
    SayKind,
    SendMessage,
)
from voicebot.dialog.unheard import as_heard
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Thought
from voicebot.session.dictating import rest_of
from voicebot.session.mouth import Mouth
from voicebot.session.speaking import Speaking
from voicebot.session.speculation import Speculations
from voicebot.session.talk import Talk
from voicebot.turns.budget import Budget

OnSound = Callable[[], None]


class Performing:
    """One call's thought that is being carried out, if there is one.

    Args:
        hand_off: rings the seats; returns when that has failed or the call is over.
        listen_on: nothing is owed to the caller now.
        book: promises the caller a call; whether that worked.
    """

    def __init__(
        self,
        talk: Talk,
        speculations: Speculations,
        mouth: Mouth,
        speaking: Speaking,
        hand_off: Callable[[Handoff], Awaitable[None]],
        listen_on: Callable[[], None],
        book: Callable[[BookCallBack], Awaitable[bool]],
    ) -> None:
        self._talk = talk
        self._speculations = speculations
        self._mouth = mouth
        self._speaking = speaking
        self._hand_off = hand_off
        self._listen_on = listen_on
        self._book = book
        self._thought: Thought | None = None
        self._left: tuple[Action, ...] = ()

    async def perform(self, thought: Thought, budget: Budget | None) -> None:
        """Carry a thought's actions out; it is committed with the first of them."""
        if any(isinstance(action, Handoff) for action in thought.actions):
            self._talk.interruptible = False  # the notice and the ringing belong together
        if not thought.actions:  # the caller is in the middle of something
            self._commit(thought)
            self._listen_on()
        self._thought = thought
        for number, action in enumerate(thought.actions):
            self._left = thought.actions[number:]
            if isinstance(action, BookCallBack) and not await self._book(action):
                self._commit(thought)
                await self.notice(self._speaking.fixed("call_back_failed", SayKind.NOTICE))
                break
            if isinstance(action, Say):
                since = budget if number == 0 else None
                await self._say(action, since, lambda: self._commit(thought), thought)
            else:
                self._commit(thought)
                await self._act(action)
        self._thought, self._left = None, ()

    async def notice(self, say: Say) -> None:
        """Say that a human comes."""
        await self._say(say, None, lambda: None)

    async def _say(
        self,
        say: Say,
        budget: Budget | None,
        on_first_sound: OnSound,
        thought: Thought | None = None,
    ) -> None:
        try:
            await self._speaking.say(say, budget, on_first_sound, thought)
        except Exception as error:
            if self._talk.interruptible:
                raise
            # Who waits for a human hears it ring, if not our word for it.
            self._talk.trouble(f"{type(error).__name__}: {error}", "the seats ring unannounced")

    def cut(self, unheard: str, *, question_heard: bool) -> None:
        """The caller has cut the thought; `unheard` is what they did not hear of its utterance.

        What was not heard has not happened: the state no longer holds it, and `talk.cut` is what
        is left to be done, should it turn out that nobody wished to interrupt.
        """
        talk, thought, left = self._talk, self._thought, self._left
        self._thought, self._left = None, ()
        if thought is None or not talk.committed or not left:
            return
        saying, rest = left[0], left[1:]
        if isinstance(saying, Say) and unheard:
            rest = (rest_of(saying, unheard), *rest)
        if not rest:
            return
        talk.cut = Thought(talk.state, rest)
        if isinstance(saying, Say) and saying.kind is SayKind.SUPERVISOR:
            return  # the dialog asked nothing in it, and what it had asked before stands
        says = tuple(action for action in left if isinstance(action, Say))
        heard = question_heard and not any(isinstance(action, Say) for action in left[1:])
        first = unheard if isinstance(saying, Say) else says[0].text if says else ""
        talk.state = as_heard(talk.state, question_heard=heard, cut=says, unheard=first)

    def _commit(self, thought: Thought) -> None:
        """The reply has begun: from here on it has happened."""
        talk = self._talk
        if talk.committed:
            return
        talk.committed = True
        talk.state = thought.state
        talk.cut = None
        self._speculations.begun()
        for result in thought.searches:
            talk.tell(report.searched(talk.now_ms(), result, thought.chosen_by))

    async def _act(self, action: Action) -> None:
        match action:
            case Handoff():
                await self._hand_off(action)
            case HangUp():
                await self._mouth.finished()
                self._talk.outcome = "bot_ended"
                await self._talk.call.hangup()
            case BookCallBack():
                pass  # done in `perform`: what follows depends on it
            case SendMessage():
                talk = self._talk
                talk.tell(
                    facts.MessageRequested(
                        talk.now_ms(), action.what, action.content, action.source
                    )
                )
            case _:
                raise TypeError(f"not an action a session can carry out: {action!r}")
