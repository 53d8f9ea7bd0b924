"""The caller puts the bot on hold and comes back."""

from __future__ import annotations

from voicebot.session import events as facts
from voicebot.session.echo_tap import EchoTap
from voicebot.session.mouth import Mouth
from voicebot.session.replies import Replies
from voicebot.session.speculation import Speculations
from voicebot.session.talk import Talk
from voicebot.turns.turn_taker import TurnTaker


class Holding:
    """One call's. `max_hold_ms`: who holds for longer is hung up."""

    def __init__(
        self,
        talk: Talk,
        speculations: Speculations,
        replies: Replies,
        taker: TurnTaker,
        mouth: Mouth,
        echo: EchoTap,
        max_hold_ms: int,
    ) -> None:
        self._talk = talk
        self._speculations = speculations
        self._replies = replies
        self._taker = taker
        self._mouth = mouth
        self._echo = echo
        self._max_hold_ms = max_hold_ms
        self._held_since_ms: int | None = None

    def holds(self) -> bool:
        """Once a frame: whether we are on hold. What comes then is no caller, but their music.

        The frame clock stands still meanwhile, so nobody is asked whether they are still there;
        a sentence that the hold cut in two is one. A hold in the hand-over notice counts as any
        other: nothing plays out into a hold, so the notice would never end.
        """
        now_ms = self._talk.now_ms()
        if not self._talk.call.held:
            if self._held_since_ms is not None:
                self._come_back(now_ms - self._held_since_ms)
                self._held_since_ms = None
            return False
        if self._held_since_ms is None:
            self._held_since_ms = now_ms
            self._fall_silent()
        elif now_ms - self._held_since_ms > self._max_hold_ms:
            self._talk.outcome = "held_too_long"
            self._talk.spawn(self._talk.call.hangup())
        return True

    def _fall_silent(self) -> None:
        """A reply in the making is kept and said when the caller hears us again."""
        self._talk.tell(facts.CallHeld(self._talk.now_ms()))
        if not self._talk.interruptible:
            return
        self._speculations.drop()
        if self._mouth.speaking:
            self._replies.interrupt()

    def _come_back(self, held_ms: int) -> None:
        self._echo.restart()
        self._talk.tell(facts.CallResumed(self._talk.now_ms(), held_ms))
        answering = self._replies.running or self._taker.in_turn
        if self._talk.interruptible and not answering:
            self._replies.start(self._replies.welcome_back())
