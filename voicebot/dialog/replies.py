"""Replies to what the bot just offered, asked or answered: yes, no, go on, solved, still broken."""

from __future__ import annotations

import re

from voicebot.dialog.events import SayKind
from voicebot.dialog.human_wish import only_transfer
from voicebot.dialog.intents import Intent, agrees, asks, asks_information, is_question
from voicebot.dialog.phonetic import units
from voicebot.dialog.scene_choice import chosen
from voicebot.dialog.scene_turns import SceneTurns
from voicebot.dialog.state import Awaiting, Pending, Purpose
from voicebot.dialog.textforms import clauses
from voicebot.dialog.trying import done, still_fails, will_do
from voicebot.dialog.turn import Turn
from voicebot.dialog.yesno import Polarity, polarity

DECLINED_CHARS = 12  # after a no
SHORT_UNITS = 6  # a yes or no in more words than this says something else as well
_NOTED = re.compile(r"知道了|明白了?|了解了?|清楚了|懂了|收到|晓得了")
_TRYING = (Awaiting.TRY, Awaiting.HELPED)
_GIVEN = (Awaiting.TRY, Awaiting.ANSWERED, Awaiting.ELSE, Awaiting.MORE, Awaiting.HELPED)


class Replies:
    """Takes a caller turn that replies to something; says whether it was one."""

    def __init__(self, scenes: SceneTurns) -> None:
        self._scenes = scenes

    def take(self, turn: Turn, text: str, move: Intent | None, awaited: Awaiting) -> bool:
        """Answer the reply, or return False: the turn then goes on as a new one."""
        yes = agrees(text)
        no = polarity(text) is Polarity.NO or move is Intent.NOTHING_ELSE
        no = no and len(units(text)) <= SHORT_UNITS
        if awaited is Awaiting.OFFER:
            return self._offer(turn, text, move, yes=yes, no=no)
        if awaited is Awaiting.CLARIFY:
            return self._clarify(turn, text, move, yes=yes, no=no)
        if awaited is Awaiting.SEND:
            return self._send(turn, yes=yes, no=no)
        left = bool(turn.state.rest) and turn.state.scene is None
        if left and self._more(turn, text, move, awaited, yes=yes, no=no):
            return True
        if awaited is Awaiting.MORE and turn.state.rest_then is Awaiting.TRY:
            awaited = Awaiting.TRY  # who has heard half of what to do may be doing it
        if awaited in _GIVEN:
            return self._given(turn, text, move, awaited)
        return False

    def _offer(self, turn: Turn, text: str, move: Intent | None, *, yes: bool, no: bool) -> bool:
        """Shall I bring a human? Still broken (还是不行) is a yes too."""
        if move is Intent.SOLVED and not only_transfer(text):
            turn.set(failures=0)
            turn.prompt("scene_solved", SayKind.CLARIFY)
            turn.anything_else()
            return True
        if yes or move is Intent.NOT_SOLVED:
            reason = turn.state.offer_reason or "requested"
            turn.hand_off("handoff", reason, why="用户同意转人工")
        elif turn.state.scene is not None and (no or _only_declines(text)):
            turn.set(failures=0)
            self._scenes.ask_again(turn, declined=True)
            return True
        elif move is Intent.NOTHING_ELSE and text.startswith("没"):
            turn.hang_up()
        elif no and "谢" in text:
            turn.anything_else()
        elif no or _only_declines(text):
            # Who wants no human is not brought to one for the next thing that is not known.
            turn.set(failures=0)
            turn.prompt("declined", SayKind.CLARIFY)
            return True
        return yes or no or move is Intent.NOT_SOLVED

    def _clarify(self, turn: Turn, text: str, move: Intent | None, *, yes: bool, no: bool) -> bool:
        """Is it this scene, or this question? Or: which of the two?"""
        state = turn.state
        which = chosen(turn.pack, text, state.candidate, state.rival) if state.rival else ""
        if which:
            self._scenes.start(turn, which, f"{state.candidate_query}，{text}", found=1.0)
            return True
        if yes and not state.candidate and state.candidate_query:
            turn.search(Pending(state.candidate_query, Purpose.QUESTION, turn.heard))
            return True
        more = bool(state.candidate) and not (yes or state.rival or is_question(text))
        if more and self._scenes.tells(turn, state.candidate, text):
            # 您说的是无法开机，对吗？ — 灯都不亮 says yes, and more.
            query = f"{state.candidate_query}，{text}"
            self._scenes.start(turn, state.candidate, query, found=1.0)
            return True
        if yes:
            self._scenes.start(turn, state.candidate, state.candidate_query, found=1.0)
        elif move is Intent.NOT_SOLVED and len(units(text)) <= SHORT_UNITS and not state.rival:
            turn.offer_human()
            return True
        elif no:
            turn.prompt("declined", SayKind.CLARIFY)
        return yes or no

    def _send(self, turn: Turn, *, yes: bool, no: bool) -> bool:
        """Shall I send it to your telephone?"""
        message = turn.state.sending
        turn.set(sending=None)
        if yes and message is not None:
            turn.actions.append(message)
            turn.prompt("message_sent", SayKind.CLARIFY)
        if yes or no:
            turn.anything_else()
        return yes or no

    @staticmethod
    def _more(
        turn: Turn, text: str, move: Intent | None, awaited: Awaiting, *, yes: bool, no: bool
    ) -> bool:
        """Shall I go on? Who has done the first half of what to do hears the rest."""
        state = turn.state
        asked, trying = awaited is Awaiting.MORE, state.rest_then is Awaiting.TRY
        failed = move is Intent.NOT_SOLVED or (trying and (still_fails(text) or "不行" in text))
        if move is Intent.SOLVED or failed:
            return False
        if move is Intent.CONTINUE or (asked and (yes or (trying and done(text)))):
            run = state.closed
            turn.deliver(
                state.rest,
                state.rest_then,
                confidence=state.rest_confidence,
                citations=state.rest_citations,
                scene=run.scene if run else "",
                branch=run.branch if run else "",
            )
        elif asked and no:
            turn.set(rest=(), rest_citations=())
            turn.anything_else()
        else:
            return False
        return True

    def _given(self, turn: Turn, text: str, move: Intent | None, awaited: Awaiting) -> bool:
        """An answer was given: did it help, was it taken in, is there anything else?"""
        # 还有别的办法吗 has the 有 of a yes and is none.
        said = Polarity.UNSAID if is_question(text) else polarity(text)
        short = len(units(text)) <= SHORT_UNITS
        trying = awaited in _TRYING
        leaves = move in (Intent.NOTHING_ELSE, Intent.GOODBYE, Intent.THANKS)
        failed = trying and short and said is Polarity.NO and not leaves
        reports = move is not Intent.WAIT and not asks_information(text)
        failed = failed or (trying and reports and still_fails(text))
        helped = awaited is Awaiting.HELPED and short and said is Polarity.YES
        noted = short and (said is Polarity.YES or bool(_NOTED.search(text)))
        if move is Intent.NOT_SOLVED or failed:
            turn.offer_human()
        elif move is Intent.SOLVED or helped:
            turn.prompt("scene_solved", SayKind.CLARIFY)
            turn.anything_else()
        elif awaited is Awaiting.ELSE and move is not Intent.WAIT and short and said is Polarity.NO:
            turn.hang_up()
        elif awaited is Awaiting.TRY and done(text):
            turn.did_it_help()
        elif awaited is Awaiting.TRY and (noted or will_do(text)):
            turn.prompt("wait_ok", SayKind.CLARIFY)
            turn.set(waiting=True, awaiting=Awaiting.TRY)
        elif move is Intent.CONTINUE and not (awaited is Awaiting.ELSE and noted):
            turn.prompt("nothing_more", SayKind.CLARIFY)
            turn.set(awaiting=awaited)
        elif awaited is Awaiting.ANSWERED and (noted or will_do(text)):
            turn.anything_else()
        else:
            return False
        return True


def _only_declines(text: str) -> bool:
    """不用转，我逗你玩呢: a no, and then nothing that is asked or wrong."""
    first, *rest = clauses(text) or ("",)
    return (
        len(units(first)) <= SHORT_UNITS
        and polarity(first) is Polarity.NO
        and not any(asks(each) for each in rest)
        and len("".join(rest)) <= DECLINED_CHARS
    )
