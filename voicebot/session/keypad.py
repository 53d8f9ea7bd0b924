"""The caller's keys: what each means in the talk, and the one that says "do not record"."""

from __future__ import annotations

import asyncio

import structlog

from voicebot.dialog.events import Digit
from voicebot.session import events as facts
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.dictating import Dictating
from voicebot.session.replies import Replies
from voicebot.session.speculation import Speculations
from voicebot.session.talk import Talk

log = structlog.get_logger(__name__)


class Keypad:
    """One call's keys.

    Args:
        opt_out_digit: the key that wishes no recording, but while a number is typed.
        watchdog_s: a key whose meaning takes longer brings a human.
    """

    def __init__(
        self,
        talk: Talk,
        conversation: Conversation,
        speculations: Speculations,
        replies: Replies,
        dictating: Dictating,
        opt_out_digit: str,
        watchdog_s: float,
    ) -> None:
        self._talk = talk
        self._conversation = conversation
        self._speculations = speculations
        self._replies = replies
        self._dictating = dictating
        self._opt_out_digit = opt_out_digit
        self._watchdog_s = watchdog_s

    async def watch(self) -> None:
        """Take each key as it comes, to the end of the call."""
        async for digit in self._talk.call.digits():
            self._talk.tell(facts.DigitPressed(self._talk.now_ms(), digit))
            opted_out = digit == self._opt_out_digit and not self._dictating.runs
            if opted_out:
                self._replies.stop_recording("digit")
            if not self._talk.interruptible:
                self._replies.key(digit)
                continue
            if opted_out:
                self._replies.start(self._replies.confirm_no_recording())
                continue
            self._dictating.key_pressed()
            await self._act_on(digit)

    async def _act_on(self, digit: str) -> None:
        """Do what a key means in the state that its interruption has left."""
        considered = self._talk.state
        thought = await self._meant_by(digit)
        if thought is None or not self._talk.interruptible:  # a human has been called since
            return
        if not (thought.actions or self._dictating.runs):
            return
        self._speculations.drop()
        self._replies.interrupt()
        if self._talk.state is not considered:  # a reply was cut: what was unheard was not said
            thought = await self._meant_by(digit)
            if thought is None or not self._talk.interruptible:
                return
        self._dictating.keyed(thought)
        self._replies.start(self._replies.perform(thought, None))

    async def _meant_by(self, digit: str) -> Thought | None:
        """What to do about a key; None where that hangs or fails, and a human is brought."""
        try:
            async with asyncio.timeout(self._watchdog_s):
                return await self._conversation.consider(self._talk.state, Digit(digit))
        except Exception as error:
            log.exception("a key could not be looked up", call_id=self._talk.call.info.call_id)
            what = f"a key: {type(error).__name__}: {error}"  # which one may be personal
        if self._talk.interruptible:
            self._replies.start(self._replies.give_up(what, "error"))
        return None
