"""Is it this question? Asked where a FAQ is near, and not near enough to be said."""

from __future__ import annotations

from voicebot.dialog.confidence import combined
from voicebot.dialog.events import SayKind
from voicebot.dialog.state import Awaiting
from voicebot.dialog.turn import Turn
from voicebot.knowledge.api import Hit, HitKind

LEAST = 0.2  # probability of answering from which a FAQ is offered; below it is refused


def ask_whether(turn: Turn, hit: Hit | None, probability: float) -> bool:
    """Ask whether the question of this FAQ is meant; False if none is near, or it was asked."""
    if hit is None or hit.kind is not HitKind.FAQ or not hit.title or probability < LEAST:
        return False
    if hit.title in turn.state.asked_back:
        return False
    turn.set(asked_back=(*turn.state.asked_back, hit.title))
    turn.set(failures=turn.state.failures + 1)  # until a yes brings an answer
    turn.set(awaiting=Awaiting.CLARIFY, candidate="", rival="", candidate_query=hit.title)
    turn.say(
        turn.fitted("clarify_question", question=hit.title),
        SayKind.CLARIFY,
        confidence=combined(turn.heard, probability),
    )
    return True
