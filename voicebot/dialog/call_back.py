"""A call back instead of a human now: whether, when, and on which number. Pure.

The number is the calling one, or one that is dictated and read back like every other; who cannot
get it across is called back on the calling one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from voicebot.dialog.call_back_wish import CallBackWish
from voicebot.dialog.dictated import dictated_groups
from voicebot.dialog.events import BookCallBack, HandoffEnded, SayKind
from voicebot.dialog.intents import Intent, agrees, is_question
from voicebot.dialog.phonetic import units
from voicebot.dialog.scene_turns import SceneTurns
from voicebot.dialog.state import Awaiting
from voicebot.dialog.turn import Turn
from voicebot.dialog.yesno import Polarity, polarity
from voicebot.scenes.call_back import NUMBER, SCENE

ASKS_AT_MOST = 2
"""A question about the call back that gave nothing is asked so often; then the best guess is."""
SOON = "尽快"
_ASKS_WHEN = re.compile(r"什么时候(?!都|方便)|几点")
_CALLS_OFF = re.compile(r"算了|不用了|不要了|不留了|不打了|不登记|不预约|不回电")
_SHORT_UNITS = 8  # a yes or no in more words than this says something else as well
_FEWEST_DIGITS = 5  # so many figures are the beginning of a telephone number


@dataclass(frozen=True)
class CallBackTime:
    """When to call: as it is said, and from when to when. `moved`: not as the caller wished."""

    said: str
    due_from: datetime
    due_to: datetime
    moved: bool = False


WishedTime = Callable[[str, datetime], CallBackTime | None]
"""What a text says of when to call back, given the time; None if nothing."""


class CallBacks:
    """Arranges call backs. `times` reads when; None takes every wish for as soon as possible."""

    def __init__(self, scenes: SceneTurns, times: WishedTime | None) -> None:
        self._scenes = scenes
        self._times = times
        scenes.take_number(self.number_given, self.number_given_up)

    # --- what comes in ----------------------------------------------------------------------
    def offer(self, turn: Turn, ended: HandoffEnded) -> None:
        """Nobody took the call: shall somebody call back? Who asked for that is asked when."""
        turn.set(call_back=CallBackWish(ended.now, ended.own_number))
        if ended.outcome == "call_back":
            self._ask_when(turn)
            return
        if ended.outcome == "closed":
            opens = ended.opens and turn.variant("call_back_opens").replace("{opens}", ended.opens)
            turn.say(turn.fitted("call_back_closed", opens=opens), SayKind.OFFER_HUMAN)
        else:
            turn.prompt("call_back_offer", SayKind.OFFER_HUMAN)
        turn.set(awaiting=Awaiting.CALL_BACK)

    def take(self, turn: Turn, text: str, move: Intent | None, awaited: Awaiting) -> bool:
        """A reply to one of these questions; False if it is none: the turn is an ordinary one."""
        wish, run = turn.state.call_back, turn.state.scene
        if wish is not None and run is not None and run.scene == SCENE.id:
            return self._called_off(turn, text)
        asked = (Awaiting.CALL_BACK, Awaiting.CALL_BACK_WHEN, Awaiting.CALL_BACK_NUMBER)
        if wish is None or awaited not in asked:
            return False
        short = len(units(text)) <= _SHORT_UNITS
        no = short and (polarity(text) is Polarity.NO or move is Intent.NOTHING_ELSE)
        when = self._when(text, wish)
        yes = (short or when is not None) and agrees(text)
        if awaited is Awaiting.CALL_BACK_NUMBER:
            return self._number(turn, text, yes=yes, no=no)
        asks = bool(_ASKS_WHEN.search(text)) or (
            awaited is Awaiting.CALL_BACK and is_question(text)
        )
        if when is not None and not asks:
            self._agreed_when(turn, when)
            return True
        if no:
            turn.set(call_back=None)
            turn.prompt("declined", SayKind.CLARIFY)
            return True
        if yes:
            self._ask_when(turn)
            return True
        if awaited is Awaiting.CALL_BACK_WHEN and not asks and not is_question(text):
            self._ask_when(turn)
            return True
        return False

    def _called_off(self, turn: Turn, text: str) -> bool:
        """Who is to dictate a number may have thought better of it."""
        if not _CALLS_OFF.search(text) or len(units(text)) > _SHORT_UNITS:
            return False
        turn.set(scene=None, call_back=None)
        turn.prompt("declined", SayKind.CLARIFY)
        return True

    def number_given(self, turn: Turn, number: str) -> None:
        """A number was dictated and agreed upon."""
        turn.set(scene=None)
        self._book(turn, number)

    def number_given_up(self, turn: Turn) -> bool:
        """It could not be got across: the calling number will do, if there is one."""
        wish = turn.state.call_back
        if wish is None or not wish.own_number:
            return False
        turn.set(scene=None)
        self._book(turn, "", "call_back_own_number")
        return True

    # --- when -------------------------------------------------------------------------------
    def _when(self, text: str, wish: CallBackWish) -> CallBackTime | None:
        if self._times is None or not wish.now:
            return None
        return self._times(text, datetime.fromisoformat(wish.now))

    def _ask_when(self, turn: Turn) -> None:
        wish = turn.state.call_back
        if wish is None:
            return
        soon = self._when(SOON, wish)
        if wish.asked >= ASKS_AT_MOST or soon is None:
            self._agreed_when(turn, soon)
            return
        turn.set(call_back=replace(wish, asked=wish.asked + 1), awaiting=Awaiting.CALL_BACK_WHEN)
        turn.prompt("call_back_when", SayKind.ASK)

    def _agreed_when(self, turn: Turn, when: CallBackTime | None) -> None:
        """The time is settled; on which number?"""
        wish = turn.state.call_back
        if wish is None:
            return
        if when is not None:
            due = (when.due_from.isoformat(), when.due_to.isoformat())
            wish = replace(wish, wish=when.said, due_from=due[0], due_to=due[1])
        turn.set(call_back=replace(wish, asked=0))
        lead = ""
        if when is not None and when.moved:
            lead = turn.variant("call_back_moved").replace("{when}", when.said)
        if not wish.own_number:
            self._dictate(turn, lead)
            return
        turn.say(lead + turn.variant("call_back_number"), SayKind.ASK)
        turn.set(awaiting=Awaiting.CALL_BACK_NUMBER)

    # --- on which number --------------------------------------------------------------------
    def _number(self, turn: Turn, text: str, *, yes: bool, no: bool) -> bool:
        wish = turn.state.call_back
        if len("".join(dictated_groups(text))) >= _FEWEST_DIGITS:
            self._dictate(turn, said=text)
        elif yes:
            self._book(turn, "")
        elif no or "换" in text or "另" in text or "别的" in text:
            self._dictate(turn)
        elif is_question(text):
            return False
        elif wish is not None and wish.asked < ASKS_AT_MOST:
            turn.set(
                call_back=replace(wish, asked=wish.asked + 1), awaiting=Awaiting.CALL_BACK_NUMBER
            )
            turn.prompt("call_back_number", SayKind.ASK)
        else:
            self._book(turn, "")
        return True

    def _dictate(self, turn: Turn, lead: str = "", said: str = "") -> None:
        """Take another number down; `said` may be the beginning of it."""
        self._scenes.begin_dictation(turn, SCENE, NUMBER, lead, said)

    def _book(self, turn: Turn, number: str, lead: str = "") -> None:
        wish = turn.state.call_back
        if wish is None:
            return
        turn.set(call_back=None)
        turn.actions.append(BookCallBack(number, wish.wish, wish.due_from, wish.due_to))
        text = turn.variant(lead) if lead else ""
        when = wish.wish or SOON
        turn.say(text + turn.fitted("call_back_booked", when=when), SayKind.CLARIFY)
        turn.anything_else()
