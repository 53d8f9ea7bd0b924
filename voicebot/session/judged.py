"""What speaks for and against a finished thought, and on which rung of the ladder it stands."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from voicebot.dialog.events import Heard, Say, SayKind
from voicebot.dialog.mood import mood
from voicebot.dialog.state import DialogState
from voicebot.dialog.turn_confidence import Inputs
from voicebot.knowledge.api import SearchResult


class Rung(enum.StrEnum):
    """Who answered: the lower, the dearer."""

    PREPARED = "prepared"  # the pack's own words: prompts, scenes
    EXTRACTIVE = "extractive"  # sentences of a FAQ or document
    MODEL = "model"  # a language model chose, understood or worded, in time
    FILLED_MODEL = "filler and model"  # the same behind a filler
    HANDOFF = "hand-off"


def rung(say: Say, *, by_model: bool, filled: bool) -> Rung:
    """The rung of an utterance; fillers and notices are prepared."""
    if say.kind is SayKind.HANDOFF:
        return Rung.HANDOFF
    if by_model and say.kind not in (SayKind.FILLER, SayKind.NOTICE):
        return Rung.FILLED_MODEL if filled else Rung.MODEL
    return Rung.EXTRACTIVE if say.citations else Rung.PREPARED


def inputs(
    heard: Heard,
    state: DialogState,
    searches: Sequence[SearchResult],
    first: Say | None,
    *,
    ungrounded: bool,
) -> Inputs:
    """Everything that is known of the turn that leads to `state` and begins with `first`."""
    run = state.scene or state.closed
    asked = max(run.asked.values(), default=0) if run else 0
    result = searches[-1] if searches else None
    return Inputs(
        ears=heard.confidence,
        found=_found(result, first),
        margin=_margin(result) if first is not None and first.citations else 2.0,
        ungrounded=float(ungrounded),
        repeats=float(max(state.failures, asked - 1)),
        contradictions=float(sum(run.raised.values())) if run else 0.0,
        mood=mood(heard.text),
    )


def _found(result: SearchResult | None, first: Say | None) -> float:
    """The probability behind what is said; 1 for what needed no looking up."""
    if result is None or first is None:
        return 1.0
    return result.answerable if first.citations or not first.scene else result.scene_probability


def _margin(result: SearchResult | None) -> float:
    """By how much the first hit leads the next that says something else."""
    if result is None or not result.hits:
        return 0.0
    best = result.hits[0]
    others = [hit.score for hit in result.hits[1:] if hit.text != best.text]
    return min(2.0, max(0.0, best.score - max(others))) if others else 2.0
