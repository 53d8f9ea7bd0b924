"""What a dialog may remember of an utterance that the caller cut off."""

from __future__ import annotations

from dataclasses import replace

from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting, DialogState, Phase

# Not MORE: who has cut an answer may have the rest of it, whether or not they were asked.
_QUESTIONS = (
    Awaiting.OFFER,
    Awaiting.CLARIFY,
    Awaiting.HELPED,
    Awaiting.ELSE,
    Awaiting.SEND,
)


def as_heard(state: DialogState, *, question_heard: bool) -> DialogState:
    """`state` after its utterance was cut: a goodbye is none, a question unheard was not asked.

    Nothing can be a yes to an offer that was not heard; a scene's question that was not heard
    will be asked in the same words, and does not count.
    """
    said = state.said
    state = replace(state, phase=Phase.TALKING, said="")
    if question_heard:
        return state
    state = replace(state, spoken=tuple(each for each in state.spoken if each != said))
    if state.awaiting in _QUESTIONS:
        state = replace(state, awaiting=Awaiting.NOTHING)
    if state.scene is not None and state.scene.asking:
        state = replace(state, scene=_not_asked(state.scene), unasked=True)
    return state


def _not_asked(run: SceneRun) -> SceneRun:
    times = max(run.asked.get(run.asking, 0) - 1, 0)
    return replace(run, asked={**run.asked, run.asking: times})
