"""Moves of the conversation: repeat, wait, greet, thank, end. In a scene they lead back to its
question."""

from __future__ import annotations

from voicebot.dialog.events import SayKind
from voicebot.dialog.intents import Intent
from voicebot.dialog.scene_turns import SceneTurns
from voicebot.dialog.state import Awaiting
from voicebot.dialog.turn import Turn

_COURTESY = {Intent.HEAR_ME: "hear_you", Intent.WHO: "who_am_i"}
# What is awaited after an answer that was only said to be the one given before.
_REST_FOLLOWS = (Awaiting.ANSWERED, Awaiting.TRY)


class Courtesies:
    """Takes a move that nothing else has taken."""

    def __init__(self, scenes: SceneTurns) -> None:
        self._scenes = scenes

    def take(self, turn: Turn, move: Intent, awaited: Awaiting) -> bool:
        """Answer it, or return False: it is about the matter then."""
        state = turn.state
        in_scene = state.scene is not None
        if move is Intent.REPEAT:
            turn.repeating = True
            turn.set(awaiting=awaited)
            if state.last_turn:
                turn.say(turn.variant("repeat_prefix") + state.last_turn, SayKind.CLARIFY)
            else:
                turn.prompt("repeat_none", SayKind.CLARIFY)
            if state.rest and not in_scene and awaited in _REST_FOLLOWS:
                turn.prompt("more", SayKind.ASK)
                turn.set(awaiting=Awaiting.MORE)
        elif move is Intent.WAIT:
            turn.repeating = True
            turn.set(awaiting=awaited, waiting=True)
            turn.prompt("wait_ok", SayKind.CLARIFY)
        elif move is Intent.GOODBYE or (move is Intent.NOTHING_ELSE and not in_scene):
            turn.hang_up()
        elif move in (Intent.HELLO, Intent.HEAR_ME, Intent.WHO):
            turn.prompt(_COURTESY.get(move, "hello"), SayKind.CLARIFY)
            self._scenes.ask_again(turn)
        elif move is Intent.THANKS:
            turn.prompt("thanks", SayKind.CLARIFY)
            if in_scene:
                self._scenes.ask_again(turn)
            else:
                turn.anything_else()
        elif move is Intent.SOLVED and not in_scene:
            turn.set(failures=0)
            turn.prompt("scene_solved", SayKind.CLARIFY)
            turn.anything_else()
        elif move is Intent.NOT_SOLVED and not in_scene and state.closed is not None:
            turn.offer_human()
        elif move is Intent.CONTINUE and not in_scene:
            turn.prompt(
                "nothing_more" if awaited is Awaiting.ANSWERED else "hello", SayKind.CLARIFY
            )
        else:
            return False
        return True
