"""What a dialog may remember of an utterance that the caller cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voicebot.dialog.events import Say, SayKind
from voicebot.dialog.said_before import SaidBefore, branch_source, long_sentences, sources
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting, DialogState, Phase
from voicebot.dialog.textforms import sentences
from voicebot.scenes.model import Scene

# Not MORE: who has cut an answer may have the rest of it, whether or not they were asked.
_QUESTIONS = (
    Awaiting.OFFER,
    Awaiting.CLARIFY,
    Awaiting.HELPED,
    Awaiting.ELSE,
    Awaiting.SEND,
)


_ENDS = ("。", "！", "？", "!", "?", "；", ";")


def as_heard(
    state: DialogState,
    *,
    question_heard: bool,
    cut: Sequence[Say] = (),
    unheard: str = "",
) -> DialogState:
    """`state` after its utterance was cut: a goodbye is none, a question unheard was not asked.

    `cut` is what was being said and all that was to follow it, `unheard` what was not heard of the
    first of them. Their whole sentences that were heard stay said, and of an answer of which none
    was, nothing was told. Nothing can be a yes to an offer that was not heard; a scene's question
    that was not heard will be asked in the same words, and does not count.
    """
    said = state.said
    state = replace(state, phase=Phase.TALKING, said="")
    for nth, say in enumerate(cut):
        if say.kind is SayKind.ANSWER or not question_heard:
            state = _not_said(state, say, say.text if nth else unheard)
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


def advice_cut(before: SaidBefore, scene: Scene, run: SceneRun) -> bool:
    """Whether the advice that `run` came to was cut before any of it was heard."""
    has_words = any(each.id == run.branch and each.say for each in scene.branches)
    return has_words and not before.told(branch_source(scene.id, run.branch))


def _not_said(state: DialogState, say: Say, unheard: str) -> DialogState:
    """Without what was not heard of `say`, which may be the rest of a text that was cut before."""
    spoken = list(state.spoken)
    at = next((n for n in reversed(range(len(spoken))) if spoken[n].endswith(say.text)), None)
    if at is None or not unheard:
        return state
    heard = spoken[at].removesuffix(unheard) if spoken[at].endswith(unheard) else ""
    whole = "".join(each for each in sentences(heard) if each.endswith(_ENDS))
    spoken[at : at + 1] = [whole] if whole else []
    state = replace(state, spoken=tuple(spoken))
    if long_sentences(whole):
        return state
    answered = list(reversed(state.answered))  # an earlier piece of the answer stays told
    for source in sources(say.citations, say.scene, say.branch):
        if source in answered:
            answered.remove(source)
    return replace(state, answered=tuple(reversed(answered)))
